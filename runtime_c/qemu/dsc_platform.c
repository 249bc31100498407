#include "dsc_console.h"
#include "dsc_files.h"
#include "dsc_harness.h"
#include "dsc_runtime.h"
#include "dsc_semihosting.h"

/* Reason of SEMIHOSTING_EXIT_EXTENDED: the application ended by itself. */
enum { STOPPED_APPLICATION_EXIT = 0x20026 };

void dsc_exit(int status) {
  uintptr_t arguments[] = {STOPPED_APPLICATION_EXIT, (uintptr_t)status};
  for (;;) dsc_semihosting(SEMIHOSTING_EXIT_EXTENDED, (uintptr_t)arguments);
}

/* crt0.S comes here from every hart. */
void dsc_start_core(uint32_t core) {
  dsc_harness(core);
  if (core == 0) dsc_exit(0);
}

_Noreturn void dsc_trap(uint32_t cause, uint32_t pc, uint32_t value) {
  dsc_print("trap: mcause ");
  dsc_print_hex(cause);
  dsc_print(" mepc ");
  dsc_print_hex(pc);
  dsc_print(" mtval ");
  dsc_print_hex(value);
  dsc_print("\n");
  dsc_exit(DSC_EXIT_TRAP);
}
