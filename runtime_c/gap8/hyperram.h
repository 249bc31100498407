/* HyperRAM behind the uDMA of GAP8 (archi/udma/udma_v2.h, archi/udma/hyper/udma_hyper_v1.h). */
#ifndef HYPERRAM_H
#define HYPERRAM_H

#include "pulp_cluster.h"

#define HYPERRAM_BYTES (8u << 20)

#define UDMA_CLOCK_ENABLE 0x1A102780u
#define UDMA_CLOCK_HYPER (1u << 3)

/* Each direction has three registers. The last write starts a transaction; its bit is read as 1 until the end. */
#define HYPER_READ 0x1A102180u
#define HYPER_WRITE 0x1A102190u
#define HYPER_L2_ADDRESS 0x0u
#define HYPER_BYTES 0x4u
#define HYPER_CONFIG 0x8u
#define HYPER_START (1u << 4)

/* The address in the HyperRAM, for both directions: it must stay until the transaction ends. Addresses from the base of the
   HyperFlash on select that instead. */
#define HYPER_ADDRESS 0x1A1021A0u
#define HYPER_FLASH_BASE 0x1A1021B8u
#define HYPER_FLASH_AT_16_MB 1u

/* The boot from HyperFlash has set up the rest. */
static inline void hyper_set_up(void) {
  PULP_REGISTER(UDMA_CLOCK_ENABLE) |= UDMA_CLOCK_HYPER;
  PULP_REGISTER(HYPER_FLASH_BASE) = HYPER_FLASH_AT_16_MB;
}

/* Returns at the end. Of whole words: a read of another length writes the rest of its last word too. */
static inline void hyper_run(uint32_t direction, uint32_t address, uint32_t l2, uint32_t bytes) {
  PULP_REGISTER(HYPER_ADDRESS) = address;
  PULP_REGISTER(direction + HYPER_L2_ADDRESS) = l2;
  PULP_REGISTER(direction + HYPER_BYTES) = bytes;
  PULP_REGISTER(direction + HYPER_CONFIG) = HYPER_START;
  while (PULP_REGISTER(direction + HYPER_CONFIG) & HYPER_START) continue;
}

#endif
