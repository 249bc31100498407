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

CORE_COUNTERS_INLINE void pulp_write_csr(uint32_t number, uint32_t value) {
  __asm__ volatile("csrw %0, %1" : : "i"(number), "r"(value) : "memory");
}

CORE_COUNTERS_INLINE uint32_t pulp_read_csr(uint32_t number) {
  uint32_t value;
  __asm__ volatile("csrr %0, %1" : "=r"(value) : "i"(number) : "memory");
  return value;
}

CORE_COUNTERS_INLINE void dsc_core_counters_start(void) {
  pulp_write_csr(PULP_COUNTED_EVENTS, 0xFFFFFFFF);
  pulp_write_csr(PULP_COUNTER_MODE, 1);
}

CORE_COUNTERS_INLINE void dsc_core_counters_stop(void) { pulp_write_csr(PULP_COUNTER_MODE, 0); }

CORE_COUNTERS_INLINE void dsc_core_counters_take(uint32_t *events) {
  events[0] = pulp_read_csr(PULP_COUNTER(EVENT_CYCLES));
  events[1] = pulp_read_csr(PULP_COUNTER(EVENT_INSTRUCTIONS));
  events[2] = pulp_read_csr(PULP_COUNTER(EVENT_LOAD_USE_STALLS));
  events[3] = pulp_read_csr(PULP_COUNTER(EVENT_FETCH_STALLS));
  events[4] = pulp_read_csr(PULP_COUNTER(EVENT_JUMPS));
  events[5] = pulp_read_csr(PULP_COUNTER(EVENT_TAKEN_BRANCHES));
#ifdef PULP_L1_CONFLICT_EVENT
  events[6] = pulp_read_csr(PULP_COUNTER(PULP_L1_CONFLICT_EVENT));
#endif
  pulp_write_csr(PULP_ALL_COUNTERS, 0);
}

#endif
