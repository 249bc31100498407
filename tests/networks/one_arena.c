/* A kernel that reads and writes known places of one array, as generated ones do: pixel p of row k is the sum of two bytes
   of record k. */
#include "dsc_math.h"
#include "network.h"

enum { ROWS = 16, PIXELS = 64, RECORD_BYTES = 32 };

_Alignas(16) static uint8_t arena[4096];

static DSC_NOINLINE void kernel(const uint8_t *w, uint8_t *y) {
  for (int32_t pixel = 0; pixel < PIXELS; pixel++) {
    for (int32_t k = 0; k < ROWS; k++) {
      y[pixel + k * PIXELS] = (uint8_t)(w[k * RECORD_BYTES] + w[k * RECORD_BYTES + 4]);
    }
  }
}

static void run(uint32_t core) {
  if (core == 0) kernel(arena + 2048, arena + 16);
}

const dsc_network test_network = {
    .name = "one_arena",
    .input = arena + 2048,
    .input_bytes = ROWS * RECORD_BYTES,
    .output = arena + 16,
    .output_bytes = ROWS * PIXELS,
    .layers = DSC_LAYERS,
    .run = run,
};
