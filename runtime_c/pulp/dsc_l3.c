#include "dsc_l3_image.h"

_Static_assert(DSC_L3_BYTES <= HYPERRAM_BYTES, "the network uses more L3 than the HyperRAM has");

dsc_l3_transfer dsc_start_l3_line(uint32_t direction, uint32_t l3, uint32_t l2, uint32_t bytes) {
#if DSC_HOOKS
  dsc_counters.l3_l2 += bytes;
#endif
  return dsc_start_transaction(direction, l3, l2, bytes);
}

dsc_l3_transfer dsc_start_l3_box(uint32_t direction, uint32_t l3, uint32_t l2, dsc_box box) {
  dsc_l3_transfer transfer = 0;
  for (uint32_t block = 0; block < box.blocks; block++) {
    for (uint32_t line = 0; line < box.lines; line++) {
      uint32_t offset = block * box.block_stride + line * box.line_stride;
      transfer = dsc_start_l3_line(direction, l3 + offset, l2, box.line_bytes);
      l2 += box.line_bytes;
    }
  }
  return transfer;
}

void dsc_l3_wait(dsc_l3_transfer transfer) {
  if (DSC_COUNT) dsc_counts_begin_wait();
  dsc_wait_for_transactions(transfer);
  if (DSC_COUNT) dsc_counts_end_wait(DSC_WAIT_FOR_L3);
}
