/* Core 0 executes an instruction that does not exist. */
#include "network.h"

static uint8_t l2_arena[4];

static void run(uint32_t core) {
  if (core == 0) __asm__ volatile(".word 0");
}

const dsc_network test_network = {"fault", l2_arena, sizeof l2_arena, l2_arena, sizeof l2_arena, DSC_LAYERS, run};
