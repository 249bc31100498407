/* The program that runs the harness: the FC opens what it needs. */
#include "dsc_files.h"
#include "dsc_harness.h"
#include "dsc_l3_image.h"
#include "dsc_pmsis.h"

void dsc_exit(int status) {
  pmsis_exit(status);
  for (;;) continue;
}

static void check(int failed, const char *what) {
  if (!failed) return;
  dsc_print(what);
  dsc_exit(DSC_EXIT_FILE);
}

static void on_core(uint32_t core) {
  if (core == 0) {
    pi_perf_conf(1 << PI_PERF_CYCLES);
    pi_perf_reset();
    pi_perf_start();
  }
  dsc_harness(core);
}

static void run(void) {
  if (DSC_L3_BYTES > 0) check(dsc_open_l3(DSC_L3_BYTES), "L3: no RAM, or not enough\n");
  if (DSC_NETWORK.l3_image_bytes > 0) check(dsc_load_l3("l3.bin", 0), "l3.bin: cannot be read from the readfs\n");
  check(dsc_open_cluster(DSC_L1_BYTES), "cluster: not there, or with too little L1\n");
  dsc_run(on_core);
  dsc_close();
  dsc_exit(0);
}

int main(void) { return pmsis_kickoff((void *)(uintptr_t)run); }
