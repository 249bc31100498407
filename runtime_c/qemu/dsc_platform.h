/* QEMU's virt machine as a cluster: harts of plain rv32imc, and the checked DMA. platform.mk defines DSC_CORES. */
#ifndef DSC_PLATFORM_H
#define DSC_PLATFORM_H

#define DSC_L1 __attribute__((aligned(16)))
#define DSC_RUNTIME_DATA

#include "dsc_checked_dma.h"

void dsc_barrier(uint32_t core);
static inline uint32_t dsc_cycles(void) { return 0; }

#endif
