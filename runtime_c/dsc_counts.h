/* What the cores do with their time, layer by layer, in builds with DSC_COUNT=1. Each core samples its own counters at the ends
   of layers; they stand still while it sleeps or waits for a transfer. Sampling takes time, so the cycles of such a run are not
   those to report.

   counts.bin gets little-endian 32-bit words: layers, cores, words in a core's row; then for every input the rows, core by core
   of every layer: DSC_CORE_COUNTERS events, in the order of the platform, and core 0's cycles of waiting for the DMA and L3. */
#ifndef DSC_COUNTS_H
#define DSC_COUNTS_H

#include <stdint.h>

#ifndef DSC_COUNT
#define DSC_COUNT 0
#endif

typedef enum { DSC_WAIT_FOR_DMA, DSC_WAIT_FOR_L3, DSC_WAITS } dsc_wait_kind;

/* The platform defines DSC_CORE_COUNTERS, and for the core that calls:

   void dsc_core_counters_start(void);
   void dsc_core_counters_stop(void);
   void dsc_core_counters_take(uint32_t *events);            reads DSC_CORE_COUNTERS of them, and clears them */

/* Core 0: around all inferences, around an inference, at the end of a layer. */
void dsc_counts_open(void);
void dsc_counts_start(void);
void dsc_counts_end_layer(uint32_t layer);
void dsc_counts_write_last_layer(void);
void dsc_counts_close(void);

/* Core 0, around a wait; the others meanwhile compute, or wait at a barrier. */
void dsc_counts_begin_wait(void);
void dsc_counts_end_wait(dsc_wait_kind kind);

/* Every core, behind a barrier: samples a core's counters when core 0 has gone on to the next layer. */
void dsc_counts_pass_barrier(uint32_t core);

/* Every core, behind the last layer. */
void dsc_counts_end_network(uint32_t core);

#endif
