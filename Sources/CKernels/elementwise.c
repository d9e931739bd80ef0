#include "internal.h"
#include "exponential.h"

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

INLINE double dot(const float *a, const float *b, int64_t count) {
  double total = 0;
  for (int64_t i = 0; i < count; i += 4096) {
#pragma clang fp reassociate(on) contract(fast)
    int64_t end = i + 4096 < count ? i + 4096 : count;
    float s = 0;
    for (int64_t j = i; j < end; j++)
      s += a[j] * b[j];
    total += s;
  }
  return total;
}

CLONES double ckernels_sum_of_squares(const float *x, int64_t count) { return dot(x, x, count); }

CLONES double ckernels_dot(const float *a, const float *b, int64_t count) { return dot(a, b, count); }

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

CLONES void ckernels_exp(const float *x, float *y, int64_t begin, int64_t end) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = begin; i < end; i++)
    y[i] = exponential(x[i]);
}
