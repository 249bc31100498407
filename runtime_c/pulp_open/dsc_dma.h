/* Boxes as commands of mchan. Where the compiler knows that a box is one command, the call becomes the register writes of
   that command alone. */
#ifndef DSC_DMA_H
#define DSC_DMA_H

#include "mchan.h"

#define DSC_INLINE static inline __attribute__((always_inline))

typedef mchan_counter dsc_dma;

extern dsc_layer_stats dsc_counters;

/* A block a command. No command may be longer than MCHAN_LONGEST. */
void dsc_queue_blocks(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t blocks, uint32_t block_stride, uint32_t lines,
                      uint32_t line_stride, uint32_t line_bytes);

/* For any box. */
void dsc_queue_in_pieces(uint32_t direction, uint32_t l1, uint32_t l2, dsc_box box);

DSC_INLINE uint32_t dsc_box_bytes(dsc_box box) { return box.blocks * box.lines * box.line_bytes; }

DSC_INLINE dsc_box dsc_single_block(uint32_t lines, uint32_t line_stride, uint32_t line_bytes) {
  return (dsc_box){.blocks = 1, .lines = lines, .line_stride = line_stride, .line_bytes = line_bytes};
}

DSC_INLINE bool dsc_lines_are_one(dsc_box box) { return box.lines == 1 || box.line_stride == box.line_bytes; }

/* The same bytes in as few blocks and lines as possible. */
DSC_INLINE dsc_box dsc_simplest(dsc_box box) {
  if (box.blocks != 1 && dsc_lines_are_one(box)) {
    box = dsc_single_block(box.blocks, box.block_stride, box.lines * box.line_bytes);
  } else if (box.blocks != 1 && box.block_stride == box.lines * box.line_stride) {
    box = dsc_single_block(box.blocks * box.lines, box.line_stride, box.line_bytes);
  }
  if (box.blocks == 1 && dsc_lines_are_one(box)) box = dsc_single_block(1, 0, box.lines * box.line_bytes);
  return box;
}

DSC_INLINE void dsc_queue_block(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t line_stride,
                                uint32_t line_bytes) {
  uint32_t bytes = lines * line_bytes;
  if (bytes == 0) return;
  if (lines == 1) mchan_queue_copy(direction, l1, l2, bytes);
  else mchan_queue_copy_lines(direction, l1, l2, bytes, line_bytes, line_stride);
}

/* No transfer is longer than its buffer in L1, so l1_bytes tells whether a block is one command. */
DSC_INLINE dsc_dma dsc_start(uint32_t direction, uint32_t l1, uint32_t l2, dsc_box box, uint32_t l1_bytes) {
  dsc_dma transfer = mchan_take_counter();
  dsc_box simplest = dsc_simplest(box);
  bool is_one_block = simplest.blocks == 1;
  if (l1_bytes > MCHAN_LONGEST) {
    dsc_queue_in_pieces(direction, l1, l2, simplest);
  } else if (__builtin_constant_p(is_one_block) && is_one_block) {
    dsc_queue_block(direction, l1, l2, simplest.lines, simplest.line_stride, simplest.line_bytes);
  } else {
    dsc_queue_blocks(direction, l1, l2, simplest.blocks, simplest.block_stride, simplest.lines, simplest.line_stride,
                     simplest.line_bytes);
  }
  return transfer;
}

DSC_INLINE dsc_dma dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_counters.l2_l1_in += dsc_box_bytes(box);
  return dsc_start(MCHAN_L2_TO_L1, (uint32_t)l1.base + l1_offset, (uint32_t)l2.base + l2_offset, box, l1.bytes);
}

DSC_INLINE dsc_dma dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_counters.l2_l1_weights += dsc_box_bytes(box);
  return dsc_start(MCHAN_L2_TO_L1, (uint32_t)l1.base + l1_offset, (uint32_t)l2.base + l2_offset, box, l1.bytes);
}

DSC_INLINE dsc_dma dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_counters.l2_l1_out += dsc_box_bytes(box);
  return dsc_start(MCHAN_L1_TO_L2, (uint32_t)l1.base + l1_offset, (uint32_t)l2.base + l2_offset, box, l1.bytes);
}

DSC_INLINE void dsc_wait(dsc_dma transfer) {
  mchan_sleep_while_busy(transfer);
  mchan_free(transfer);
}

static inline void dsc_check_nothing_in_flight(void) {}

#endif
