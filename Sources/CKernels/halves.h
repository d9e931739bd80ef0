/* Single precision to bfloat16. */
#pragma once
#include "internal.h"
#include <string.h>

/* Rounds to the nearest number of bfloat16, ties to even; a NaN stays one. */
INLINE uint32_t rounded(uint32_t bits) {
  const uint32_t quiet = (bits >> 16) | 0x40, nearest = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? quiet : nearest;
}

INLINE uint32_t bits_of(const float *x) {
  uint32_t bits;
  memcpy(&bits, x, sizeof bits);
  return bits;
}
