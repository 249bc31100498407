#include "bsp/ram.h"
#include "dsc_pmsis.h"
#include "dsc_runtime.h"

/* A request lives until it has been waited for. */
enum { MOST_IN_FLIGHT = 16, WORD = 4 };

static PI_L2 pi_cl_ram_req_t requests[MOST_IN_FLIGHT];
static uint32_t started;
static uint32_t finished; /* at least so many */

#if DSC_HOOKS
static void count(uint32_t bytes) { dsc_counters.l3_l2 += bytes; }
#else
static void count(uint32_t bytes) { (void)bytes; }
#endif

/* Numbers may wrap: those in flight are so close together that the sign of a difference tells which comes first. */
void dsc_l3_wait(dsc_l3_transfer transfer) {
  for (; (int32_t)(transfer - finished) > 0; finished++) pi_cl_ram_read_wait(&requests[finished % MOST_IN_FLIGHT]);
}

static void request(bool is_load, uint32_t l3, uint8_t *l2, uint32_t bytes) {
  if (started - finished == MOST_IN_FLIGHT) dsc_l3_wait(finished + 1);
  pi_cl_ram_req_t *free_request = &requests[started++ % MOST_IN_FLIGHT];
  uint32_t in_words = (bytes + WORD - 1) / WORD * WORD;
  if (is_load) pi_cl_ram_read(&dsc_ram, dsc_l3_base + l3, l2, in_words, free_request);
  else pi_cl_ram_write(&dsc_ram, dsc_l3_base + l3, l2, in_words, free_request);
}

/* Lines that lie side by side in both memories are one. */
static dsc_l3_transfer start(bool is_load, dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box) {
  count(box.blocks * box.lines * box.line_bytes);
  uint8_t *inner = l2.base + l2_offset;
  uint32_t block_bytes = box.lines * box.line_bytes;
  bool lines_are_one = box.lines == 1 || box.line_stride == box.line_bytes;
  bool blocks_are_one = box.blocks == 1 || (lines_are_one && box.block_stride == block_bytes);
  uint32_t blocks = blocks_are_one ? 1 : box.blocks;
  uint32_t lines = lines_are_one ? 1 : box.lines;
  uint32_t bytes = blocks_are_one && lines_are_one ? box.blocks * block_bytes : lines_are_one ? block_bytes : box.line_bytes;
  for (uint32_t block = 0; block < blocks; block++) {
    for (uint32_t line = 0; line < lines; line++) {
      if (bytes == 0) continue;
      request(is_load, l3_offset + block * box.block_stride + line * box.line_stride, inner, bytes);
      inner += bytes;
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
