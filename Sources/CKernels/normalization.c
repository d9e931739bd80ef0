#include "internal.h"
#include "lanes.h"

/* Where the gradient of a fused ReLU flows: everywhere; where the output is above 0; or, without a residual, where the
 * output would be above 0 if it were computed again, which saves reading it. */
enum { MASK_NONE, MASK_FROM_OUTPUT, MASK_FROM_INPUT };

#define LANES 8
#include "normalization_blocks.h"
#define LANES 16
#include "normalization_blocks.h"

/* Plain layout, one channel after the other: rows of pixels. */
INLINE void row_sums_1(const float *x, int64_t pixels, float pivot, float *sum, float *square) {
#pragma clang fp reassociate(on) contract(fast)
  float s = 0, q = 0;
  for (int64_t i = 0; i < pixels; i++) {
    float d = x[i] - pivot;
    s += d;
    q += d * d;
  }
  *sum = s;
  *square = q;
}

INLINE void moments_1(const ckernels_activation *shape, const float *x, float *mean, float *variance, int64_t begin,
                      int64_t end) {
  double count = (double)shape->batch * (double)shape->pixels;
  for (int64_t c = begin; c < end; c++) {
    /* Sums are taken around the channel's first pixel, so that a large mean does not swallow a small variance. */
    float pivot = x[c * shape->pixels];
    double sum = 0, square = 0;
    for (int64_t n = 0; n < shape->batch; n++) {
      float s, q;
      row_sums_1(x + (n * shape->channels + c) * shape->pixels, shape->pixels, pivot, &s, &q);
      sum += s;
      square += q;
    }
    double m = sum / count, v = square / count - m * m;
    mean[c] = (float)(pivot + m);
    variance[c] = v < 0 ? 0 : (float)v;
  }
}

CLONES void ckernels_moments(const ckernels_activation *shape, const float *x, float *mean, float *variance,
                             int64_t begin, int64_t end) {
  FOR_BLOCK(shape->block, moments, shape, x, mean, variance, begin, end);
}

INLINE void channel_sums_1(const ckernels_activation *shape, const float *x, float *sum, int64_t begin, int64_t end) {
  for (int64_t c = begin; c < end; c++) {
    double total = 0;
    for (int64_t n = 0; n < shape->batch; n++) {
      float s, q;
      row_sums_1(x + (n * shape->channels + c) * shape->pixels, shape->pixels, 0, &s, &q);
      total += s;
    }
    sum[c] = (float)total;
  }
}

CLONES void ckernels_channel_sums(const ckernels_activation *shape, const float *x, float *sum, int64_t begin,
                                  int64_t end) {
  FOR_BLOCK(shape->block, channel_sums, shape, x, sum, begin, end);
}

INLINE float scaled_1(float x, float scale, float shift, float more, const int relu) {
#pragma clang fp contract(fast)
  float v = x * scale + shift + more;
  return relu ? (v < 0 ? 0 : v) : v;
}

INLINE void scale_shift_1(const ckernels_activation *shape, const float *x, const float *scale, const float *shift,
                          const float *residual, const int relu, float *y, int64_t begin, int64_t end) {
  for (int64_t c = begin; c < end; c++)
    for (int64_t n = 0; n < shape->batch; n++) {
      int64_t first = (n * shape->channels + c) * shape->pixels, last = first + shape->pixels;
      float a = scale[c], b = shift[c];
      if (residual) {
#pragma clang loop vectorize(assume_safety)
        for (int64_t i = first; i < last; i++)
          y[i] = scaled_1(x[i], a, b, residual[i], relu);
      } else {
#pragma clang loop vectorize(assume_safety)
        for (int64_t i = first; i < last; i++)
          y[i] = scaled_1(x[i], a, b, 0, relu);
      }
    }
}

CLONES void ckernels_scale_shift(const ckernels_activation *shape, const float *x, const float *scale,
                                 const float *shift, const float *residual, int relu, float *y, int64_t begin,
                                 int64_t end) {
  if (relu)
    FOR_BLOCK(shape->block, scale_shift, shape, x, scale, shift, residual, 1, y, begin, end);
  else
    FOR_BLOCK(shape->block, scale_shift, shape, x, scale, shift, residual, 0, y, begin, end);
}

INLINE float masked_1(const float *x, const float *y, const float *dy, int64_t i, float scale, float shift,
                      const int mask) {
  if (mask == MASK_FROM_OUTPUT)
    return y[i] > 0 ? dy[i] : 0;
  if (mask == MASK_FROM_INPUT)
    return scaled_1(x[i], scale, shift, 0, 0) > 0 ? dy[i] : 0;
  return dy[i];
}

INLINE void normalize_sums_1(const ckernels_activation *shape, const ckernels_normalization *of, const float *dy,
                             float *sum, float *normalized, int64_t begin, int64_t end, const int mask) {
  for (int64_t c = begin; c < end; c++) {
    double total = 0, dot = 0;
    float mean = of->mean[c], scale = mask == MASK_FROM_INPUT ? of->scale[c] : 0,
          shift = mask == MASK_FROM_INPUT ? of->shift[c] : 0;
    for (int64_t n = 0; n < shape->batch; n++) {
#pragma clang fp reassociate(on) contract(fast)
      int64_t first = (n * shape->channels + c) * shape->pixels, last = first + shape->pixels;
      float s = 0, q = 0;
      for (int64_t i = first; i < last; i++) {
        float g = masked_1(of->x, of->y, dy, i, scale, shift, mask);
        s += g;
        q += g * (of->x[i] - mean);
      }
      total += s;
      dot += q;
    }
    sum[c] = (float)total;
    normalized[c] = (float)(dot * of->inverse_deviation[c]);
  }
}

CLONES void ckernels_normalize_sums(const ckernels_activation *shape, const ckernels_normalization *of,
                                    const float *dy, float *sum, float *sum_normalized, int64_t begin, int64_t end) {
  if (of->y)
    FOR_BLOCK(shape->block, normalize_sums, shape, of, dy, sum, sum_normalized, begin, end, MASK_FROM_OUTPUT);
  else if (of->scale)
    FOR_BLOCK(shape->block, normalize_sums, shape, of, dy, sum, sum_normalized, begin, end, MASK_FROM_INPUT);
  else
    FOR_BLOCK(shape->block, normalize_sums, shape, of, dy, sum, sum_normalized, begin, end, MASK_NONE);
}

INLINE void normalize_gradient_1(const ckernels_activation *shape, const ckernels_normalization *of, const float *dy,
                                 const float *a, const float *b, const float *c, float *dx, float *dresidual,
                                 int64_t begin, int64_t end, const int mask, const int passes) {
  for (int64_t channel = begin; channel < end; channel++) {
    float ka = a[channel], kb = b[channel], kc = c[channel], scale = mask == MASK_FROM_INPUT ? of->scale[channel] : 0,
          shift = mask == MASK_FROM_INPUT ? of->shift[channel] : 0;
    for (int64_t n = 0; n < shape->batch; n++) {
#pragma clang fp contract(fast)
      int64_t first = (n * shape->channels + channel) * shape->pixels, last = first + shape->pixels;
      /* Buffers may be the same, never shifted, so the order of loads and stores within a vector does not matter. */
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = first; i < last; i++) {
        float g = masked_1(of->x, of->y, dy, i, scale, shift, mask);
        float d = ka * g + (kb * of->x[i] + kc);
        if (passes)
          dresidual[i] = g;
        dx[i] = d;
      }
    }
  }
}

CLONES void ckernels_normalize_gradient(const ckernels_activation *shape, const ckernels_normalization *of,
                                        const float *dy, const float *a, const float *b, const float *c, float *dx,
                                        float *dresidual, int64_t begin, int64_t end) {
#define ARGUMENTS shape, of, dy, a, b, c, dx, dresidual, begin, end
  if (of->y && dresidual)
    FOR_BLOCK(shape->block, normalize_gradient, ARGUMENTS, MASK_FROM_OUTPUT, 1);
  else if (of->y)
    FOR_BLOCK(shape->block, normalize_gradient, ARGUMENTS, MASK_FROM_OUTPUT, 0);
  else if (of->scale)
    FOR_BLOCK(shape->block, normalize_gradient, ARGUMENTS, MASK_FROM_INPUT, 0);
  else if (dresidual)
    FOR_BLOCK(shape->block, normalize_gradient, ARGUMENTS, MASK_NONE, 1);
  else
    FOR_BLOCK(shape->block, normalize_gradient, ARGUMENTS, MASK_NONE, 0);
#undef ARGUMENTS
}
