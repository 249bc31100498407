/* The PULP cluster of pulp-open and GAP8: eight RI5CY cores with Xpulp, L1, mchan and the event unit. */
#ifndef DSC_PLATFORM_H
#define DSC_PLATFORM_H

#define DSC_CORES 8
#define DSC_L1 __attribute__((section(".l1"), aligned(16)))
#define DSC_RUNTIME_DATA __attribute__((section(".l1_runtime")))
#define DSC_XPULP

#include "core_counters.h"
#include "dsc_counts.h"
#include "dsc_l3.h"

static inline void dsc_barrier(uint32_t core) {
  event_unit_barrier();
  if (DSC_COUNT) dsc_counts_pass_barrier(core);
}

static inline uint32_t dsc_cycles(void) { return pulp_cycles(); }

#endif
