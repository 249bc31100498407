/* The functions that GCC may call in freestanding code. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  unsigned char *target = to;
  const unsigned char *source = from;
  while (count-- > 0) *target++ = *source++;
  return to;
}

void *memset(void *to, int byte, size_t count) {
  unsigned char *target = to;
  while (count-- > 0) *target++ = (unsigned char)byte;
  return to;
}
