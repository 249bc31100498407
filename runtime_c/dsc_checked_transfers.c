#include "dsc_checked_transfers.h"

#include <stddef.h>

#include "dsc_console.h"
#include "dsc_files.h"
#include "dsc_profile.h"

static bool is_idle(const dsc_checked_transfer *slot) { return slot->source == NULL && slot->target == NULL; }

static void begin_message(const char *call) {
  dsc_print("layer ");
  dsc_print_decimal(dsc_running_layer);
  dsc_print(": ");
  dsc_print(call);
}

static _Noreturn void end_run(void) {
  dsc_print("\n");
  dsc_exit(DSC_EXIT_DMA);
}

void dsc_check(bool ok, const char *call, const char *problem) {
  if (ok) return;
  begin_message(call);
  dsc_print(problem);
  end_run();
}

static const uint64_t TOO_MANY = (uint64_t)1 << 32;

static uint64_t at_most_too_many(uint64_t bytes) { return bytes < TOO_MANY ? bytes : TOO_MANY; }

static uint64_t scaled(uint64_t bytes, uint32_t factor) { return at_most_too_many(bytes * factor); }

uint64_t dsc_packed_bytes(dsc_box box) { return scaled(scaled(box.line_bytes, box.lines), box.blocks); }

uint64_t dsc_inner_bytes(dsc_box box) {
  if (box.inner_block_stride == 0 || dsc_packed_bytes(box) == 0) return dsc_packed_bytes(box);
  return at_most_too_many(scaled(box.inner_block_stride, box.blocks - 1) + scaled(box.line_bytes, box.lines));
}

uint64_t dsc_spanned_bytes(dsc_box box) {
  if (dsc_packed_bytes(box) == 0) return 0;
  uint64_t to_last_block = scaled(box.block_stride, box.blocks - 1);
  uint64_t to_last_line = scaled(box.line_stride, box.lines - 1);
  return at_most_too_many(to_last_block + to_last_line + box.line_bytes);
}

void dsc_check_fits(const char *call, const char *memory, uint32_t offset, uint64_t bytes, uint32_t buffer_bytes) {
  if (bytes <= buffer_bytes && offset <= buffer_bytes - bytes) return;
  begin_message(call);
  dsc_print(": ");
  dsc_print(memory);
  dsc_print(" offset ");
  dsc_print_decimal(offset);
  dsc_print(" and ");
  if (bytes == TOO_MANY) dsc_print("2^32 or more");
  else dsc_print_decimal((uint32_t)bytes);
  dsc_print(" bytes leave the buffer of ");
  dsc_print_decimal(buffer_bytes);
  end_run();
}

static bool overlap(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes) {
  return a < b + b_bytes && b < a + a_bytes;
}

static const uint8_t *outer(const dsc_checked_transfer *transfer) {
  return transfer->source != NULL ? transfer->source : transfer->target;
}

static bool box_overlaps(const dsc_checked_transfer *transfer, const uint8_t *bytes, uint32_t count) {
  dsc_box box = transfer->box;
  for (uint32_t block = 0; block < box.blocks; block++) {
    for (uint32_t line = 0; line < box.lines; line++) {
      const uint8_t *begin = outer(transfer) + block * box.block_stride + line * box.line_stride;
      if (overlap(begin, box.line_bytes, bytes, count)) return true;
    }
  }
  return false;
}

void dsc_check_no_conflict(const char *call, const dsc_checked_transfer *l2_l1, const dsc_checked_transfer *l3_l2) {
  if (is_idle(l2_l1) || is_idle(l3_l2)) return;
  bool one_writes_l2 = l2_l1->target != NULL || l3_l2->source != NULL;
  dsc_check(!one_writes_l2 || !box_overlaps(l2_l1, l3_l2->inner, l3_l2->inner_bytes), call,
            ": a transfer to the other side of L2 that uses the same bytes is in flight");
}

static void copy(uint8_t *to, const uint8_t *from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) to[i] = from[i];
}

static void scribble(uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) bytes[i] = 0xA5;
}

/* What a load will bring is worthless until it is waited for; what lies between its blocks stays. */
static void scribble_blocks(dsc_checked_transfer load) {
  if (load.box.inner_block_stride == 0) {
    scribble(load.inner, load.inner_bytes);
    return;
  }
  uint32_t block_bytes = load.box.lines * load.box.line_bytes;
  for (uint32_t block = 0; block < load.box.blocks; block++) {
    scribble(load.inner + block * load.box.inner_block_stride, block_bytes);
  }
}

static void move_line(const dsc_checked_transfer *moved, uint8_t *inner, uint32_t outer_offset) {
  if (moved->source != NULL) copy(inner, moved->source + outer_offset, moved->box.line_bytes);
  else copy(moved->target + outer_offset, inner, moved->box.line_bytes);
}

static void move(const dsc_checked_transfer *moved) {
  dsc_box box = moved->box;
  uint32_t block_bytes = box.lines * box.line_bytes;
  uint32_t inner_stride = box.inner_block_stride != 0 ? box.inner_block_stride : block_bytes;
  for (uint32_t block = 0; block < box.blocks; block++) {
    uint8_t *inner = moved->inner + block * inner_stride;
    for (uint32_t line = 0; line < box.lines; line++) {
      move_line(moved, inner, block * box.block_stride + line * box.line_stride);
      inner += box.line_bytes;
    }
  }
}

static uint32_t idle_slot(dsc_in_flight dma, const char *call) {
  for (uint32_t slot = 0; slot < dma.count; slot++) {
    if (is_idle(&dma.slots[slot])) return slot;
  }
  begin_message(call);
  dsc_print(": more transfers in flight than there may be, ");
  dsc_print_decimal(dma.count);
  end_run();
}

uint32_t dsc_start_transfer(dsc_in_flight dma, const char *call, dsc_checked_transfer transfer) {
  uint32_t slot = idle_slot(dma, call);
  dma.slots[slot] = transfer;
  if (transfer.source != NULL) scribble_blocks(transfer);
  return slot;
}

void dsc_finish_transfer(dsc_in_flight dma, const char *call, uint32_t slot) {
  dsc_check(slot < dma.count && !is_idle(&dma.slots[slot]), call, " for a transfer that is not in flight");
  move(&dma.slots[slot]);
  dma.slots[slot] = (dsc_checked_transfer){.inner = NULL};
}

static void check_ended(bool ok) { dsc_check(ok, "ended", " without waiting for a transfer"); }

void dsc_check_is_idle(dsc_in_flight dma) {
  for (uint32_t slot = 0; slot < dma.count; slot++) check_ended(is_idle(&dma.slots[slot]));
}

void dsc_check_layer_ended(dsc_in_flight dma) {
  for (uint32_t slot = 0; slot < dma.count; slot++) {
    check_ended(is_idle(&dma.slots[slot]) || dma.slots[slot].outlives_layer);
  }
}
