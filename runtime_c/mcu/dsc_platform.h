/* A microcontroller, or any other machine with a C compiler: one core, which copies for itself. */
#ifndef DSC_PLATFORM_H
#define DSC_PLATFORM_H

#define DSC_CORES 1
#define DSC_L1 _Alignas(16)

#include "dsc_copy_dma.h"

static inline void dsc_barrier(uint32_t core) { (void)core; }
static inline uint32_t dsc_cycles(void) { return 0; }

#endif
