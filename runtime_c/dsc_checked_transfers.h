/* What the two checked DMAs share: dsc_checked_dma.c between L2 and L1, dsc_checked_l3.c between L3 and L2. */
#ifndef DSC_CHECKED_TRANSFERS_H
#define DSC_CHECKED_TRANSFERS_H

#include <stdbool.h>

#include "dsc_runtime.h"

/* Between blocks of bytes in the inner memory and a box in the outer one. A load has a source there, a store a target; the
   other one is NULL, and in an idle slot both are. */
typedef struct {
  uint8_t *inner;
  uint32_t inner_bytes;
  const uint8_t *source;
  uint8_t *target;
  dsc_box box;
  bool outlives_layer;
} dsc_checked_transfer;

/* Transfers of one DMA that were started and not yet waited for. */
typedef struct {
  dsc_checked_transfer *slots;
  uint32_t count;
} dsc_in_flight;

/* All stop at 2^32, which is more than any buffer holds: the bytes moved, and those from the first to behind the last, in the
   inner memory and in the outer one. */
uint64_t dsc_packed_bytes(dsc_box box);
uint64_t dsc_inner_bytes(dsc_box box);
uint64_t dsc_spanned_bytes(dsc_box box);

void dsc_check(bool ok, const char *call, const char *problem);
void dsc_check_fits(const char *call, const char *memory, uint32_t offset, uint64_t bytes, uint32_t buffer_bytes);

/* Ends the run where one of the two writes bytes of L2 that the other one uses; call is the one that starts now. */
void dsc_check_no_conflict(const char *call, const dsc_checked_transfer *l2_l1, const dsc_checked_transfer *l3_l2);

uint32_t dsc_start_transfer(dsc_in_flight dma, const char *call, dsc_checked_transfer transfer);
void dsc_finish_transfer(dsc_in_flight dma, const char *call, uint32_t slot);
void dsc_check_is_idle(dsc_in_flight dma);
void dsc_check_layer_ended(dsc_in_flight dma);

/* The transfers of the two DMAs, for each to check against the other. */
extern const dsc_in_flight dsc_l2_l1_transfers;
extern const dsc_in_flight dsc_l3_l2_transfers;

#endif
