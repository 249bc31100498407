/* RISC-V semihosting: calls to the simulator the program runs in. Numbers from "Semihosting for AArch32 and AArch64", which
   RISC-V shares. */
#ifndef DSC_SEMIHOSTING_H
#define DSC_SEMIHOSTING_H

#include <stdint.h>

enum {
  SEMIHOSTING_OPEN = 0x01,
  SEMIHOSTING_CLOSE = 0x02,
  SEMIHOSTING_WRITE0 = 0x04,
  SEMIHOSTING_WRITE = 0x05,
  SEMIHOSTING_READ = 0x06,
  SEMIHOSTING_FLEN = 0x0C,
  SEMIHOSTING_EXIT_EXTENDED = 0x20,
};

int32_t dsc_semihosting(uint32_t call, uintptr_t argument);

#endif
