/* Core 0 runs one statement, STATEMENT, in layer 1. The test may give it some L3. */
#include "network.h"

#ifndef DSC_L3_BYTES
#define DSC_L3_BYTES 0
#endif

DSC_L1 static uint8_t l1_arena[64];
_Alignas(4) static uint8_t l2_arena[256];

static const dsc_buffer l1 = {l1_arena, sizeof l1_arena};
static const dsc_buffer l2 = {l2_arena, sizeof l2_arena};

static void run(uint32_t core) {
  if (core != 0) return;
  dsc_layer_begin(0);
  dsc_layer_end(0, l1);
  dsc_layer_begin(1);
  STATEMENT;
  l2_arena[0] = l1_arena[0];
  dsc_layer_end(1, l2);
}

const dsc_network test_network = {
    .name = "statement",
    .input = l2_arena,
    .input_bytes = 1,
    .output = l2_arena,
    .output_bytes = 1,
    .layers = DSC_LAYERS,
    .run = run,
    .l3_bytes = DSC_L3_BYTES,
};
