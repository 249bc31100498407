# QEMU's virt machine: a stack, main on hart 0, and its result as the status of the program.
    .option arch, +zicsr
    .section .text.start, "ax"
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    la sp, stack_end
    call main
    la a1, status
    sw a0, 4(a1)
    li a0, 0x20             # SYS_EXIT_EXTENDED
    .balign 16
    .option push
    .option norvc
    slli x0, x0, 0x1f
    ebreak
    srai x0, x0, 7
    .option pop
park:
    wfi
    j park

    .data
    .balign 4
status:
    .word 0x20026, 0        # the application ended by itself
