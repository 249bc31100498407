/* Every box is loaded from the image in L3 to the first half of the output, packed, and stored from there to a second image,
   as the box it was; the second image then goes to the second half of the output.

   The test defines IMAGE_BYTES, half of DSC_L3_BYTES, and BOXES: {offset of the box, offset when packed, box}, ... */
#include "network.h"

typedef struct {
  uint32_t offset;
  uint32_t packed_offset;
  dsc_box box;
} case_;

static const case_ cases[] = {BOXES};
enum { CASES = sizeof cases / sizeof cases[0] };

static uint8_t input[4];
_Alignas(4) static uint8_t output[2 * IMAGE_BYTES];

static const dsc_buffer packed = {output, IMAGE_BYTES};
static const dsc_buffer unpacked = {output + IMAGE_BYTES, IMAGE_BYTES};

static const dsc_box image = {1, 0, 1, 0, IMAGE_BYTES, 0};

static void clear_second_image(void) {
  for (uint32_t i = 0; i < IMAGE_BYTES; i++) output[i] = 0;
  dsc_l3_wait(dsc_l3_store(packed, 0, IMAGE_BYTES, image));
}

/* Two in flight, waited for in the other order. */
static void load_pair(case_ a, case_ b) {
  dsc_l3_transfer first = dsc_l3_load(packed, a.packed_offset, a.offset, a.box);
  dsc_l3_transfer second = dsc_l3_load(packed, b.packed_offset, b.offset, b.box);
  dsc_l3_wait(second);
  dsc_l3_wait(first);
}

static void store(case_ tested) {
  dsc_l3_wait(dsc_l3_store(packed, tested.packed_offset, IMAGE_BYTES + tested.offset, tested.box));
}

static void run(uint32_t core) {
  if (core != 0) return;
  clear_second_image();
  dsc_layer_begin(0);
  for (uint32_t i = 0; i < CASES; i += 2) load_pair(cases[i], cases[i + 1]);
  dsc_layer_end(0, packed);
  dsc_layer_begin(1);
  for (uint32_t i = 0; i < CASES; i++) store(cases[i]);
  dsc_l3_wait(dsc_l3_load(unpacked, 0, IMAGE_BYTES, image));
  dsc_layer_end(1, unpacked);
}

const dsc_network test_network = {
    .name = "l3_boxes",
    .input = input,
    .input_bytes = sizeof input,
    .output = output,
    .output_bytes = sizeof output,
    .layers = DSC_LAYERS,
    .run = run,
    .l3_bytes = DSC_L3_BYTES,
    .l3_image_bytes = IMAGE_BYTES,
};
