/* Core 0 never ends. */
#include "network.h"

static uint8_t l2_arena[4];

static void run(uint32_t core) {
  for (volatile uint32_t forever = core == 0; forever;) continue;
}

const dsc_network test_network = {"hang", l2_arena, sizeof l2_arena, l2_arena, sizeof l2_arena, DSC_LAYERS, run};
