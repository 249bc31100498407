/* Counts the bytes that transfers move between L2 and L1, in programs of the harness. */
#ifndef DSC_MOVED_BYTES_H
#define DSC_MOVED_BYTES_H

#include "dsc_runtime.h"

#if DSC_HOOKS
static inline void dsc_count_bytes(dsc_direction direction, uint32_t bytes) {
  switch (direction) {
    case DSC_LOAD: dsc_counters.l2_l1_in += bytes; break;
    case DSC_LOAD_WEIGHTS: dsc_counters.l2_l1_weights += bytes; break;
    case DSC_PREFETCH: break; /* where it is waited for */
    case DSC_STORE: dsc_counters.l2_l1_out += bytes; break;
  }
}
#else
static inline void dsc_count_bytes(dsc_direction direction, uint32_t bytes) { (void)direction, (void)bytes; }
#endif

#endif
