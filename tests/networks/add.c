/* Two layers over rows of bytes, tile by tile: the first adds its weight 1 to every byte, the second adds 2. */
#include "network.h"

enum { ROWS = 8, COLUMNS = 64, TILE_COLUMNS = 32, BYTES = ROWS * COLUMNS, TILE_BYTES = ROWS * TILE_COLUMNS };
enum { WEIGHTS_OFFSET = TILE_BYTES };

DSC_L1 static uint8_t l1_arena[TILE_BYTES + sizeof test_weights];
static uint8_t l2_arena[2 * BYTES];

static const dsc_buffer l1 = {l1_arena, sizeof l1_arena};
static const dsc_buffer l2 = {l2_arena, sizeof l2_arena};
static const dsc_const_buffer weights = {test_weights, sizeof test_weights};

static const dsc_box tile = {1, 0, ROWS, COLUMNS, TILE_COLUMNS, 0};
static const dsc_box all_weights = {1, 0, 1, 0, sizeof test_weights, 0};

static void add(uint32_t core, uint8_t weight) {
  uint32_t share = TILE_BYTES / DSC_CORES;
  for (uint32_t i = core * share; i < (core + 1) * share; i++) l1_arena[i] = (uint8_t)(l1_arena[i] + weight);
}

static void layer(uint32_t core, uint32_t index, uint32_t from, uint32_t to) {
  if (core == 0) {
    dsc_layer_begin(index);
    dsc_wait(dsc_load_weights(l1, WEIGHTS_OFFSET, weights, 0, all_weights));
  }
  for (uint32_t column = 0; column < COLUMNS; column += TILE_COLUMNS) {
    if (core == 0) dsc_wait(dsc_load(l1, 0, l2, from + column, tile));
    dsc_barrier(core);
    add(core, l1_arena[WEIGHTS_OFFSET + index]);
    dsc_barrier(core);
    if (core == 0) dsc_wait(dsc_store(l1, 0, l2, to + column, tile));
  }
  if (core == 0) dsc_layer_end(index, (dsc_buffer){l2_arena + to, BYTES});
}

static void run(uint32_t core) {
  layer(core, 0, 0, BYTES);
  layer(core, 1, BYTES, 0);
}

const dsc_network test_network = {
    .name = "add",
    .input = l2_arena,
    .input_bytes = BYTES,
    .output = l2_arena,
    .output_bytes = BYTES,
    .layers = DSC_LAYERS,
    .run = run,
};
