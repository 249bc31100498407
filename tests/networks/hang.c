/* Core 0 never ends. */
#include "network.h"

static uint8_t l2_arena[4];

static void run(uint32_t core) {
  for (volatile uint32_t forever = core == 0; forever;) continue;
}

const dsc_network test_network = {
    .name = "hang",
    .input = l2_arena,
    .input_bytes = sizeof l2_arena,
    .output = l2_arena,
    .output_bytes = sizeof l2_arena,
    .layers = DSC_LAYERS,
    .run = run,
};
