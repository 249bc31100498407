/* HyperRAM behind the uDMA of pulp-open (archi/udma_hyper_v3.h). Every core reaches the registers; from the
   cluster an access takes 24 cycles.

   Transactions wait in queues of eight, served round robin: in the order in which they were started, if each goes to the queue
   behind the last one's. The chip says which of the uDMA's peripherals it is, and how many queues it has. */
#ifndef HYPERRAM_H
#define HYPERRAM_H

#include "pulp_cluster.h"

#define HYPERRAM_BYTES (8u << 20)

#define UDMA_CLOCK_ENABLE 0x1A102000u
#define UDMA_CLOCK_HYPER (1u << UDMA_HYPER_ID)

/* Registers of a queue. The last write starts a transaction with what the others hold. */
#define HYPER_QUEUE_LENGTH 8u
#define HYPER_QUEUE(queue) (0x1A102080u + 0x80 * (UDMA_HYPER_ID + (queue)))
#define HYPER_READ_REGISTERS 0x00u
#define HYPER_WRITE_REGISTERS 0x0Cu
#define HYPER_L2_ADDRESS 0x00u /* the first three in each direction's registers */
#define HYPER_BYTES 0x04u
#define HYPER_CONFIG 0x08u
#define HYPER_COMMAND 0x18u
#define HYPER_ADDRESS 0x1Cu
#define HYPER_STATUS 0x24u /* bit 0: busy; from bit 1: transactions that wait or run */

#define HYPER_START (1u << 4)

/* Directions, as commands. */
#define HYPER_LINEAR (1u << 0)
#define HYPER_WRITE HYPER_LINEAR
#define HYPER_READ (HYPER_LINEAR | 1u << 2)

/* Common to all queues. */
#define HYPER_COMMON HYPER_QUEUE(HYPER_QUEUES)
#define HYPER_PAGE_BOUND (HYPER_COMMON + 0x00)
#define HYPER_ACCESS_LATENCY (HYPER_COMMON + 0x04)
#define HYPER_DOUBLE_LATENCY (HYPER_COMMON + 0x08)
#define HYPER_LONGEST_SELECT (HYPER_COMMON + 0x0C)

static inline void hyper_set_up(void) {
  PULP_REGISTER(UDMA_CLOCK_ENABLE) |= UDMA_CLOCK_HYPER;
  PULP_REGISTER(HYPER_PAGE_BOUND) = 4; /* none */
  PULP_REGISTER(HYPER_ACCESS_LATENCY) = 6;
  PULP_REGISTER(HYPER_DOUBLE_LATENCY) = 1;
  PULP_REGISTER(HYPER_LONGEST_SELECT) = 0xFFFFFFFF;
}

/* Of whole words: a read of another length writes the rest of its last word too. */
static inline void hyper_start(uint32_t queue, uint32_t direction, uint32_t address, uint32_t l2, uint32_t bytes) {
  uint32_t registers = HYPER_QUEUE(queue);
  uint32_t of_direction = registers + (direction == HYPER_READ ? HYPER_READ_REGISTERS : HYPER_WRITE_REGISTERS);
  PULP_REGISTER(registers + HYPER_COMMAND) = direction;
  PULP_REGISTER(registers + HYPER_ADDRESS) = address;
  PULP_REGISTER(of_direction + HYPER_L2_ADDRESS) = l2;
  PULP_REGISTER(of_direction + HYPER_BYTES) = bytes;
  PULP_REGISTER(of_direction + HYPER_CONFIG) = HYPER_START;
}

static inline uint32_t hyper_unfinished(uint32_t queue) { return PULP_REGISTER(HYPER_QUEUE(queue) + HYPER_STATUS) >> 1; }

#endif
