/* All harts start here. Hart 0 clears .bss, where the barrier lives; the others sleep until it is done and wakes them. */

    .equ MIE_SOFTWARE_INTERRUPT, 1 << 3
    .equ CLINT_SOFTWARE_INTERRUPT, 0x02000000   /* one word a hart */
    .equ LAST_HART, DSC_CORES - 1

    .section .boot, "ax"
    .globl _start
_start:
    la    t0, trap
    csrw  mtvec, t0
    li    t0, MIE_SOFTWARE_INTERRUPT
    csrw  mie, t0
    csrr  a0, mhartid
    la    sp, __stacks_top
    la    t0, __core_stack_bytes
    mul   t0, t0, a0
    sub   sp, sp, t0
    bnez  a0, wait_for_hart_0

    la    t0, __bss_start
    la    t1, __bss_end
clear_bss:
    sw    zero, 0(t0)
    addi  t0, t0, 4
    bltu  t0, t1, clear_bss

    li    t0, 1
    la    t1, memory_is_ready
    fence rw, rw
    sw    t0, 0(t1)
    fence iorw, iorw
    li    t1, CLINT_SOFTWARE_INTERRUPT
    li    t2, LAST_HART
wake_next:
    beqz  t2, start_core
    addi  t1, t1, 4
    sw    t0, 0(t1)
    addi  t2, t2, -1
    j     wake_next

wait_for_hart_0:
    la    t1, memory_is_ready
    li    t2, CLINT_SOFTWARE_INTERRUPT
    slli  t3, a0, 2
    add   t2, t2, t3
still_waiting:
    lw    t0, 0(t1)
    bnez  t0, start_core
    wfi
    sw    zero, 0(t2)
    fence iorw, iorw
    j     still_waiting

start_core:
    fence rw, rw
    call  dsc_start_core
asleep:
    wfi
    j     asleep

    .balign 4
trap:
    csrr  a0, mcause
    csrr  a1, mepc
    csrr  a2, mtval
    call  dsc_trap

    .section .data
    .balign 4
memory_is_ready:
    .word 0
