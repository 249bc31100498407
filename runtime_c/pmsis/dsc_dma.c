#include "dsc_moved_bytes.h"
#include "dsc_runtime.h"

/* Sizes, lines and strides of copies have 16 bits, in one SDK or the other. In whole words of the bus, so that the next copy is
   aligned. */
enum { LONGEST = (1 << 16) - 8, LARGEST_STRIDE = (1 << 16) - 1 };

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* A transfer is known by its first copy; the others are merged into it. One of no bytes has none. */
enum { MOST_IN_FLIGHT = 16, NO_COPY = MOST_IN_FLIGHT };

static DSC_RUNTIME_DATA pi_cl_dma_copy_t copies[MOST_IN_FLIGHT];
static DSC_RUNTIME_DATA uint32_t busy; /* a bit for each that is in flight */
static DSC_RUNTIME_DATA uint32_t next;

DSC_INLINE void start_copy(pi_cl_dma_copy_t *copy, bool is_merged, dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines,
                           uint32_t stride, uint32_t bytes) {
  copy->merge = is_merged;
  copy->dir = direction == DSC_STORE ? PI_CL_DMA_DIR_LOC2EXT : PI_CL_DMA_DIR_EXT2LOC;
  copy->loc = l1;
  copy->ext = l2;
  copy->size = (uint16_t)(lines * bytes);
  copy->stride = stride;
  copy->length = bytes;
  if (lines == 1) pi_cl_dma_memcpy(copy);
  else pi_cl_dma_memcpy_2d(copy);
}

/* In place, where it is known to be the only one: most transfers are one copy. */
DSC_INLINE dsc_dma first_copy(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride, uint32_t bytes) {
  while (busy & 1u << next) next = (next + 1) % MOST_IN_FLIGHT;
  busy |= 1u << next;
  start_copy(&copies[next], false, direction, l1, l2, lines, stride, bytes);
  return next;
}

static dsc_dma copy_lines(dsc_dma transfer, dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride,
                          uint32_t bytes) {
  if (transfer == NO_COPY) return first_copy(direction, l1, l2, lines, stride, bytes);
  pi_cl_dma_copy_t merged;
  start_copy(&merged, true, direction, l1, l2, lines, stride, bytes);
  return transfer;
}

static dsc_dma copy_line(dsc_dma transfer, dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  for (uint32_t done = 0; done < bytes; done += LONGEST) {
    transfer = copy_lines(transfer, direction, l1 + done, l2 + done, 1, 0, smaller(bytes - done, LONGEST));
  }
  return transfer;
}

/* As many lines a copy as it takes. */
static dsc_dma copy_block(dsc_dma transfer, dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box) {
  if (box.line_bytes > LONGEST || box.line_stride > LARGEST_STRIDE) {
    for (uint32_t line = 0; line < box.lines; line++) {
      transfer = copy_line(transfer, direction, l1 + line * box.line_bytes, l2 + line * box.line_stride, box.line_bytes);
    }
    return transfer;
  }
  uint32_t most = box.lines * box.line_bytes <= LONGEST ? box.lines : LONGEST / box.line_bytes;
  for (uint32_t line = 0; line < box.lines; line += most) {
    transfer = copy_lines(transfer, direction, l1 + line * box.line_bytes, l2 + line * box.line_stride,
                          smaller(box.lines - line, most), box.line_stride, box.line_bytes);
  }
  return transfer;
}

dsc_dma dsc_start_line(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  if (bytes == 0 || bytes > LONGEST) return dsc_start_box(direction, l1, l2, dsc_single_block(1, 0, bytes));
  dsc_count_bytes(direction, bytes);
  return first_copy(direction, l1, l2, 1, 0, bytes);
}

dsc_dma dsc_start_lines(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride, uint32_t bytes) {
  bool is_one_copy = lines > 1 && bytes > 0 && lines * bytes <= LONGEST && stride <= LARGEST_STRIDE;
  if (!is_one_copy) return dsc_start_box(direction, l1, l2, dsc_single_block(lines, stride, bytes));
  dsc_count_bytes(direction, lines * bytes);
  return first_copy(direction, l1, l2, lines, stride, bytes);
}

dsc_dma dsc_start_box(dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box) {
  uint32_t bytes = box.blocks * box.lines * box.line_bytes;
  if (bytes == 0) return NO_COPY;
  dsc_count_bytes(direction, bytes);
  dsc_dma transfer = NO_COPY;
  uint32_t inner_stride = box.inner_block_stride != 0 ? box.inner_block_stride : box.lines * box.line_bytes;
  for (uint32_t block = 0; block < box.blocks; block++) {
    transfer = copy_block(transfer, direction, l1 + block * inner_stride, l2 + block * box.block_stride, box);
  }
  return transfer;
}

void dsc_wait(dsc_dma transfer) {
  if (transfer == NO_COPY) return;
  pi_cl_dma_wait(&copies[transfer]);
  busy &= ~(1u << transfer);
}

void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes) {
  dsc_wait(transfer);
  dsc_count_bytes(DSC_LOAD_WEIGHTS, bytes);
}
