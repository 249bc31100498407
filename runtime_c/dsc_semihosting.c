#include "dsc_semihosting.h"

#include "dsc_files.h"

/* The simulator knows the call by the two shifts around ebreak; none of the three may be compressed. noinline and the
   alignment keep them in one page, as QEMU wants them. */
__attribute__((noinline)) int32_t dsc_semihosting(uint32_t call, uintptr_t argument) {
  register uint32_t a0 __asm__("a0") = call;
  register uintptr_t a1 __asm__("a1") = argument;
  __asm__ volatile(
      ".option push\n"
      ".option norvc\n"
      ".balign 16\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return (int32_t)a0;
}

/* The arguments are no local variable: stacks may be in L1, where GVSoC's GAP8 does not find more than a word. */
static int32_t call_with(uint32_t call, uintptr_t first, uintptr_t second, uintptr_t third) {
  static uintptr_t arguments[3];
  arguments[0] = first;
  arguments[1] = second;
  arguments[2] = third;
  return dsc_semihosting(call, (uintptr_t)arguments);
}

static int32_t call_with_file(uint32_t call, dsc_file file) {
#ifdef DSC_SEMIHOSTING_FILE_BY_VALUE
  return dsc_semihosting(call, (uintptr_t)file);
#else
  return call_with(call, (uintptr_t)file, 0, 0);
#endif
}

static uintptr_t length(const char *text) {
  uintptr_t count = 0;
  while (text[count] != '\0') count++;
  return count;
}

/* Modes of SEMIHOSTING_OPEN: fopen's "rb" and "wb". */
enum { OPEN_READ_BINARY = 1, OPEN_WRITE_BINARY = 5 };

dsc_file dsc_file_open(const char *name, dsc_file_mode mode) {
  uintptr_t open_mode = mode == DSC_FILE_READ ? OPEN_READ_BINARY : OPEN_WRITE_BINARY;
  return call_with(SEMIHOSTING_OPEN, (uintptr_t)name, open_mode, length(name));
}

uint32_t dsc_file_size(dsc_file file) { return (uint32_t)call_with_file(SEMIHOSTING_FLEN, file); }

/* Both answer with the number of bytes that were not transferred. */

bool dsc_file_read(dsc_file file, void *bytes, uint32_t count) {
  return call_with(SEMIHOSTING_READ, (uintptr_t)file, (uintptr_t)bytes, count) == 0;
}

bool dsc_file_write(dsc_file file, const void *bytes, uint32_t count) {
  return call_with(SEMIHOSTING_WRITE, (uintptr_t)file, (uintptr_t)bytes, count) == 0;
}

void dsc_file_close(dsc_file file) { call_with_file(SEMIHOSTING_CLOSE, file); }

void dsc_print(const char *text) { dsc_semihosting(SEMIHOSTING_WRITE0, (uintptr_t)text); }
