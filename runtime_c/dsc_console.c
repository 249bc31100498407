#include "dsc_console.h"

#include "dsc_files.h"

static void print_in_base(uint32_t value, uint32_t base) {
  char text[11]; /* ten decimal digits and the end */
  char *digit = text + sizeof text - 1;
  *digit = '\0';
  do {
    *--digit = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  dsc_print(digit);
}

void dsc_print_decimal(uint32_t value) { print_in_base(value, 10); }

void dsc_print_hex(uint32_t value) {
  dsc_print("0x");
  print_in_base(value, 16);
}
