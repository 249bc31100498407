/* The performance counters of RI5CY, each core's own, a counter an event (archi/riscv/pcer_v1.h, pcer_v2.h). They stand still
   while the core sleeps. */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include "pulp_cluster.h"

enum {
  EVENT_CYCLES = 0,
  EVENT_INSTRUCTIONS = 1,
  EVENT_LOAD_USE_STALLS = 2,
  EVENT_FETCH_STALLS = 4,
  EVENT_JUMPS = 7,
  EVENT_TAKEN_BRANCHES = 9,
};

#define PULP_COUNTER(event) (0x780 + (event))
#define PULP_ALL_COUNTERS 0x79F

#ifdef PULP_L1_CONFLICT_EVENT
#define DSC_CORE_COUNTERS 7
#else
#define DSC_CORE_COUNTERS 6
#endif

#define CORE_COUNTERS_INLINE static inline __attribute__((always_inline))

/* Macros: the register's number is part of the instruction, also where the compiler inlines nothing. */
#define PULP_WRITE_CSR(number, value) __asm__ volatile("csrw %0, %1" : : "i"(number), "r"(value) : "memory")
#define PULP_READ_CSR(value, number) __asm__ volatile("csrr %0, %1" : "=r"(value) : "i"(number) : "memory")

CORE_COUNTERS_INLINE void dsc_core_counters_start(void) {
  PULP_WRITE_CSR(PULP_COUNTED_EVENTS, 0xFFFFFFFF);
  PULP_WRITE_CSR(PULP_COUNTER_MODE, 1);
}

CORE_COUNTERS_INLINE void dsc_core_counters_stop(void) { PULP_WRITE_CSR(PULP_COUNTER_MODE, 0); }

CORE_COUNTERS_INLINE void dsc_core_counters_take(uint32_t *events) {
  PULP_READ_CSR(events[0], PULP_COUNTER(EVENT_CYCLES));
  PULP_READ_CSR(events[1], PULP_COUNTER(EVENT_INSTRUCTIONS));
  PULP_READ_CSR(events[2], PULP_COUNTER(EVENT_LOAD_USE_STALLS));
  PULP_READ_CSR(events[3], PULP_COUNTER(EVENT_FETCH_STALLS));
  PULP_READ_CSR(events[4], PULP_COUNTER(EVENT_JUMPS));
  PULP_READ_CSR(events[5], PULP_COUNTER(EVENT_TAKEN_BRANCHES));
#ifdef PULP_L1_CONFLICT_EVENT
  PULP_READ_CSR(events[6], PULP_COUNTER(PULP_L1_CONFLICT_EVENT));
#endif
  PULP_WRITE_CSR(PULP_ALL_COUNTERS, 0);
}

#endif
