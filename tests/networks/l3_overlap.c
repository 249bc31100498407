/* Both layers load tiles to L1 and compute on them; in layer 1 a load from L3 is in flight at the same time. */
#include "network.h"

enum { LOADED = 32768, TILE = 4096, TILES = 16 };

DSC_L1 static volatile uint8_t l1_arena[TILE];
_Alignas(4) static uint8_t l2_arena[LOADED + TILE];

static const dsc_buffer l1 = {(uint8_t *)l1_arena, sizeof l1_arena};
static const dsc_buffer l2 = {l2_arena, sizeof l2_arena};

static void load_and_compute(uint32_t core) {
  for (uint32_t tile = 0; tile < TILES; tile++) {
    if (core == 0) dsc_wait(dsc_load(l1, 0, l2, LOADED, (dsc_box){1, 0, 1, 0, TILE, 0}));
    dsc_barrier(core);
    for (uint32_t i = core; i < TILE; i += DSC_CORES) l1_arena[i] = (uint8_t)(l1_arena[i] + 1);
    dsc_barrier(core);
  }
}

static void run(uint32_t core) {
  dsc_l3_transfer load = 0;
  if (core == 0) dsc_layer_begin(0);
  load_and_compute(core);
  if (core == 0) {
    dsc_layer_end(0, l2);
    dsc_layer_begin(1);
    load = dsc_l3_load(l2, 0, 0, (dsc_box){1, 0, 1, 0, LOADED, 0});
  }
  load_and_compute(core);
  if (core == 0) {
    dsc_l3_wait(load);
    dsc_layer_end(1, l2);
  }
}

const dsc_network test_network = {
    .name = "l3_overlap",
    .input = l2_arena,
    .input_bytes = 4,
    .output = l2_arena,
    .output_bytes = 4,
    .layers = DSC_LAYERS,
    .run = run,
    .l3_bytes = DSC_L3_BYTES,
};
