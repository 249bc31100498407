/* Core 0 executes an instruction that does not exist. */
#include "network.h"

static uint8_t l2_arena[4];

static void run(uint32_t core) {
  if (core == 0) __asm__ volatile(".word 0xFFFFFFFF");
}

const dsc_network test_network = {
    .name = "fault",
    .input = l2_arena,
    .input_bytes = sizeof l2_arena,
    .output = l2_arena,
    .output_bytes = sizeof l2_arena,
    .layers = DSC_LAYERS,
    .run = run,
};
