/* Any machine with a C compiler: one core, and the checked DMA. */
#ifndef DSC_PLATFORM_H
#define DSC_PLATFORM_H

#ifndef DSC_CORES
#define DSC_CORES 1
#endif
#if DSC_CORES != 1
#error "the host platform runs one core: use qemu for several"
#endif

#define DSC_L1 _Alignas(16)
#define DSC_RUNTIME_DATA

#include "dsc_checked_dma.h"

static inline void dsc_barrier(uint32_t core) { (void)core; }
static inline uint32_t dsc_cycles(void) { return 0; }

#endif
