/* Core 0 starts transactions in the uDMA itself, and polls it while it waits: sleeping until the FC has seen the uDMA's event
   and woken core 0 takes as long. */
#include "dsc_runtime.h"

enum { MOST_IN_FLIGHT = HYPER_QUEUES * HYPER_QUEUE_LENGTH };

static uint32_t started DSC_RUNTIME_DATA;
static uint32_t finished DSC_RUNTIME_DATA; /* at least so many */

void dsc_l3_set_up(void) {
  started = finished = 0;
  hyper_set_up();
}

void dsc_l3_serve(void) {
  for (;;) __asm__ volatile("wfi");
}

static uint32_t queue_of(uint32_t transaction) { return transaction % HYPER_QUEUES; }

/* When its queue holds no more than were started behind it. */
static bool is_done(uint32_t transaction) {
  uint32_t started_behind = (started - 1 - transaction) / HYPER_QUEUES;
  return hyper_unfinished(queue_of(transaction)) <= started_behind;
}

/* Numbers may wrap: those in flight are so close together that the sign of a difference tells which comes first. */
void dsc_wait_for_transactions(uint32_t count) {
  if ((int32_t)(count - finished) <= 0) return;
  while (!is_done(count - 1)) continue;
  finished = count;
}

dsc_l3_transfer dsc_start_transaction(uint32_t direction, uint32_t l3, uint32_t l2, uint32_t bytes) {
  if (bytes == 0) return finished;
  if (started - finished == MOST_IN_FLIGHT) dsc_wait_for_transactions(finished + 1);
  hyper_start(queue_of(started), direction, l3, l2, bytes);
  return ++started;
}
