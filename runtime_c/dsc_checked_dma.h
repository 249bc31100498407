/* A DMA for platforms that have none, made to find mistakes. A transfer is checked against both buffers when it starts, and
   its bytes move only when it is waited for: a missing wait, or a buffer used again too early, gives a wrong result. What a
   load will overwrite is scribbled over at the start. A violation ends the program with DSC_EXIT_DMA.

   Transfers from and to L3 are the same (dsc_checked_l3.c); L3 is an array. */
#ifndef DSC_CHECKED_DMA_H
#define DSC_CHECKED_DMA_H

#include <stdint.h>

/* As many as mchan, the DMA of the PULP cluster, has transfer counters. */
enum { DSC_DMA_IN_FLIGHT = 16 };

enum { DSC_L3_IN_FLIGHT = 8 };

typedef uint32_t dsc_dma;
typedef uint32_t dsc_l3_transfer;

dsc_dma dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box);
dsc_dma dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box);
dsc_dma dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box);
dsc_dma dsc_prefetch(dsc_buffer l1, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box);
void dsc_wait(dsc_dma transfer);
void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes);
void dsc_check_no_prefetch_in_flight(void);
void dsc_check_nothing_in_flight(void);

dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box);
dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box);
void dsc_l3_wait(dsc_l3_transfer transfer);
void dsc_check_l3_is_idle(void);

#endif
