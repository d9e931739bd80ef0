#include "internal.h"
#include <math.h>

CLONES void ckernels_add(float *restrict a, const float *restrict b, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++)
    a[i] += b[i];
}

CLONES void ckernels_scale(const float *x, float s, float *y, int64_t begin, int64_t end) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = begin; i < end; i++)
    y[i] = s * x[i];
}

CLONES void ckernels_axpy(const float *restrict x, float s, float *restrict y, int64_t begin, int64_t end) {
#pragma clang fp contract(fast)
  for (int64_t i = begin; i < end; i++)
    y[i] += s * x[i];
}

CLONES void ckernels_multiply(const float *a, const float *b, float *y, int64_t begin, int64_t end) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = begin; i < end; i++)
    y[i] = a[i] * b[i];
}

/* oneDNN's takes the maximum with 0, in which a NaN vanishes. */
CLONES void ckernels_relu(const float *x, float slope, float *y, int64_t begin, int64_t end) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = begin; i < end; i++)
    y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

CLONES void ckernels_relu_gradient(const float *x, float slope, const float *dy, float *dx, int64_t begin,
                                   int64_t end) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = begin; i < end; i++)
    dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
}

CLONES double ckernels_sum(const float *x, int64_t count) {
  double total = 0;
  for (int64_t i = 0; i < count; i += 4096) {
#pragma clang fp reassociate(on)
    int64_t end = i + 4096 < count ? i + 4096 : count;
    float s = 0;
    for (int64_t j = i; j < end; j++)
      s += x[j];
    total += s;
  }
  return total;
}

CLONES double ckernels_sum_of_squares(const float *x, int64_t count) {
  double total = 0;
  for (int64_t i = 0; i < count; i += 4096) {
#pragma clang fp reassociate(on) contract(fast)
    int64_t end = i + 4096 < count ? i + 4096 : count;
    float s = 0;
    for (int64_t j = i; j < end; j++)
      s += x[j] * x[j];
    total += s;
  }
  return total;
}

CLONES void ckernels_adam_step(const ckernels_adam *step, const float *restrict gradient, float *restrict value,
                               float *restrict first, float *restrict second, float *restrict average, int64_t begin,
                               int64_t end) {
#pragma clang fp contract(fast)
  ckernels_adam s = *step;
  float keep = 1 - s.rate * s.decay;
  for (int64_t i = begin; i < end; i++) {
    float g = gradient[i] * s.scale;
    float m = s.beta1 * first[i] + (1 - s.beta1) * g;
    float v = s.beta2 * second[i] + (1 - s.beta2) * g * g;
    first[i] = m;
    second[i] = v;
    float denominator = sqrtf(v * s.correction2) + s.epsilon;
    value[i] = value[i] * keep - s.rate * (m * s.correction1) / denominator;
  }
  if (average)
    for (int64_t i = begin; i < end; i++)
      average[i] += (1 - s.average_decay) * (value[i] - average[i]);
}

/* 2 to the power of a whole number. */
INLINE float power_of_two(int32_t n) {
  union {
    uint32_t bits;
    float value;
  } power = {(uint32_t)(n + 127) << 23};
  return power.value;
}

/* Cody and Waite range reduction, then the minimax polynomial of Cephes' expf. */
CLONES void ckernels_exp(const float *x, float *y, int64_t begin, int64_t end) {
#pragma clang fp contract(fast)
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = begin; i < end; i++) {
    float v = x[i];
    float c = v > 88.72283f ? 88.72283f : (v < -87.3f ? -87.3f : v);
    float n = rintf(c * 1.44269504088896341f);
    float r = c - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    /* In two steps: for the largest x, n is 128, and 2^128 is no float. */
    int32_t all = (int32_t)n, half = all / 2;
    float e = p * power_of_two(half) * power_of_two(all - half);
    e = v > 88.72283f ? __builtin_inff() : (v < -87.3f ? 0 : e);
    y[i] = v != v ? v : e;
  }
}
