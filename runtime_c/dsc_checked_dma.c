#include "dsc_checked_transfers.h"
#include "dsc_profile.h"

static dsc_checked_transfer slots[DSC_DMA_IN_FLIGHT];

const dsc_in_flight dsc_l2_l1_transfers = {slots, DSC_DMA_IN_FLIGHT};

static dsc_dma start(const char *call, dsc_checked_transfer transfer) {
  for (uint32_t slot = 0; slot < dsc_l3_l2_transfers.count; slot++) {
    dsc_check_no_conflict(call, &transfer, &dsc_l3_l2_transfers.slots[slot]);
  }
  return dsc_start_transfer(dsc_l2_l1_transfers, call, transfer);
}

static void check_fits(const char *call, dsc_buffer l1, uint32_t l1_offset, uint32_t l2_bytes, uint32_t l2_offset,
                       dsc_box box) {
  dsc_check_fits(call, "L1", l1_offset, dsc_inner_bytes(box), l1.bytes);
  dsc_check_fits(call, "L2", l2_offset, dsc_spanned_bytes(box), l2_bytes);
}

static dsc_dma start_load(const char *call, dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset,
                          dsc_box box) {
  check_fits(call, l1, l1_offset, l2.bytes, l2_offset, box);
  return start(call, (dsc_checked_transfer){.inner = l1.base + l1_offset,
                                            .inner_bytes = (uint32_t)dsc_inner_bytes(box),
                                            .source = l2.base + l2_offset,
                                            .box = box});
}

dsc_dma dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_const_buffer source = {l2.base, l2.bytes};
  dsc_dma transfer = start_load("dsc_load", l1, l1_offset, source, l2_offset, box);
  dsc_counters.l2_l1_in += (uint32_t)dsc_packed_bytes(box);
  return transfer;
}

dsc_dma dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_dma transfer = start_load("dsc_load_weights", l1, l1_offset, l2, l2_offset, box);
  dsc_counters.l2_l1_weights += (uint32_t)dsc_packed_bytes(box);
  return transfer;
}

dsc_dma dsc_prefetch(dsc_buffer l1, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_dma transfer = start_load("dsc_prefetch", l1, 0, l2, l2_offset, box);
  slots[transfer].outlives_layer = true;
  return transfer;
}

dsc_dma dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  check_fits("dsc_store", l1, l1_offset, l2.bytes, l2_offset, box);
  dsc_counters.l2_l1_out += (uint32_t)dsc_packed_bytes(box);
  return start("dsc_store", (dsc_checked_transfer){.inner = l1.base + l1_offset,
                                                   .inner_bytes = (uint32_t)dsc_inner_bytes(box),
                                                   .target = l2.base + l2_offset,
                                                   .box = box});
}

void dsc_wait(dsc_dma transfer) { dsc_finish_transfer(dsc_l2_l1_transfers, "dsc_wait", transfer); }

void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes) {
  dsc_finish_transfer(dsc_l2_l1_transfers, "dsc_wait_prefetch", transfer);
  dsc_counters.l2_l1_weights += bytes;
}

void dsc_check_nothing_in_flight(void) { dsc_check_layer_ended(dsc_l2_l1_transfers); }

void dsc_check_no_prefetch_in_flight(void) { dsc_check_is_idle(dsc_l2_l1_transfers); }
