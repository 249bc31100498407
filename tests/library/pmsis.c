/* Networks in one application of PMSIS, called in turns; ends with the number of wrong outputs. */
#include "network_turns.h"

#include "dsc_pmsis.h"

#include <stdbool.h>

enum { L3_BYTES = 1 << 20 };

static void check(int failed) {
  if (failed) pmsis_exit(failed);
}

static void load_l3_images(void) {
  bool is_open = false;
  for (uint32_t i = 0; i < NETWORKS; i++) {
    if (cases[i].network->l3_image_bytes == 0) continue;
    if (!is_open) check(dsc_open_l3(L3_BYTES));
    is_open = true;
    check(dsc_load_l3(cases[i].l3_image, cases[i].l3_base));
  }
}

static void run(void) {
  load_l3_images();
  check(dsc_open_cluster(LARGEST_L1_BYTES));
  int wrong = 0;
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < NETWORKS; i++) {
      const network_case *one = &cases[i];
      set_input(one, turn);
      dsc_run(one->network->run);
      wrong += wrong_bytes(one, turn);
    }
  }
  dsc_close();
  pmsis_exit(wrong);
}

int main(void) { return pmsis_kickoff((void *)(uintptr_t)run); }
