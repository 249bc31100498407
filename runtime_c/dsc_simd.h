/* Four bytes at a time: dot products of packed 8-bit lanes. The suffix gives the signs of x and w: u unsigned, s signed.

   DSC_XPULP (set by the platform) selects the Xpulp instructions; without it the same functions are plain C. */
#ifndef DSC_SIMD_H
#define DSC_SIMD_H

#include <stdint.h>

/* Four bytes in memory order, lane 0 first. The address need not be aligned: a core that loads misaligned words gets one
   load out of this, the others bytes. */
static inline uint32_t dsc_load_word(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

#ifdef DSC_XPULP

/* pv.sdotusp.b, pv.sdotsp.b and pv.sdotup.b of RI5CY: the major opcode 0x57 with funct3 1 (.b), told apart by funct7. */

static inline int32_t dsc_sdot4_us(int32_t acc, uint32_t x, uint32_t w) {
  __asm__(".insn r 0x57, 1, 0x54, %0, %1, %2" : "+r"(acc) : "r"(x), "r"(w));
  return acc;
}

static inline int32_t dsc_sdot4_ss(int32_t acc, uint32_t x, uint32_t w) {
  __asm__(".insn r 0x57, 1, 0x5C, %0, %1, %2" : "+r"(acc) : "r"(x), "r"(w));
  return acc;
}

static inline int32_t dsc_sdot4_uu(int32_t acc, uint32_t x, uint32_t w) {
  __asm__(".insn r 0x57, 1, 0x50, %0, %1, %2" : "+r"(acc) : "r"(x), "r"(w));
  return acc;
}

#else

static inline int32_t dsc_unsigned_lane(uint32_t word, uint32_t lane) { return (uint8_t)(word >> (8 * lane)); }

static inline int32_t dsc_signed_lane(uint32_t word, uint32_t lane) { return (int8_t)(word >> (8 * lane)); }

static inline int32_t dsc_sdot4_us(int32_t acc, uint32_t x, uint32_t w) {
  for (uint32_t lane = 0; lane < 4; lane++) acc += dsc_unsigned_lane(x, lane) * dsc_signed_lane(w, lane);
  return acc;
}

static inline int32_t dsc_sdot4_ss(int32_t acc, uint32_t x, uint32_t w) {
  for (uint32_t lane = 0; lane < 4; lane++) acc += dsc_signed_lane(x, lane) * dsc_signed_lane(w, lane);
  return acc;
}

static inline int32_t dsc_sdot4_uu(int32_t acc, uint32_t x, uint32_t w) {
  for (uint32_t lane = 0; lane < 4; lane++) acc += dsc_unsigned_lane(x, lane) * dsc_unsigned_lane(w, lane);
  return acc;
}

#endif

#endif
