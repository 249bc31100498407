/* The uDMA of GAP8 takes one transaction at a time. Core 0 writes them to a queue, and the FC, which has nothing else to do,
   runs them one by one. */
#include "dsc_runtime.h"

enum { QUEUE_LENGTH = 16 };

typedef struct {
  uint32_t direction;
  uint32_t l3;
  uint32_t l2;
  uint32_t bytes;
} transaction;

static volatile transaction queue[QUEUE_LENGTH];
static volatile uint32_t started;                   /* written by core 0 */
static volatile uint32_t finished DSC_RUNTIME_DATA; /* written by the FC */

void dsc_l3_set_up(void) {
  finished = 0;
  hyper_set_up();
}

void dsc_l3_serve(void) {
  for (uint32_t served = 0;; finished = ++served) {
    while (started == served) continue;
    transaction next = queue[served % QUEUE_LENGTH];
    hyper_run(next.direction, next.l3, next.l2, next.bytes);
  }
}

/* Numbers may wrap: those in flight are so close together that the sign of a difference tells which comes first. */
void dsc_wait_for_transactions(uint32_t count) {
  while ((int32_t)(count - finished) > 0) continue;
}

dsc_l3_transfer dsc_start_transaction(uint32_t direction, uint32_t l3, uint32_t l2, uint32_t bytes) {
  uint32_t number = started;
  if (bytes == 0) return number;
  while (number - finished == QUEUE_LENGTH) continue;
  queue[number % QUEUE_LENGTH] = (transaction){direction, l3, l2, bytes};
  started = number + 1;
  return number + 1;
}
