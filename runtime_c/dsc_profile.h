/* Cycles and transferred bytes, layer by layer. Core 0 only. */
#ifndef DSC_PROFILE_H
#define DSC_PROFILE_H

#include "dsc_runtime.h"

/* The running layer. The platform's DMA adds the bytes it moves. */
extern dsc_layer_stats dsc_counters;
extern uint32_t dsc_running_layer;

void dsc_profile_start(void);
uint32_t dsc_profile_stop(void); /* cycles since start, without those of dsc_layer_end */
const dsc_layer_stats *dsc_profile_layers(void); /* one row a layer, of the run that was stopped last */

#endif
