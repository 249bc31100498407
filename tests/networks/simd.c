/* The packed dot products and misaligned loads: the output is the three results for x at every byte of the input's first
   half, and w at the same place of the second. */
#include "dsc_simd.h"
#include "network.h"

enum { VALUES = 64, INPUT_BYTES = 2 * (VALUES + 4), KINDS = 3 };

DSC_L1 static uint8_t l1_arena[INPUT_BYTES];
static uint8_t input[INPUT_BYTES];
static int32_t output[VALUES][KINDS];

static void run(uint32_t core) {
  if (core != 0) return;
  dsc_layer_begin(0);
  dsc_buffer l1 = {l1_arena, sizeof l1_arena};
  dsc_wait(dsc_load(l1, 0, (dsc_buffer){input, sizeof input}, 0, (dsc_box){1, 0, 1, 0, sizeof input, 0}));
  for (uint32_t i = 0; i < VALUES; i++) {
    uint32_t x = dsc_load_word(l1_arena + i);
    uint32_t w = dsc_load_word(l1_arena + VALUES + 4 + i);
    output[i][0] = dsc_sdot4_us(-5, x, w);
    output[i][1] = dsc_sdot4_ss(-5, x, w);
    output[i][2] = dsc_sdot4_uu(-5, x, w);
  }
  dsc_layer_end(0, l1);
  dsc_layer_begin(1);
  dsc_layer_end(1, l1);
}

const dsc_network test_network = {
    .name = "simd",
    .input = input,
    .input_bytes = INPUT_BYTES,
    .output = (const uint8_t *)output,
    .output_bytes = sizeof output,
    .layers = DSC_LAYERS,
    .run = run,
};
