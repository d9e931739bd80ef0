/* The inner kernel and the functions of a vector that the files here share. */
#pragma once
#include "ctransformer.h"
#include <stddef.h>
#include <string.h>

#define LANES 8
#define PANEL 16 /* columns of one inner kernel */
#define UNROLLED _Pragma("clang loop unroll(full)")
#define ROWS 6   /* rows of one inner kernel: 12 sums, 2 weights and a factor fill 16 registers */

#if defined(__x86_64__)

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))
typedef float vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(4 * LANES)));
#pragma clang diagnostic ignored "-Wpsabi"

INLINE vector load(const float *from) { return *(const vector *)from; }
INLINE void store(float *to, vector v) { *(vector *)to = v; }
INLINE vector all(float x) { return (vector){x, x, x, x, x, x, x, x}; }
INLINE vector select_lanes(mask where, vector yes, vector no) {
  return (vector)(((mask)yes & where) | ((mask)no & ~where));
}

/* exp(x) to 2 units in the last place; 0 below -87.3, a NaN stays one. Cephes' polynomial (Moshier 1992). */
INLINE vector exponential(vector x) {
  x = select_lanes(x > all(88.3762626647949f), all(88.3762626647949f), x);
  mask tiny = x < all(-87.3365447505531f);
  x = select_lanes(tiny, all(-87.3365447505531f), x);
  /* Adding 1.5 x 2^23 rounds to a whole number and leaves it in the low bits. */
  vector magic = all(12582912.0f);
  vector shifted = x * all(1.44269504088896341f) + magic;
  vector n = shifted - magic;
  vector r = x - n * all(0.693359375f) - n * all(-2.12194440e-4f);
  vector p = all(1.9875691500e-4f);
  p = p * r + all(1.3981999507e-3f);
  p = p * r + all(8.3334519073e-3f);
  p = p * r + all(4.1665795894e-2f);
  p = p * r + all(1.6666665459e-1f);
  p = p * r + all(5.0000001201e-1f);
  p = p * r * r + r + all(1.0f);
  vector power = (vector)(((mask)shifted << 23) + (mask)all(1.0f));
  return select_lanes(tiny, all(0), p * power);
}

/* x (1 + erf(x / sqrt 2)) / 2; Abramowitz and Stegun 1964, 7.1.26: the error function to 1.5e-7. */
INLINE vector gelu(vector x) {
  vector z = x * all(0.70710678118654752f);
  mask negative = z < all(0);
  vector a = select_lanes(negative, -z, z);
  vector t = all(1) / (all(1) + all(0.3275911f) * a);
  vector p = all(1.061405429f);
  p = p * t + all(-1.453152027f);
  p = p * t + all(1.421413741f);
  p = p * t + all(-0.284496736f);
  p = p * t + all(0.254829592f);
  vector rest = p * t * exponential(-a * a);
  /* 1 + erf(z) is `rest` left of 0 and 2 - rest right of it; a NaN goes right and stays one. */
  return all(0.5f) * x * select_lanes(negative, rest, all(2) - rest);
}

/* sums += x w for `rows` rows and one panel: element [r][k] of x is at r * row + k * step. */
INLINE void multiply(const int rows, vector sums[ROWS][2], const float *x, int64_t row, int64_t step, const float *w,
                     int64_t depth, int64_t w_stride) {
#pragma clang loop unroll_count(2)
  for (int64_t k = 0; k < depth; k++) {
    vector first = load(w), second = load(w + LANES);
    w += w_stride;
    UNROLLED
    for (int r = 0; r < rows; r++) {
      vector factor = all(x[r * row]);
      sums[r][0] += factor * first;
      sums[r][1] += factor * second;
    }
    x += step;
  }
}

/* Calls body(n) with the constant n = rows, 1 ... 6. */
#define FOR_ROWS(rows, body)                                                                                           \
  switch (rows) {                                                                                                      \
  case 6:                                                                                                              \
    body(6);                                                                                                           \
    break;                                                                                                             \
  case 5:                                                                                                              \
    body(5);                                                                                                           \
    break;                                                                                                             \
  case 4:                                                                                                              \
    body(4);                                                                                                           \
    break;                                                                                                             \
  case 3:                                                                                                              \
    body(3);                                                                                                           \
    break;                                                                                                             \
  case 2:                                                                                                              \
    body(2);                                                                                                           \
    break;                                                                                                             \
  default:                                                                                                             \
    body(1);                                                                                                           \
    break;                                                                                                             \
  }

#endif

/* Hands out [*first, *last) of `count` pieces of work, `size` at a time; 0 when there is none left. */
static inline int take(int64_t *next, int64_t size, int64_t count, int64_t *first, int64_t *last) {
  *first = __atomic_fetch_add(next, size, __ATOMIC_RELAXED);
  if (*first >= count)
    return 0;
  *last = *first + size < count ? *first + size : count;
  return 1;
}
