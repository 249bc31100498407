/* A transfer ends while core 0 waits at a barrier for cores that take longer. The output is the number of cores that core 0
   did not find behind them. */
#include "network.h"

enum { TRANSFER_BYTES = 8192, LATE = 4000 };

DSC_L1 static uint8_t l1_arena[TRANSFER_BYTES];
static uint8_t l2_arena[TRANSFER_BYTES];
static volatile uint8_t arrived[DSC_CORES];
static uint8_t missing;

static const dsc_buffer l1 = {l1_arena, sizeof l1_arena};
static const dsc_buffer l2 = {l2_arena, sizeof l2_arena};

static void arrive_late(uint32_t core) {
  for (volatile uint32_t i = 0; i < LATE; i++) continue;
  arrived[core] = 1;
}

static void run(uint32_t core) {
  if (core == 0) {
    arrived[0] = 1;
    dsc_dma transfer = dsc_load(l1, 0, l2, 0, (dsc_box){1, 0, 1, 0, TRANSFER_BYTES, 0});
    dsc_barrier(core);
    missing = DSC_CORES;
    for (uint32_t other = 0; other < DSC_CORES; other++) missing = (uint8_t)(missing - arrived[other]);
    dsc_wait(transfer);
  } else {
    arrive_late(core);
    dsc_barrier(core);
  }
}

const dsc_network test_network = {
    .name = "barrier",
    .input = l2_arena,
    .input_bytes = 1,
    .output = &missing,
    .output_bytes = 1,
    .layers = DSC_LAYERS,
    .run = run,
};
