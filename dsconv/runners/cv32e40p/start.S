# Where the core begins, at address 0, and what it does on exceptions, at 0x100: it ends with 256 and their cause.
    .section .text.start, "ax"
    .option norvc
    .option norelax
    .globl _start
_start:
    la sp, stack_top
    call main
end:
    li t0, 0xF0000004
    sw a0, 0(t0)
    j .

    .balign 256
    csrr a0, mcause
    ori a0, a0, 256
    j end
