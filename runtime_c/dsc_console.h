/* Numbers on the console. */
#ifndef DSC_CONSOLE_H
#define DSC_CONSOLE_H

#include <stdint.h>

void dsc_print_decimal(uint32_t value);
void dsc_print_hex(uint32_t value);

#endif
