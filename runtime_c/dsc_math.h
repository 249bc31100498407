/* Index arithmetic of generated code, and wide loads from channel records. */
#ifndef DSC_MATH_H
#define DSC_MATH_H

#include <stdint.h>

#include "dsc_simd.h"

/* For a layer's function: its frame and its code stay its own. */
#ifdef __GNUC__
#define DSC_NOINLINE __attribute__((noinline))
#else
#define DSC_NOINLINE
#endif

static inline int32_t dsc_min(int32_t a, int32_t b) { return a < b ? a : b; }

static inline int32_t dsc_max(int32_t a, int32_t b) { return a > b ? a : b; }

static inline int64_t dsc_load_int64(const uint8_t *bytes) {
  return (int64_t)((uint64_t)dsc_load_word(bytes) | (uint64_t)dsc_load_word(bytes + 4) << 32);
}

#endif
