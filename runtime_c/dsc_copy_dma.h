/* A DMA for libraries on machines that have none: one core copies, at once. */
#ifndef DSC_COPY_DMA_H
#define DSC_COPY_DMA_H

#include <stddef.h>
#include <stdint.h>

/* As string.h has it, which compilers without a C library lack. */
void *memcpy(void *restrict target, const void *restrict source, size_t bytes);

typedef uint32_t dsc_dma;
typedef uint32_t dsc_l3_transfer;

/* L3, where a network needs it (l3_bytes of its dsc_network): the application's, which holds l3.bin of the network from
   NAME_L3_BASE on. */
extern uint8_t dsc_l3[];

static inline void dsc_copy_in(uint8_t *inner, const uint8_t *outer, dsc_box box) {
  uint32_t inner_stride = box.inner_block_stride != 0 ? box.inner_block_stride : box.lines * box.line_bytes;
  for (uint32_t block = 0; block < box.blocks; block++) {
    for (uint32_t line = 0; line < box.lines; line++) {
      const uint8_t *source = outer + block * box.block_stride + line * box.line_stride;
      memcpy(inner + block * inner_stride + line * box.line_bytes, source, box.line_bytes);
    }
  }
}

static inline void dsc_copy_out(uint8_t *outer, const uint8_t *inner, dsc_box box) {
  uint32_t inner_stride = box.inner_block_stride != 0 ? box.inner_block_stride : box.lines * box.line_bytes;
  for (uint32_t block = 0; block < box.blocks; block++) {
    for (uint32_t line = 0; line < box.lines; line++) {
      uint8_t *target = outer + block * box.block_stride + line * box.line_stride;
      memcpy(target, inner + block * inner_stride + line * box.line_bytes, box.line_bytes);
    }
  }
}

static inline dsc_dma dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_copy_in(l1.base + l1_offset, l2.base + l2_offset, box);
  return 0;
}

static inline dsc_dma dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset,
                                       dsc_box box) {
  dsc_copy_in(l1.base + l1_offset, l2.base + l2_offset, box);
  return 0;
}

static inline dsc_dma dsc_prefetch(dsc_buffer l1, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_copy_in(l1.base, l2.base + l2_offset, box);
  return 0;
}

static inline dsc_dma dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box) {
  dsc_copy_out(l2.base + l2_offset, l1.base + l1_offset, box);
  return 0;
}

static inline void dsc_wait(dsc_dma transfer) { (void)transfer; }
static inline void dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes) { (void)transfer, (void)bytes; }

static inline dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  dsc_copy_in(l2.base + l2_offset, dsc_l3 + l3_offset, box);
  return 0;
}

static inline dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  dsc_copy_out(dsc_l3 + l3_offset, l2.base + l2_offset, box);
  return 0;
}

static inline void dsc_l3_wait(dsc_l3_transfer transfer) { (void)transfer; }

#endif
