#include "dsc_console.h"
#include "dsc_files.h"
#include "dsc_harness.h"
#include "dsc_runtime.h"

enum { ALL_CORES = (1 << DSC_CORES) - 1 };

extern const char _start[];

void dsc_exit(int status) {
  PULP_REGISTER(PULP_CORE_STATUS) = PULP_EXITED | (uint32_t)status;
  for (;;) continue;
}

/* The FC comes here from crt0.S. It starts core 0, which ends the program. */
_Noreturn void dsc_start_cluster(void) {
  pulp_power_on_cluster();
  dsc_l3_set_up();
  PULP_REGISTER(PULP_FC_ICACHE_ENABLE) = 1;
  PULP_REGISTER(PULP_CLUSTER_ICACHE_ENABLE) = 0xFFFFFFFF;
  for (uint32_t core = 0; core < DSC_CORES; core++) {
    PULP_REGISTER(PULP_CLUSTER_BOOT_ADDRESS(core)) = (uint32_t)_start;
  }
  PULP_REGISTER(PULP_CLUSTER_FETCH_ENABLE) = 1;
  dsc_l3_serve();
}

/* Every core of the cluster comes here from crt0.S: core 0 first, which starts the others when their barrier stands. */
_Noreturn void dsc_start_core(uint32_t core) {
  event_unit_listen(EVENT_BARRIER);
  if (core == 0) {
    event_unit_set_up_barrier(ALL_CORES);
    PULP_REGISTER(PULP_CLUSTER_FETCH_ENABLE) = ALL_CORES;
  }
  dsc_harness(core);
  if (core == 0) dsc_exit(0);
  for (;;) __asm__ volatile("wfi");
}

_Noreturn void dsc_trap(uint32_t cause, uint32_t pc, uint32_t hart) {
  dsc_print("trap: hart ");
  dsc_print_hex(hart);
  dsc_print(" mcause ");
  dsc_print_hex(cause);
  dsc_print(" mepc ");
  dsc_print_hex(pc);
  dsc_print("\n");
  dsc_exit(DSC_EXIT_TRAP);
}
