#pragma once
#include "internal.h"
#include <math.h>

/* 2 to the power of a whole number. */
INLINE float power_of_two(int32_t n) {
  union {
    uint32_t bits;
    float value;
  } power = {((uint32_t)n + 127) << 23};
  return power.value;
}

/* exp(c) = 2^n times the result: Cody and Waite range reduction, then the minimax polynomial of Cephes' expf. */
INLINE float reduced_exponential(float c, float *power) {
#pragma clang fp contract(fast)
  float n = rintf(c * 1.44269504088896341f);
  float r = c - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  *power = n;
  return p * r * r + r + 1;
}

/* exp(v) */
INLINE float exponential(float v) {
#pragma clang fp contract(fast)
  float c = v > 88.72283f ? 88.72283f : (v < -87.3f ? -87.3f : v);
  float n, p = reduced_exponential(c, &n);
  /* In two steps: for the largest x, n is 128, and 2^128 is no float. */
  int32_t all = (int32_t)n, half = all / 2;
  float e = p * power_of_two(half) * power_of_two(all - half);
  e = v > 88.72283f ? __builtin_inff() : (v < -87.3f ? 0 : e);
  return v != v ? v : e;
}

/* exp(v) for v of at most 0 (a little above does no harm), at two thirds of the cost; 0 below -87.3. */
INLINE float exponential_below_1(float v) {
#pragma clang fp contract(fast)
  /* A NaN passes all of this: what its bits make of the power of two is multiplied by a NaN. */
  float c = v < -87.3f ? -87.3f : v;
  float n, p = reduced_exponential(c, &n);
  return v < -87.3f ? 0 : p * power_of_two((int32_t)n);
}
