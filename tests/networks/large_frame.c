/* A stack frame as large as the stack of a core. */
#include "network.h"

static uint8_t l2_arena[4];

static void run(uint32_t core) {
  volatile uint8_t frame[1024];
  frame[core] = 1;
}

const dsc_network test_network = {
    .name = "large_frame",
    .input = l2_arena,
    .input_bytes = sizeof l2_arena,
    .output = l2_arena,
    .output_bytes = sizeof l2_arena,
    .layers = DSC_LAYERS,
    .run = run,
};
