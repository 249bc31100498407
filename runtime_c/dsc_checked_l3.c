#include "dsc_checked_transfers.h"
#include "dsc_l3_image.h"
#include "dsc_profile.h"

/* C has no empty arrays. */
static uint8_t l3[DSC_L3_BYTES > 0 ? DSC_L3_BYTES : 1];

static dsc_checked_transfer slots[DSC_L3_IN_FLIGHT];

const dsc_in_flight dsc_l3_l2_transfers = {slots, DSC_L3_IN_FLIGHT};

enum { WORD_BYTES = 4 };

static bool is_whole_words(uintptr_t bytes) { return bytes % WORD_BYTES == 0; }

static bool has_whole_words(dsc_box box) {
  bool is_one_line = box.blocks == 1 && box.lines == 1;
  return is_one_line || is_whole_words(box.line_bytes | box.line_stride | box.block_stride);
}

static uint64_t in_whole_words(uint64_t bytes) { return (bytes + WORD_BYTES - 1) / WORD_BYTES * WORD_BYTES; }

static void check(const char *call, dsc_buffer l2, uint32_t l2_offset, uint64_t l2_bytes, uint32_t l3_offset, dsc_box box) {
  dsc_check_fits(call, "L2", l2_offset, l2_bytes, l2.bytes);
  dsc_check_fits(call, "L3", l3_offset, dsc_spanned_bytes(box), DSC_NETWORK.l3_bytes);
  dsc_check(is_whole_words((uintptr_t)(l2.base + l2_offset)), call, ": its address in L2 is no multiple of 4");
  dsc_check(is_whole_words(l3_offset), call, ": its offset in L3 is no multiple of 4");
  dsc_check(box.inner_block_stride == 0, call, ": blocks in L2 are contiguous");
  dsc_check(has_whole_words(box), call, ": several lines, and their bytes or strides are no multiples of 4");
}

static dsc_l3_transfer start(const char *call, dsc_checked_transfer transfer) {
  for (uint32_t slot = 0; slot < dsc_l2_l1_transfers.count; slot++) {
    dsc_check_no_conflict(call, &dsc_l2_l1_transfers.slots[slot], &transfer);
  }
  dsc_counters.l3_l2 += (uint32_t)dsc_packed_bytes(transfer.box);
  return dsc_start_transfer(dsc_l3_l2_transfers, call, transfer);
}

dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  uint64_t l2_bytes = in_whole_words(dsc_packed_bytes(box));
  check("dsc_l3_load", l2, l2_offset, l2_bytes, l3_offset, box);
  return start("dsc_l3_load", (dsc_checked_transfer){.inner = l2.base + l2_offset,
                                                     .inner_bytes = (uint32_t)l2_bytes,
                                                     .source = l3 + l3_offset,
                                                     .box = box});
}

dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  uint64_t l2_bytes = dsc_packed_bytes(box);
  check("dsc_l3_store", l2, l2_offset, l2_bytes, l3_offset, box);
  return start("dsc_l3_store", (dsc_checked_transfer){.inner = l2.base + l2_offset,
                                                      .inner_bytes = (uint32_t)l2_bytes,
                                                      .target = l3 + l3_offset,
                                                      .box = box});
}

void dsc_l3_wait(dsc_l3_transfer transfer) { dsc_finish_transfer(dsc_l3_l2_transfers, "dsc_l3_wait", transfer); }

void dsc_check_l3_is_idle(void) { dsc_check_is_idle(dsc_l3_l2_transfers); }
