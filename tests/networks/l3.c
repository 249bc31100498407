/* Two layers that each add a row of weights to all rows of the input. The image in L3 holds the weights. Layer 0 starts to
   load both rows, waits for its own, and stores its result in L3; layer 1 loads that, and waits for the other row.

   The test defines DSC_L3_BYTES; the result of layer 0 goes to the end, the left half of all rows before the right half. */
#include "network.h"

enum { ROWS = 8, COLUMNS = 64, BYTES = ROWS * COLUMNS, HALF_COLUMNS = COLUMNS / 2 };
enum { ACTIVATIONS = DSC_L3_BYTES - BYTES };

DSC_L1 static uint8_t l1_arena[BYTES + COLUMNS];
_Alignas(4) static uint8_t activations[BYTES];
_Alignas(4) static uint8_t weights[2][COLUMNS];

static const dsc_buffer l1 = {l1_arena, sizeof l1_arena};
static const dsc_buffer l2 = {activations, sizeof activations};

static const dsc_box row_of_weights = {1, 0, 1, 0, COLUMNS, 0};
static const dsc_box all = {1, 0, 1, 0, BYTES, 0};

static const dsc_box halves = {ROWS, HALF_COLUMNS, 2, BYTES / 2, HALF_COLUMNS, 0};

static dsc_l3_transfer start_loading_weights(uint32_t layer) {
  dsc_buffer row = {weights[layer], COLUMNS};
  return dsc_l3_load(row, 0, layer * COLUMNS, row_of_weights);
}

static void load_tile(uint32_t layer) {
  dsc_wait(dsc_load(l1, 0, l2, 0, all));
  dsc_wait(dsc_load_weights(l1, BYTES, (dsc_const_buffer){weights[layer], COLUMNS}, 0, row_of_weights));
}

static void add(uint32_t core) {
  uint32_t share = BYTES / DSC_CORES;
  for (uint32_t i = core * share; i < (core + 1) * share; i++) {
    l1_arena[i] = (uint8_t)(l1_arena[i] + l1_arena[BYTES + i % COLUMNS]);
  }
}

static void calculate(uint32_t core, uint32_t layer) {
  if (core == 0) load_tile(layer);
  dsc_barrier(core);
  add(core);
  dsc_barrier(core);
  if (core == 0) dsc_wait(dsc_store(l1, 0, l2, 0, all));
}

static void run(uint32_t core) {
  static dsc_l3_transfer next_weights;
  if (core == 0) {
    dsc_layer_begin(0);
    dsc_l3_transfer first_weights = start_loading_weights(0);
    next_weights = start_loading_weights(1);
    dsc_l3_wait(first_weights);
  }
  calculate(core, 0);
  if (core == 0) {
    dsc_l3_wait(dsc_l3_store(l2, 0, ACTIVATIONS, halves));
    dsc_layer_end_in_l3(0, ACTIVATIONS, BYTES);
    for (uint32_t i = 0; i < BYTES; i++) activations[i] = 0;
    dsc_layer_begin(1);
    dsc_l3_wait(dsc_l3_load(l2, 0, ACTIVATIONS, halves));
    dsc_l3_wait(next_weights);
  }
  calculate(core, 1);
  if (core == 0) dsc_layer_end(1, l2);
}

const dsc_network test_network = {
    .name = "l3",
    .input = activations,
    .input_bytes = BYTES,
    .output = activations,
    .output_bytes = BYTES,
    .layers = DSC_LAYERS,
    .run = run,
    .l3_bytes = DSC_L3_BYTES,
    .l3_image_bytes = sizeof weights,
};
