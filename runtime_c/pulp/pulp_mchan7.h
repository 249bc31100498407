/* What chips with version 7 of mchan have in common. Included by pulp_chip.h. */
#ifndef PULP_MCHAN7_H
#define PULP_MCHAN7_H

#define PULP_FC_ICACHE_ENABLE 0x1A108800u

#define MCHAN_VERSION 7

/* Control registers of the performance counters. There is an event for L1 conflicts, but GVSoC does not count it. */
#define PULP_COUNTED_EVENTS 0xCC0
#define PULP_COUNTER_MODE 0xCC1

/* The cluster is on after reset. */
static inline void pulp_power_on_cluster(void) {}

/* Counts while the core sleeps, too. */
static inline uint32_t pulp_cycles(void) {
  uint32_t cycles;
  __asm__ volatile("csrr %0, mcycle" : "=r"(cycles) : : "memory");
  return cycles;
}

#endif
