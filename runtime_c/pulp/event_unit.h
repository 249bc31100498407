/* The event unit of the PULP cluster, seen from the core that asks (archi/eu_v3.h). An event stays in the core's buffer until
   it is cleared; waiting ends when the buffer holds any event of the core's mask. */
#ifndef EVENT_UNIT_H
#define EVENT_UNIT_H

#include "pulp_cluster.h"

#define EVENT_UNIT 0x10204000u
#define EVENT_UNIT_MASK (EVENT_UNIT + 0x00)
#define EVENT_UNIT_WAIT_CLEAR (EVENT_UNIT + 0x3C)
#define EVENT_UNIT_BARRIER_TRIGGER_MASK (EVENT_UNIT + 0x200)
#define EVENT_UNIT_BARRIER_TARGET_MASK (EVENT_UNIT + 0x20C)
#define EVENT_UNIT_BARRIER_TRIGGER_WAIT_CLEAR (EVENT_UNIT + 0x21C)

#define EVENT_DMA (1u << 8)
#define EVENT_BARRIER (1u << 16)

/* p.elw of RI5CY: a load whose core sleeps, its clock off, until the event unit answers. */
static inline void event_unit_sleep(uint32_t wait_register) {
  uint32_t answer;
  __asm__ volatile(".insn i 0x03, 6, %0, 0(%1)" : "=r"(answer) : "r"(wait_register) : "memory");
}

static inline void event_unit_listen(uint32_t events) { PULP_REGISTER(EVENT_UNIT_MASK) = events; }

/* Once, before any core waits. */
static inline void event_unit_set_up_barrier(uint32_t cores_mask) {
  PULP_REGISTER(EVENT_UNIT_BARRIER_TRIGGER_MASK) = cores_mask;
  PULP_REGISTER(EVENT_UNIT_BARRIER_TARGET_MASK) = cores_mask;
}

/* The core must listen to EVENT_BARRIER alone: any other event of its mask would let it through early. */
static inline void event_unit_barrier(void) { event_unit_sleep(EVENT_UNIT_BARRIER_TRIGGER_WAIT_CLEAR); }

#endif
