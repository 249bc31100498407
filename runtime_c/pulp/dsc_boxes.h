/* Boxes as transfers of lines. What is known of a box when the call is compiled picks one of three functions, so that a call
   costs little code: a network has hundreds. Included by dsc_dma.h, which says what a dsc_dma is. */
#ifndef DSC_BOXES_H
#define DSC_BOXES_H

#include <stdbool.h>

#define DSC_INLINE static inline __attribute__((always_inline))

extern dsc_layer_stats dsc_counters;

/* What a transfer is counted as. */
typedef enum { DSC_LOAD, DSC_LOAD_WEIGHTS, DSC_PREFETCH, DSC_STORE } dsc_direction;

dsc_dma dsc_start_line(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t bytes);
dsc_dma dsc_start_lines(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride, uint32_t bytes);
dsc_dma dsc_start_box(dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box);

DSC_INLINE dsc_box dsc_single_block(uint32_t lines, uint32_t line_stride, uint32_t line_bytes) {
  return (dsc_box){.blocks = 1, .lines = lines, .line_stride = line_stride, .line_bytes = line_bytes};
}

DSC_INLINE bool dsc_lines_are_one(dsc_box box) { return box.lines == 1 || box.line_stride == box.line_bytes; }

/* The same bytes in as few blocks and lines as possible. */
DSC_INLINE dsc_box dsc_simplest(dsc_box box) {
  if (box.inner_block_stride != 0) return box;
  if (box.blocks != 1 && dsc_lines_are_one(box)) {
    box = dsc_single_block(box.blocks, box.block_stride, box.lines * box.line_bytes);
  } else if (box.blocks != 1 && box.block_stride == box.lines * box.line_stride) {
    box = dsc_single_block(box.blocks * box.lines, box.line_stride, box.line_bytes);
  }
  if (box.blocks == 1 && dsc_lines_are_one(box)) box = dsc_single_block(1, 0, box.lines * box.line_bytes);
  return box;
}

DSC_INLINE dsc_dma dsc_start(dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box) {
  dsc_box simplest = dsc_simplest(box);
  if (simplest.blocks != 1) return dsc_start_box(direction, l1, l2, simplest);
  if (simplest.lines != 1) {
    return dsc_start_lines(direction, l1, l2, simplest.lines, simplest.line_stride, simplest.line_bytes);
  }
  return dsc_start_line(direction, l1, l2, simplest.line_bytes);
}

DSC_INLINE dsc_dma dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  return dsc_start(DSC_LOAD, (uint32_t)l1.base + l1_offset, (uint32_t)l2.base + l2_offset, box);
}

DSC_INLINE dsc_dma dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  return dsc_start(DSC_LOAD_WEIGHTS, (uint32_t)l1.base + l1_offset, (uint32_t)l2.base + l2_offset, box);
}

DSC_INLINE dsc_dma dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  return dsc_start(DSC_STORE, (uint32_t)l1.base + l1_offset, (uint32_t)l2.base + l2_offset, box);
}

DSC_INLINE dsc_dma dsc_prefetch(dsc_buffer l1, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  return dsc_start(DSC_PREFETCH, (uint32_t)l1.base, (uint32_t)l2.base + l2_offset, box);
}

void dsc_wait(dsc_dma transfer);
void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes);

static inline void dsc_check_nothing_in_flight(void) {}
static inline void dsc_check_no_prefetch_in_flight(void) {}

#endif
