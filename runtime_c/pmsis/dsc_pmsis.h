/* What networks need of PMSIS, opened by the FC: the cluster with room for tiles, and L3 with weights out of a readfs. All
   return 0, or what failed. */
#ifndef DSC_PMSIS_H
#define DSC_PMSIS_H

#include "pmsis.h"

/* The number of the cluster that runs networks. */
#define DSC_CLUSTER 0

/* The RAM that is L3, and where the networks' part of it begins. */
extern struct pi_device dsc_ram;
extern uint32_t dsc_l3_base;

/* Bytes of L1, as many as the largest NAME_L1_BYTES: networks do not run at the same time. */
int dsc_open_cluster(uint32_t l1_bytes);

/* Bytes of L3: of every network NAME_L3_BYTES from its NAME_L3_BASE on. */
int dsc_open_l3(uint32_t bytes);

/* Copies a file of the readfs, a network's l3.bin, to an offset in L3. */
int dsc_load_l3(const char *file, uint32_t offset);

/* Runs a function on every core of the cluster, and returns when all have: for one, a network's run. */
void dsc_run(void (*work)(uint32_t core));

void dsc_close(void);

#endif
