/* Boxes as transactions of the HyperRAM, a line each. */
#ifndef DSC_L3_H
#define DSC_L3_H

#include "dsc_dma.h"
#include "hyperram.h"

/* Transactions are numbered in the order in which they are started and served. This is the number of the one behind the
   transfer's last. */
typedef uint32_t dsc_l3_transfer;

/* What the chip does with transactions: dsc_l3_queue.c. The FC sets up before core 0 starts, and serves from then on; core 0
   starts transactions and waits until the first so many are done. */
void dsc_l3_set_up(void);
_Noreturn void dsc_l3_serve(void);
dsc_l3_transfer dsc_start_transaction(uint32_t direction, uint32_t l3, uint32_t l2, uint32_t bytes);
void dsc_wait_for_transactions(uint32_t count);

dsc_l3_transfer dsc_start_l3_line(uint32_t direction, uint32_t l3, uint32_t l2, uint32_t bytes);
dsc_l3_transfer dsc_start_l3_box(uint32_t direction, uint32_t l3, uint32_t l2, dsc_box box);

DSC_INLINE dsc_l3_transfer dsc_start_l3(uint32_t direction, uint32_t l3, uint32_t l2, dsc_box box) {
  dsc_box simplest = dsc_simplest(box);
  if (simplest.blocks != 1 || simplest.lines != 1) return dsc_start_l3_box(direction, l3, l2, simplest);
  return dsc_start_l3_line(direction, l3, l2, simplest.line_bytes);
}

DSC_INLINE dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  return dsc_start_l3(HYPER_READ, l3_offset, (uint32_t)l2.base + l2_offset, box);
}

DSC_INLINE dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  return dsc_start_l3(HYPER_WRITE, l3_offset, (uint32_t)l2.base + l2_offset, box);
}

void dsc_l3_wait(dsc_l3_transfer transfer);

static inline void dsc_check_l3_is_idle(void) {}

#endif
