/* The integer functions that requantisation is made of. Each is exact for negative values too.

   The shift forms take shift from 0 to 62 and |value| below 2^62 + 2^61; the division forms take any value and a positive
   divisor. A shift that is a constant folds to a few instructions: on rv32 a shift above 32 needs the high word alone. */
#ifndef DSC_REQUANT_H
#define DSC_REQUANT_H

#include <stdint.h>

static inline int64_t dsc_floor_shift(int64_t value, uint32_t shift) { return value >> shift; }

static inline int64_t dsc_round_half_up(int64_t value, uint32_t shift) {
  if (shift == 0) return value;
  return (value + ((int64_t)1 << (shift - 1))) >> shift;
}

static inline int64_t dsc_round_half_away(int64_t value, uint32_t shift) {
  if (shift == 0) return value;
  return (value + ((int64_t)1 << (shift - 1)) - (value < 0)) >> shift;
}

/* Rounds by 31 bits, then by the rest: gemmlowp's way. */
static inline int64_t dsc_round_twice(int64_t value, uint32_t shift) {
  if (shift <= 31) return dsc_round_half_up(value, shift);
  return dsc_round_half_away(dsc_round_half_up(value, 31), shift - 31);
}

static inline int64_t dsc_round_half_even(int64_t value, uint32_t shift) {
  if (shift == 0) return value;
  int64_t below_half = ((int64_t)1 << (shift - 1)) - 1;
  int64_t is_odd = (value >> shift) & 1;
  return (value + below_half + is_odd) >> shift;
}

/* value == quotient * divisor + remainder, with 0 <= remainder < divisor. */
typedef struct {
  int64_t quotient;
  int64_t remainder;
} dsc_floored;

static inline dsc_floored dsc_div(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  int64_t remainder = value - quotient * divisor;
  if (remainder < 0) return (dsc_floored){quotient - 1, remainder + divisor};
  return (dsc_floored){quotient, remainder};
}

static inline int64_t dsc_div_floor(int64_t value, int64_t divisor) { return dsc_div(value, divisor).quotient; }

static inline int64_t dsc_div_half_up(int64_t value, int64_t divisor) {
  dsc_floored floored = dsc_div(value, divisor);
  return floored.quotient + (floored.remainder >= divisor - floored.remainder);
}

static inline int64_t dsc_div_half_away(int64_t value, int64_t divisor) {
  dsc_floored floored = dsc_div(value, divisor);
  int64_t to_next = divisor - floored.remainder;
  int rounds_up = floored.remainder > to_next || (floored.remainder == to_next && floored.quotient >= 0);
  return floored.quotient + rounds_up;
}

static inline int64_t dsc_div_half_even(int64_t value, int64_t divisor) {
  dsc_floored floored = dsc_div(value, divisor);
  int64_t to_next = divisor - floored.remainder;
  int rounds_up = floored.remainder > to_next || (floored.remainder == to_next && (floored.quotient & 1));
  return floored.quotient + rounds_up;
}

static inline int32_t dsc_clip(int64_t value, int32_t low, int32_t high) {
  if (value < low) return low;
  if (value > high) return high;
  return (int32_t)value;
}

/* The same for a value already known to fit 32 bits, where rv32 compares one word instead of two. */
static inline int32_t dsc_clip32(int32_t value, int32_t low, int32_t high) {
  if (value < low) return low;
  if (value > high) return high;
  return value;
}

#endif
