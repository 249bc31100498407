#include "bsp/ram.h"
#include "dsc_pmsis.h"
#include "dsc_runtime.h"

/* Requests wait here, not in the RAM's driver, which gets two at a time: pulp-sdk's (hyperbus-v3.c) writes the address of a third
   one before it is started, into registers that a fourth then gets too, and ends several of them with one event. */
enum { MOST_IN_FLIGHT = 16, MOST_IN_DRIVER = 2, WORD = 4 };

typedef struct {
  bool is_load;
  uint32_t l3;
  uint8_t *l2;
  uint32_t bytes;
  uint8_t is_done;
  pi_task_t task; /* of the FC, once for each step */
} l3_request;

static PI_L2 l3_request requests[MOST_IN_FLIGHT];

/* All numbers may wrap: those in flight are so close together that the sign of a difference tells which comes first. */
static uint32_t started, finished;    /* of core 0; finished are at least so many */
static uint32_t taken, handed, ended; /* of the FC, handed to the driver */

static void end(void *ended_request);

/* Without interrupts: the end of a request while the driver looks whether it has room for the next would be forgotten. */
static void hand(l3_request *request) {
  int interrupts = disable_irq();
  pi_task_t *task = pi_task_callback(&request->task, end, request);
  pi_ram_copy_async(&dsc_ram, dsc_l3_base + request->l3, request->l2, request->bytes, request->is_load, task);
  restore_irq(interrupts);
}

static void hand_on(void) {
  while (handed != taken && handed - ended < MOST_IN_DRIVER) hand(&requests[handed++ % MOST_IN_FLIGHT]);
}

static void end(void *ended_request) {
  l3_request *request = ended_request;
  ended++;
  hand_on();
  cl_notify_task_done(&request->is_done, DSC_CLUSTER);
}

/* The FC runs one task at a time, in the order in which core 0 has sent them. */
static void take(void *sent_request) {
  (void)sent_request;
  taken++;
  hand_on();
}

void dsc_l3_wait(dsc_l3_transfer transfer) {
  for (; (int32_t)(transfer - finished) > 0; finished++) cl_wait_task(&requests[finished % MOST_IN_FLIGHT].is_done);
}

dsc_l3_transfer dsc_start_l3_line(bool is_load, uint32_t l3, uint8_t *l2, uint32_t bytes) {
#if DSC_HOOKS
  dsc_counters.l3_l2 += bytes;
#endif
  if (bytes == 0) return finished;
  if (started - finished == MOST_IN_FLIGHT) dsc_l3_wait(finished + 1);
  l3_request *request = &requests[started % MOST_IN_FLIGHT];
  request->is_load = is_load;
  request->l3 = l3;
  request->l2 = l2;
  request->bytes = (bytes + WORD - 1) / WORD * WORD;
  request->is_done = 0;
  pi_cl_send_task_to_fc(pi_task_callback(&request->task, take, request));
  return ++started;
}

dsc_l3_transfer dsc_start_l3_box(bool is_load, uint32_t l3, uint8_t *l2, dsc_box box) {
  dsc_l3_transfer transfer = finished;
  for (uint32_t block = 0; block < box.blocks; block++) {
    for (uint32_t line = 0; line < box.lines; line++) {
      transfer = dsc_start_l3_line(is_load, l3 + block * box.block_stride + line * box.line_stride, l2, box.line_bytes);
      l2 += box.line_bytes;
    }
  }
  return transfer;
}
