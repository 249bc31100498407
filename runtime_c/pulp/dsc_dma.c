#include "dsc_moved_bytes.h"
#include "dsc_runtime.h"

static uint32_t mchan_direction(dsc_direction direction) {
  return direction == DSC_STORE ? MCHAN_L1_TO_L2 : MCHAN_L2_TO_L1;
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* No command is longer than MCHAN_LONGEST. */
static void queue_line(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  for (uint32_t done = 0; done < bytes; done += MCHAN_LONGEST) {
    mchan_queue_copy(direction, l1 + done, l2 + done, smaller(bytes - done, MCHAN_LONGEST));
  }
}

/* A division takes longer than a command, so it is left to boxes that need several. */
static void queue_lines(uint32_t direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride, uint32_t bytes) {
  if (lines * bytes == 0) return;
  if (lines * bytes <= MCHAN_LONGEST) {
    mchan_queue_copy_lines(direction, l1, l2, lines * bytes, bytes, stride);
    return;
  }
  uint32_t lines_in_a_command = MCHAN_LONGEST / bytes;
  for (uint32_t line = 0; line < lines; line += lines_in_a_command) {
    uint32_t count_of_lines = smaller(lines - line, lines_in_a_command);
    mchan_queue_copy_lines(direction, l1 + line * bytes, l2 + line * stride, count_of_lines * bytes, bytes, stride);
  }
}

dsc_dma dsc_start_line(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  dsc_dma transfer = mchan_take_counter();
  queue_line(mchan_direction(direction), l1, l2, bytes);
  dsc_count_bytes(direction, bytes);
  return transfer;
}

dsc_dma dsc_start_lines(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride, uint32_t bytes) {
  return dsc_start_box(direction, l1, l2, dsc_single_block(lines, stride, bytes));
}

dsc_dma dsc_start_box(dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box) {
  dsc_dma transfer = mchan_take_counter();
  uint32_t inner_stride = box.inner_block_stride != 0 ? box.inner_block_stride : box.lines * box.line_bytes;
  for (uint32_t block = 0; block < box.blocks; block++) {
    if (box.line_bytes > MCHAN_LONGEST || !mchan_has_stride(box.line_stride)) {
      for (uint32_t line = 0; line < box.lines; line++) {
        queue_line(mchan_direction(direction), l1 + line * box.line_bytes, l2 + line * box.line_stride, box.line_bytes);
      }
    } else {
      queue_lines(mchan_direction(direction), l1, l2, box.lines, box.line_stride, box.line_bytes);
    }
    l1 += inner_stride;
    l2 += box.block_stride;
  }
  dsc_count_bytes(direction, box.blocks * box.lines * box.line_bytes);
  return transfer;
}

void dsc_wait(dsc_dma transfer) {
  if (DSC_COUNT) dsc_counts_begin_wait();
  mchan_sleep_while_busy(transfer);
  mchan_free(transfer);
  if (DSC_COUNT) dsc_counts_end_wait(DSC_WAIT_FOR_DMA);
}

void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes) {
  dsc_wait(transfer);
  dsc_count_bytes(DSC_LOAD_WEIGHTS, bytes);
}
