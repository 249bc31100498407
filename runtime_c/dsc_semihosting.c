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

static int32_t call_with(uint32_t call, const uintptr_t *arguments) {
  return dsc_semihosting(call, (uintptr_t)arguments);
}

static int32_t call_with_file(uint32_t call, dsc_file file) {
#ifdef DSC_SEMIHOSTING_FILE_BY_VALUE
  return dsc_semihosting(call, (uintptr_t)file);
#else
  uintptr_t arguments[] = {(uintptr_t)file};
  return call_with(call, arguments);
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
  uintptr_t arguments[] = {(uintptr_t)name, open_mode, length(name)};
  return call_with(SEMIHOSTING_OPEN, arguments);
}

uint32_t dsc_file_size(dsc_file file) { return (uint32_t)call_with_file(SEMIHOSTING_FLEN, file); }

/* Both answer with the number of bytes that were not transferred. */

bool dsc_file_read(dsc_file file, void *bytes, uint32_t count) {
  uintptr_t arguments[] = {(uintptr_t)file, (uintptr_t)bytes, count};
  return call_with(SEMIHOSTING_READ, arguments) == 0;
}

bool dsc_file_write(dsc_file file, const void *bytes, uint32_t count) {
  uintptr_t arguments[] = {(uintptr_t)file, (uintptr_t)bytes, count};
  return call_with(SEMIHOSTING_WRITE, arguments) == 0;
}

void dsc_file_close(dsc_file file) { call_with_file(SEMIHOSTING_CLOSE, file); }

void dsc_print(const char *text) { dsc_semihosting(SEMIHOSTING_WRITE0, (uintptr_t)text); }
