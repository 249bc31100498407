/* Networks in one program on a cluster, called in turns; ends with the number of wrong outputs. */
#include "network_turns.h"

#include "dsc_files.h"
#include "dsc_harness.h"
#include "dsc_runtime.h"

#ifdef DSC_L1_ARENA
DSC_L1 uint8_t DSC_L1_ARENA[LARGEST_L1_BYTES];
#endif

static void load_l3_image(const network_case *one) {
  static _Alignas(4) uint8_t chunk[1024];
  dsc_file image = dsc_file_open(one->l3_image, DSC_FILE_READ);
  for (uint32_t done = 0; done < one->network->l3_image_bytes; done += sizeof chunk) {
    uint32_t left = one->network->l3_image_bytes - done;
    uint32_t count = left < sizeof chunk ? left : sizeof chunk;
    if (!dsc_file_read(image, chunk, count)) dsc_exit(DSC_EXIT_FILE);
    dsc_l3_wait(dsc_l3_store((dsc_buffer){chunk, sizeof chunk}, 0, one->l3_base + done, (dsc_box){1, 0, 1, 0, count, 0}));
  }
  dsc_file_close(image);
}

/* Every core comes here. */
void dsc_harness(uint32_t core) {
  static int wrong;
  for (uint32_t i = 0; core == 0 && i < NETWORKS; i++) {
    if (cases[i].network->l3_image_bytes != 0) load_l3_image(&cases[i]);
  }
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < NETWORKS; i++) {
      const network_case *one = &cases[i];
      if (core == 0) set_input(one, turn);
      dsc_barrier(core);
      one->network->run(core);
      dsc_barrier(core);
      if (core == 0) wrong += wrong_bytes(one, turn);
    }
  }
  if (core == 0) dsc_exit(wrong);
}
