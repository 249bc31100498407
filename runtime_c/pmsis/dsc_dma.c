#include "dsc_moved_bytes.h"
#include "dsc_runtime.h"

/* Sizes, lines and strides of copies have 16 bits, in one SDK or the other. In whole words of the bus, so that the next copy is
   aligned. */
enum { LONGEST = (1 << 16) - 8, LARGEST_STRIDE = (1 << 16) - 1 };

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* A transfer is known by its first copy; the others are merged into it. */
enum { MOST_IN_FLIGHT = 16 };

static DSC_RUNTIME_DATA pi_cl_dma_copy_t copies[MOST_IN_FLIGHT];
static DSC_RUNTIME_DATA uint32_t busy;    /* a bit for each that is in flight */
static DSC_RUNTIME_DATA uint32_t started; /* a bit for each that has a copy */
static DSC_RUNTIME_DATA uint32_t next;

static dsc_dma take_number(void) {
  while (busy & 1u << next) next = (next + 1) % MOST_IN_FLIGHT;
  busy |= 1u << next;
  started &= ~(1u << next);
  return next;
}

static void copy_lines(dsc_dma transfer, dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride,
                       uint32_t bytes) {
  pi_cl_dma_copy_t merged;
  pi_cl_dma_copy_t *copy = started & 1u << transfer ? &merged : &copies[transfer];
  copy->merge = copy == &merged;
  copy->dir = direction == DSC_STORE ? PI_CL_DMA_DIR_LOC2EXT : PI_CL_DMA_DIR_EXT2LOC;
  copy->loc = l1;
  copy->ext = l2;
  copy->size = (uint16_t)(lines * bytes);
  copy->stride = stride;
  copy->length = bytes;
  if (lines == 1) pi_cl_dma_memcpy(copy);
  else pi_cl_dma_memcpy_2d(copy);
  started |= 1u << transfer;
}

static void copy_line(dsc_dma transfer, dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  for (uint32_t done = 0; done < bytes; done += LONGEST) {
    copy_lines(transfer, direction, l1 + done, l2 + done, 1, 0, smaller(bytes - done, LONGEST));
  }
}

/* As many lines a copy as it takes. */
static void copy_block(dsc_dma transfer, dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box) {
  if (box.line_bytes > LONGEST || box.line_stride > LARGEST_STRIDE) {
    for (uint32_t line = 0; line < box.lines; line++) {
      copy_line(transfer, direction, l1 + line * box.line_bytes, l2 + line * box.line_stride, box.line_bytes);
    }
    return;
  }
  uint32_t most = box.lines * box.line_bytes <= LONGEST ? box.lines : LONGEST / box.line_bytes;
  for (uint32_t line = 0; line < box.lines; line += most) {
    copy_lines(transfer, direction, l1 + line * box.line_bytes, l2 + line * box.line_stride, smaller(box.lines - line, most),
               box.line_stride, box.line_bytes);
  }
}

dsc_dma dsc_start_line(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t bytes) {
  dsc_dma transfer = take_number();
  copy_line(transfer, direction, l1, l2, bytes);
  dsc_count_bytes(direction, bytes);
  return transfer;
}

dsc_dma dsc_start_lines(dsc_direction direction, uint32_t l1, uint32_t l2, uint32_t lines, uint32_t stride, uint32_t bytes) {
  return dsc_start_box(direction, l1, l2, dsc_single_block(lines, stride, bytes));
}

dsc_dma dsc_start_box(dsc_direction direction, uint32_t l1, uint32_t l2, dsc_box box) {
  dsc_dma transfer = take_number();
  uint32_t inner_stride = box.inner_block_stride != 0 ? box.inner_block_stride : box.lines * box.line_bytes;
  for (uint32_t block = 0; block < box.blocks; block++) {
    copy_block(transfer, direction, l1 + block * inner_stride, l2 + block * box.block_stride, box);
  }
  dsc_count_bytes(direction, box.blocks * box.lines * box.line_bytes);
  return transfer;
}

/* One of no bytes has no copy. */
void dsc_wait(dsc_dma transfer) {
  if (started & 1u << transfer) pi_cl_dma_wait(&copies[transfer]);
  busy &= ~(1u << transfer);
}

void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes) {
  dsc_wait(transfer);
  dsc_count_bytes(DSC_LOAD_WEIGHTS, bytes);
}
