#include "bsp/ram.h"
#include "dsc_pmsis.h"
#include "dsc_runtime.h"

/* A request lives until it has been waited for. */
enum { MOST_IN_FLIGHT = 16, WORD = 4 };

static PI_L2 pi_cl_ram_req_t requests[MOST_IN_FLIGHT];
static uint32_t started;
static uint32_t finished; /* at least so many */

/* Numbers may wrap: those in flight are so close together that the sign of a difference tells which comes first. */
void dsc_l3_wait(dsc_l3_transfer transfer) {
  for (; (int32_t)(transfer - finished) > 0; finished++) pi_cl_ram_read_wait(&requests[finished % MOST_IN_FLIGHT]);
}

static void request(bool is_load, uint32_t l3, uint8_t *l2, uint32_t bytes) {
  if (bytes == 0) return;
  if (started - finished == MOST_IN_FLIGHT) dsc_l3_wait(finished + 1);
  pi_cl_ram_req_t *free_request = &requests[started++ % MOST_IN_FLIGHT];
  uint32_t in_words = (bytes + WORD - 1) / WORD * WORD;
  if (is_load) pi_cl_ram_read(&dsc_ram, dsc_l3_base + l3, l2, in_words, free_request);
  else pi_cl_ram_write(&dsc_ram, dsc_l3_base + l3, l2, in_words, free_request);
}

static dsc_l3_transfer start(bool is_load, dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
#if DSC_HOOKS
  dsc_counters.l3_l2 += box.blocks * box.lines * box.line_bytes;
#endif
  dsc_box simplest = dsc_simplest(box);
  uint8_t *inner = l2.base + l2_offset;
  for (uint32_t block = 0; block < simplest.blocks; block++) {
    for (uint32_t line = 0; line < simplest.lines; line++) {
      uint32_t offset = block * simplest.block_stride + line * simplest.line_stride;
      request(is_load, l3_offset + offset, inner, simplest.line_bytes);
      inner += simplest.line_bytes;
    }
  }
  return started;
}

dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  return start(true, l2, l2_offset, l3_offset, box);
}

dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  return start(false, l2, l2_offset, l3_offset, box);
}
