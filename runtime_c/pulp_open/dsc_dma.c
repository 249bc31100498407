#include "dsc_runtime.h"

void dsc_queue_blocks(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t blocks, uint32_t block_stride, uint32_t lines,
                      uint32_t line_stride, uint32_t line_bytes) {
  for (uint32_t block = 0; block < blocks; block++) {
    dsc_queue_block(direction, l1, l2, lines, line_stride, line_bytes);
    l1 += lines * line_bytes;
    l2 += block_stride;
  }
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void queue_long_line(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  for (uint32_t done = 0; done < bytes; done += MCHAN_LONGEST) {
    mchan_queue_copy(direction, l1 + done, l2 + done, smaller(bytes - done, MCHAN_LONGEST));
  }
}

static void queue_long_block(uint32_t direction, uint32_t l1, uint32_t l2, dsc_box box) {
  if (box.line_bytes == 0) return;
  uint32_t lines_in_a_command = MCHAN_LONGEST / box.line_bytes;
  for (uint32_t line = 0; line < box.lines; line += lines_in_a_command) {
    uint32_t lines = smaller(box.lines - line, lines_in_a_command);
    dsc_queue_block(direction, l1 + line * box.line_bytes, l2 + line * box.line_stride, lines, box.line_stride,
                    box.line_bytes);
  }
}

static void queue_long_lines(uint32_t direction, uint32_t l1, uint32_t l2, dsc_box box) {
  for (uint32_t line = 0; line < box.lines; line++) {
    queue_long_line(direction, l1 + line * box.line_bytes, l2 + line * box.line_stride, box.line_bytes);
  }
}

void dsc_queue_in_pieces(uint32_t direction, uint32_t l1, uint32_t l2, dsc_box box) {
  for (uint32_t block = 0; block < box.blocks; block++) {
    if (box.line_bytes > MCHAN_LONGEST) queue_long_lines(direction, l1, l2, box);
    else queue_long_block(direction, l1, l2, box);
    l1 += box.lines * box.line_bytes;
    l2 += box.block_stride;
  }
}
