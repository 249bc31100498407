#include <stddef.h>

#include "dsc_console.h"
#include "dsc_files.h"
#include "dsc_profile.h"
#include "dsc_runtime.h"

/* A load has a source in L2, a store a target; the other one is NULL. An idle slot has neither. */
typedef struct {
  uint8_t *l1;
  const uint8_t *l2_source;
  uint8_t *l2_target;
  dsc_box box;
} transfer;

static transfer in_flight[DSC_DMA_IN_FLIGHT];

static bool is_idle(const transfer *slot) { return slot->l2_source == NULL && slot->l2_target == NULL; }

static _Noreturn void end_run(void) {
  dsc_print("\n");
  dsc_exit(DSC_EXIT_DMA);
}

static void begin_message(const char *call) {
  dsc_print("layer ");
  dsc_print_decimal(dsc_running_layer);
  dsc_print(": ");
  dsc_print(call);
}

/* Byte counts stop at this one, which is more than any buffer holds, so that no product or sum of them wraps. */
static const uint64_t TOO_MANY = (uint64_t)1 << 32;

static uint64_t at_most_too_many(uint64_t bytes) { return bytes < TOO_MANY ? bytes : TOO_MANY; }

static uint64_t scaled(uint64_t bytes, uint32_t factor) { return at_most_too_many(bytes * factor); }

static uint64_t packed_bytes(dsc_box box) { return scaled(scaled(box.line_bytes, box.lines), box.blocks); }

/* From the first byte in L2 to the one behind the last. */
static uint64_t spanned_bytes(dsc_box box) {
  if (packed_bytes(box) == 0) return 0;
  uint64_t to_last_block = scaled(box.block_stride, box.blocks - 1);
  uint64_t to_last_line = scaled(box.line_stride, box.lines - 1);
  return at_most_too_many(to_last_block + to_last_line + box.line_bytes);
}

static void check_fits(const char *call, const char *side, uint32_t offset, uint64_t bytes, uint32_t buffer_bytes) {
  if (bytes <= buffer_bytes && offset <= buffer_bytes - bytes) return;
  begin_message(call);
  dsc_print(": ");
  dsc_print(side);
  dsc_print(" offset ");
  dsc_print_decimal(offset);
  dsc_print(" and ");
  if (bytes == TOO_MANY) dsc_print("2^32 or more");
  else dsc_print_decimal((uint32_t)bytes);
  dsc_print(" bytes leave the buffer of ");
  dsc_print_decimal(buffer_bytes);
  end_run();
}

static dsc_dma idle_slot(const char *call) {
  for (dsc_dma slot = 0; slot < DSC_DMA_IN_FLIGHT; slot++) {
    if (is_idle(&in_flight[slot])) return slot;
  }
  begin_message(call);
  dsc_print(": more transfers in flight than the DMA has counters, ");
  dsc_print_decimal(DSC_DMA_IN_FLIGHT);
  end_run();
}

static void copy(uint8_t *to, const uint8_t *from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) to[i] = from[i];
}

static void scribble(uint8_t *bytes, uint64_t count) {
  for (uint64_t i = 0; i < count; i++) bytes[i] = 0xA5;
}

static void move_line(const transfer *moved, uint8_t *l1, uint32_t l2_offset) {
  if (moved->l2_source != NULL) copy(l1, moved->l2_source + l2_offset, moved->box.line_bytes);
  else copy(moved->l2_target + l2_offset, l1, moved->box.line_bytes);
}

static void move(const transfer *moved) {
  dsc_box box = moved->box;
  uint8_t *l1 = moved->l1;
  for (uint32_t block = 0; block < box.blocks; block++) {
    for (uint32_t line = 0; line < box.lines; line++) {
      move_line(moved, l1, block * box.block_stride + line * box.line_stride);
      l1 += box.line_bytes;
    }
  }
}

static dsc_dma start_load(const char *call, dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset,
                          dsc_box box) {
  check_fits(call, "L1", l1_offset, packed_bytes(box), l1.bytes);
  check_fits(call, "L2", l2_offset, spanned_bytes(box), l2.bytes);
  dsc_dma slot = idle_slot(call);
  in_flight[slot] = (transfer){.l1 = l1.base + l1_offset, .l2_source = l2.base + l2_offset, .box = box};
  scribble(l1.base + l1_offset, packed_bytes(box));
  return slot;
}

dsc_dma dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_const_buffer source = {l2.base, l2.bytes};
  dsc_dma slot = start_load("dsc_load", l1, l1_offset, source, l2_offset, box);
  dsc_counters.l2_l1_in += (uint32_t)packed_bytes(box);
  return slot;
}

dsc_dma dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_dma slot = start_load("dsc_load_weights", l1, l1_offset, l2, l2_offset, box);
  dsc_counters.l2_l1_weights += (uint32_t)packed_bytes(box);
  return slot;
}

dsc_dma dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  check_fits("dsc_store", "L1", l1_offset, packed_bytes(box), l1.bytes);
  check_fits("dsc_store", "L2", l2_offset, spanned_bytes(box), l2.bytes);
  dsc_dma slot = idle_slot("dsc_store");
  in_flight[slot] = (transfer){.l1 = l1.base + l1_offset, .l2_target = l2.base + l2_offset, .box = box};
  dsc_counters.l2_l1_out += (uint32_t)packed_bytes(box);
  return slot;
}

void dsc_wait(dsc_dma slot) {
  if (slot >= DSC_DMA_IN_FLIGHT || is_idle(&in_flight[slot])) {
    begin_message("dsc_wait for a transfer that is not in flight");
    end_run();
  }
  move(&in_flight[slot]);
  in_flight[slot] = (transfer){.l1 = NULL};
}

void dsc_check_nothing_in_flight(void) {
  for (dsc_dma slot = 0; slot < DSC_DMA_IN_FLIGHT; slot++) {
    if (is_idle(&in_flight[slot])) continue;
    begin_message("ended without waiting for a transfer");
    end_run();
  }
}
