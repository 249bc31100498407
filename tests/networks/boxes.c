/* Every box is loaded from the input and stored, packed, in the first half of the output; then it is loaded from there and
   stored as the box it was in the second half.

   The test defines INPUT_BYTES, L1_ARENA_BYTES and BOXES: {offset of the box, offset when packed, box}, ... */
#include "network.h"

typedef struct {
  uint32_t offset;
  uint32_t packed_offset;
  dsc_box box;
} case_;

static const case_ cases[] = {BOXES};

DSC_L1 static uint8_t l1_arena[L1_ARENA_BYTES];
static uint8_t input[INPUT_BYTES];
static uint8_t output[2 * INPUT_BYTES];

static const dsc_buffer l1 = {l1_arena, sizeof l1_arena};
static const dsc_buffer from = {input, sizeof input};
static const dsc_buffer packed = {output, INPUT_BYTES};
static const dsc_buffer unpacked = {output + INPUT_BYTES, INPUT_BYTES};

static dsc_box line(dsc_box box) {
  return (dsc_box){1, 0, 1, 0, box.blocks * box.lines * box.line_bytes, 0};
}

static void pack(case_ tested) {
  dsc_wait(dsc_load(l1, 0, from, tested.offset, tested.box));
  dsc_wait(dsc_store(l1, 0, packed, tested.packed_offset, line(tested.box)));
}

static void unpack(case_ tested) {
  dsc_wait(dsc_load(l1, 0, packed, tested.packed_offset, line(tested.box)));
  dsc_wait(dsc_store(l1, 0, unpacked, tested.offset, tested.box));
}

static void run(uint32_t core) {
  if (core != 0) return;
  dsc_layer_begin(0);
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) pack(cases[i]);
  dsc_layer_end(0, packed);
  dsc_layer_begin(1);
  for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) unpack(cases[i]);
  dsc_layer_end(1, unpacked);
}

const dsc_network test_network = {
    .name = "boxes",
    .input = input,
    .input_bytes = INPUT_BYTES,
    .output = output,
    .output_bytes = 2 * INPUT_BYTES,
    .layers = DSC_LAYERS,
    .run = run,
};
