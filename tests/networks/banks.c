/* All cores load from L1: in layer 0 each from a bank of its own, in layer 1 all from the same bank. */
#include "network.h"

enum { BANKS = 16, WORDS = DSC_CORES * BANKS, LOADS = 1000 };

DSC_L1 static volatile uint32_t l1_arena[WORDS];
static uint8_t l2_arena[4];

static void load(uint32_t word) {
  for (uint32_t i = 0; i < LOADS; i++) (void)l1_arena[word];
}

static void layer(uint32_t core, uint32_t index, uint32_t words_between_cores) {
  if (core == 0) dsc_layer_begin(index);
  dsc_barrier(core);
  load(core * words_between_cores);
  dsc_barrier(core);
  if (core == 0) dsc_layer_end(index, (dsc_buffer){l2_arena, sizeof l2_arena});
}

static void run(uint32_t core) {
  layer(core, 0, 1);
  layer(core, 1, BANKS);
}

const dsc_network test_network = {
    .name = "banks",
    .input = l2_arena,
    .input_bytes = sizeof l2_arena,
    .output = l2_arena,
    .output_bytes = sizeof l2_arena,
    .layers = DSC_LAYERS,
    .run = run,
};
