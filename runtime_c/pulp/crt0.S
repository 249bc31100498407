/* The FC starts here when the program is loaded, the cores of the cluster when they are enabled. */

    .equ CORE_BITS, 5                  /* mhartid is cluster << 5 | core */
    .equ FIRST_FC_CLUSTER, 31          /* 31 in pulp-open, 32 in GAP8 */
    .equ START_OFFSET, 0x80            /* cores of GAP8 start so far behind their boot address */

    .section .boot, "ax"
    .globl _start
    .balign 256                        /* a boot address, like mtvec, has its low byte zero */
_start:
    j     start
    .org  _start + START_OFFSET
start:
    la    t0, trap
    csrw  mtvec, t0
    csrr  t0, mhartid
    srli  t1, t0, CORE_BITS
    li    t2, FIRST_FC_CLUSTER
    bltu  t1, t2, start_core

    la    sp, __fc_stack_top
    la    t0, __bss_start
    la    t1, __bss_end
clear_bss:
    sw    zero, 0(t0)
    sw    zero, 4(t0)
    sw    zero, 8(t0)
    sw    zero, 12(t0)
    addi  t0, t0, 16
    bltu  t0, t1, clear_bss
    call  dsc_start_cluster

start_core:
    andi  a0, t0, (1 << CORE_BITS) - 1
    la    sp, __core_stacks_top
    la    t1, __core_stack_bytes
    mul   t1, t1, a0
    sub   sp, sp, t1
    call  dsc_start_core

    .balign 256
trap:
    .option push
    .option norvc
    j     report_trap
    .org  trap + START_OFFSET + 4      /* in GAP8: illegal instruction, environment call */
    j     report_trap
    j     report_trap
    .option pop
report_trap:
    csrr  a0, mcause
    csrr  a1, mepc
    csrr  a2, mhartid
    la    sp, __fc_stack_top           /* the core's own may be what overflowed */
    call  dsc_trap
