/* mchan, the DMA of the PULP cluster, through the port of the core that asks (archi/mchan_v6.h, archi/mchan_v7.h).

   Commands are counted by one of 16 transfer counters: all that a core queues between taking a counter and taking the next
   belong to it. The counter is busy until the last of them is done; it must be freed by hand. Each time it falls to zero the
   core gets EVENT_DMA, which may happen between two commands. */
#ifndef MCHAN_H
#define MCHAN_H

#include <stdbool.h>

#include "event_unit.h"

#define MCHAN_QUEUE 0x10204400u  /* read: takes a counter; write: the words of a command, one after the other */
#define MCHAN_STATUS 0x10204404u /* read: a bit for every busy counter; write: frees the counters whose bits are set */

#define MCHAN_LENGTH_BITS (MCHAN_VERSION == 6 ? 16 : 17)
#define MCHAN_LONGEST ((1u << MCHAN_LENGTH_BITS) - 8) /* in whole words of the bus, so that the next piece is aligned */
#define MCHAN_L2_TO_L1 (1u << MCHAN_LENGTH_BITS)
#define MCHAN_L1_TO_L2 0u
#define MCHAN_INCREMENT (1u << (MCHAN_LENGTH_BITS + 1))
#define MCHAN_L2_IS_2D (1u << (MCHAN_LENGTH_BITS + 2))
#define MCHAN_EVENT (1u << (MCHAN_LENGTH_BITS + 3))

/* A counter's bit in MCHAN_STATUS. */
typedef uint32_t mchan_counter;

/* The compiler does not know that the registers move memory: this keeps what the C reads and writes before it before it. */
static inline void mchan_fence(void) { __asm__ volatile("" : : : "memory"); }

/* Version 6 has 16 bits for the stride of lines. */
static inline bool mchan_has_stride(uint32_t line_stride) { return MCHAN_VERSION != 6 || line_stride < 1u << 16; }

static inline mchan_counter mchan_take_counter(void) {
  mchan_fence();
  return 1u << PULP_REGISTER(MCHAN_QUEUE);
}

static inline void mchan_queue_copy(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  PULP_REGISTER(MCHAN_QUEUE) = direction | MCHAN_INCREMENT | MCHAN_EVENT | bytes;
  PULP_REGISTER(MCHAN_QUEUE) = l1;
  PULP_REGISTER(MCHAN_QUEUE) = l2;
}

static inline void mchan_queue_copy_lines(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t bytes,
                                          uint32_t line_bytes, uint32_t line_stride) {
  PULP_REGISTER(MCHAN_QUEUE) = direction | MCHAN_INCREMENT | MCHAN_EVENT | MCHAN_L2_IS_2D | bytes;
  PULP_REGISTER(MCHAN_QUEUE) = l1;
  PULP_REGISTER(MCHAN_QUEUE) = l2;
  if (MCHAN_VERSION == 6) {
    PULP_REGISTER(MCHAN_QUEUE) = line_stride << 16 | line_bytes;
  } else {
    PULP_REGISTER(MCHAN_QUEUE) = line_bytes;
    PULP_REGISTER(MCHAN_QUEUE) = line_stride;
  }
}

static inline bool mchan_is_busy(mchan_counter counter) { return (PULP_REGISTER(MCHAN_STATUS) & counter) != 0; }

static inline void mchan_free(mchan_counter counter) {
  PULP_REGISTER(MCHAN_STATUS) = counter;
  mchan_fence();
}

/* Leaves the core listening to barriers. */
static inline void mchan_sleep_while_busy(mchan_counter counter) {
  if (!mchan_is_busy(counter)) return;
  event_unit_listen(EVENT_DMA);
  do event_unit_sleep(EVENT_UNIT_WAIT_CLEAR);
  while (mchan_is_busy(counter));
  event_unit_listen(EVENT_BARRIER);
}

#endif
