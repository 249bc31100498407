/* L3 is RAM behind the FC, which serves the requests of core 0 in their order. */
#ifndef DSC_L3_H
#define DSC_L3_H

#include "dsc_dma.h"

/* Requests are numbered in the order in which they are made. This is the number of the one behind the transfer's last. */
typedef uint32_t dsc_l3_transfer;

dsc_l3_transfer dsc_start_l3_line(bool is_load, uint32_t l3, uint8_t *l2, uint32_t bytes);
dsc_l3_transfer dsc_start_l3_box(bool is_load, uint32_t l3, uint8_t *l2, dsc_box box);

DSC_INLINE dsc_l3_transfer dsc_start_l3(bool is_load, uint32_t l3, uint8_t *l2, dsc_box box) {
  dsc_box simplest = dsc_simplest(box);
  if (simplest.blocks != 1 || simplest.lines != 1) return dsc_start_l3_box(is_load, l3, l2, simplest);
  return dsc_start_l3_line(is_load, l3, l2, simplest.line_bytes);
}

DSC_INLINE dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  return dsc_start_l3(true, l3_offset, l2.base + l2_offset, box);
}

DSC_INLINE dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  return dsc_start_l3(false, l3_offset, l2.base + l2_offset, box);
}

void dsc_l3_wait(dsc_l3_transfer transfer);

static inline void dsc_check_l3_is_idle(void) {}

#endif
