#include "internal.h"
#include "exponential.h"

/* Phi(x), the normal distribution's cumulative function, and exp(-x^2 / 2), by the approximation 7.1.26 of Abramowitz
 * and Stegun, whose error is below 1.5e-7. The tails are computed as such, so that they go to 0 and not to rounding. */
INLINE float normal_cumulative(float x, float *density) {
#pragma clang fp contract(fast)
  float z = __builtin_fabsf(x) * 0.70710678118654752f;
  float t = 1 / (1 + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  float e = exponential_below_1(-0.5f * x * x);
  float tail = 0.5f * p * t * e;
  *density = e;
  return x < 0 ? tail : 1 - tail;
}

CLONES void ckernels_bias_gelu(float *h, const float *bias, int64_t width, float *y, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; r++) {
    float *row = h + r * width, *to = y + r * width;
#pragma clang loop vectorize(assume_safety)
    for (int64_t j = 0; j < width; j++) {
#pragma clang fp contract(fast)
      float x = row[j] + bias[j], e, phi = normal_cumulative(x, &e);
      to[j] = x * phi;
      row[j] = phi + x * 0.39894228040143268f * e;
    }
  }
}

CLONES void ckernels_product_sums(const float *a, const float *b, int64_t rows, int64_t width, float *y,
                                  float *partial, int64_t begin, int64_t end) {
  for (int64_t chunk = begin; chunk < end; chunk++) {
    float *sum = partial + chunk * width;
    int64_t last = (chunk + 1) * CKERNELS_CHUNK;
    for (int64_t j = 0; j < width; j++)
      sum[j] = 0;
    for (int64_t r = chunk * CKERNELS_CHUNK; r < (last < rows ? last : rows); r++) {
      const float *left = a + r * width, *right = b + r * width;
      float *to = y + r * width;
#pragma clang loop vectorize(assume_safety)
      for (int64_t j = 0; j < width; j++) {
        float v = left[j] * right[j];
        to[j] = v;
        sum[j] += v;
      }
    }
  }
}
