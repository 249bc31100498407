/* PMSIS: clusters under the operating systems of gap_sdk and pulp-sdk. Networks run in a team of eight cores (dsc_pmsis.h). */
#ifndef DSC_PLATFORM_H
#define DSC_PLATFORM_H

#include "pmsis.h"

#define DSC_CORES 8
#define DSC_L1_BASE dsc_l1
#define DSC_L2 PI_L2 __attribute__((aligned(8)))
#define DSC_RUNTIME_DATA PI_CL_L1
#define DSC_XPULP

/* L1 for the tiles of all networks: what dsc_open_cluster has allocated. */
extern uint8_t *dsc_l1;

#include "dsc_dma.h"
#include "dsc_l3.h"

static inline void dsc_barrier(uint32_t core) {
  (void)core;
  pi_cl_team_barrier();
}

static inline uint32_t dsc_cycles(void) { return pi_perf_read(PI_PERF_CYCLES); }

#endif
