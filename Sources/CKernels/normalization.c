#include "internal.h"

/* Sums of one row of pixels into lanes; four chains hide the latency of the additions. */
INLINE void row_sums(const float *x, int64_t pixels, const int block, const float *pivot, float *sum, float *square) {
  if (block == 1) {
#pragma clang fp reassociate(on) contract(fast)
    float s = 0, q = 0, p = pivot[0];
    for (int64_t i = 0; i < pixels; i++) {
      float d = x[i] - p;
      s += d;
      q += d * d;
    }
    sum[0] = s;
    square[0] = q;
    return;
  }
  float s[4][16] = {{0}}, q[4][16] = {{0}};
  int64_t i = 0;
  for (; i + 4 <= pixels; i += 4)
    for (int k = 0; k < 4; k++)
      for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
        float d = x[(i + k) * block + l] - pivot[l];
        s[k][l] += d;
        q[k][l] += d * d;
      }
  for (; i < pixels; i++)
    for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
      float d = x[i * block + l] - pivot[l];
      s[0][l] += d;
      q[0][l] += d * d;
    }
  for (int l = 0; l < block; l++) {
    sum[l] = (s[0][l] + s[1][l]) + (s[2][l] + s[3][l]);
    square[l] = (q[0][l] + q[1][l]) + (q[2][l] + q[3][l]);
  }
}

INLINE void moments(const ckernels_activation *shape, const float *x, float *mean, float *variance, int64_t begin,
                    int64_t end, const int block) {
  int64_t blocks = shape->channels / block, row = shape->pixels * block;
  double count = (double)shape->batch * (double)shape->pixels;
  for (int64_t c = begin; c < end; c++) {
    /* Sums are taken around the channel's first pixel, so that a large mean does not swallow a small variance. */
    const float *pivot = x + c * row;
    double sum[16] = {0}, square[16] = {0};
    for (int64_t n = 0; n < shape->batch; n++) {
      float s[16], q[16];
      row_sums(x + (n * blocks + c) * row, shape->pixels, block, pivot, s, q);
      for (int l = 0; l < block; l++) {
        sum[l] += s[l];
        square[l] += q[l];
      }
    }
    for (int l = 0; l < block; l++) {
      double m = sum[l] / count, v = square[l] / count - m * m;
      mean[c * block + l] = (float)(pivot[l] + m);
      variance[c * block + l] = v > 0 ? (float)v : (v == v ? 0 : (float)v);
    }
  }
}

CLONES void ckernels_moments(const ckernels_activation *shape, const float *x, float *mean, float *variance,
                             int64_t begin, int64_t end) {
#define BODY(B) moments(shape, x, mean, variance, begin, end, B)
  FOR_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void scale_shift(const ckernels_activation *shape, const float *x, const float *scale, const float *shift,
                        const float *residual, const int relu, float *y, int64_t begin, int64_t end, const int block) {
  int64_t blocks = shape->channels / block, row = shape->pixels * block;
  for (int64_t c = begin; c < end; c++) {
    float a[16], b[16];
    for (int l = 0; l < block; l++) {
      a[l] = scale[c * block + l];
      b[l] = shift[c * block + l];
    }
    for (int64_t n = 0; n < shape->batch; n++) {
      int64_t offset = (n * blocks + c) * row;
      const float *restrict from = x + offset;
      const float *restrict more = residual ? residual + offset : 0;
      float *restrict to = y + offset;
      if (more)
        for (int64_t i = 0; i < shape->pixels; i++)
          for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
            float v = from[i * block + l] * a[l] + b[l] + more[i * block + l];
            to[i * block + l] = relu ? (v < 0 ? 0 : v) : v;
          }
      else
        for (int64_t i = 0; i < shape->pixels; i++)
          for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
            float v = from[i * block + l] * a[l] + b[l];
            to[i * block + l] = relu ? (v < 0 ? 0 : v) : v;
          }
    }
  }
}

CLONES void ckernels_scale_shift(const ckernels_activation *shape, const float *x, const float *scale,
                                 const float *shift, const float *residual, int relu, float *y, int64_t begin,
                                 int64_t end) {
#define BODY(B)                                                                                                        \
  if (relu)                                                                                                            \
    scale_shift(shape, x, scale, shift, residual, 1, y, begin, end, B);                                                \
  else                                                                                                                 \
    scale_shift(shape, x, scale, shift, residual, 0, y, begin, end, B)
  FOR_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void gradient_row_sums(const float *x, const float *y, const float *dy, int64_t pixels, const float *mean,
                              const float *inverse, const int masked, const int block, float *sum, float *normalized) {
  if (block == 1) {
#pragma clang fp reassociate(on) contract(fast)
    float s = 0, q = 0, m = mean[0];
    for (int64_t i = 0; i < pixels; i++) {
      float g = masked ? (y[i] > 0 ? dy[i] : 0) : dy[i];
      s += g;
      q += g * (x[i] - m);
    }
    sum[0] = s;
    normalized[0] = q * inverse[0];
    return;
  }
  float s[2][16] = {{0}}, q[2][16] = {{0}};
  int64_t i = 0;
  for (; i + 2 <= pixels; i += 2)
    for (int k = 0; k < 2; k++)
      for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
        int64_t p = (i + k) * block + l;
        float g = masked ? (y[p] > 0 ? dy[p] : 0) : dy[p];
        s[k][l] += g;
        q[k][l] += g * (x[p] - mean[l]);
      }
  for (; i < pixels; i++)
    for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
      int64_t p = i * block + l;
      float g = masked ? (y[p] > 0 ? dy[p] : 0) : dy[p];
      s[0][l] += g;
      q[0][l] += g * (x[p] - mean[l]);
    }
  for (int l = 0; l < block; l++) {
    sum[l] = s[0][l] + s[1][l];
    normalized[l] = (q[0][l] + q[1][l]) * inverse[l];
  }
}

INLINE void normalize_sums(const ckernels_activation *shape, const float *x, const float *y, const float *dy,
                           const float *mean, const float *inverse, float *sum, float *normalized, int64_t begin,
                           int64_t end, const int masked, const int block) {
  int64_t blocks = shape->channels / block, row = shape->pixels * block;
  for (int64_t c = begin; c < end; c++) {
    double s[16] = {0}, q[16] = {0};
    for (int64_t n = 0; n < shape->batch; n++) {
      int64_t offset = (n * blocks + c) * row;
      float rs[16], rq[16];
      gradient_row_sums(x + offset, masked ? y + offset : 0, dy + offset, shape->pixels, mean + c * block,
                        inverse + c * block, masked, block, rs, rq);
      for (int l = 0; l < block; l++) {
        s[l] += rs[l];
        q[l] += rq[l];
      }
    }
    for (int l = 0; l < block; l++) {
      sum[c * block + l] = (float)s[l];
      normalized[c * block + l] = (float)q[l];
    }
  }
}

CLONES void ckernels_normalize_sums(const ckernels_activation *shape, const float *x, const float *y, const float *dy,
                                    const float *mean, const float *inverse_deviation, float *sum,
                                    float *sum_normalized, int64_t begin, int64_t end) {
#define BODY(B)                                                                                                        \
  if (y)                                                                                                               \
    normalize_sums(shape, x, y, dy, mean, inverse_deviation, sum, sum_normalized, begin, end, 1, B);                   \
  else                                                                                                                 \
    normalize_sums(shape, x, y, dy, mean, inverse_deviation, sum, sum_normalized, begin, end, 0, B)
  FOR_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void normalize_gradient(const ckernels_activation *shape, const float *x, const float *y, const float *dy,
                               const float *a, const float *b, const float *c, float *dx, float *dresidual,
                               int64_t begin, int64_t end, const int masked, const int passes, const int block) {
  int64_t blocks = shape->channels / block, row = shape->pixels * block;
  for (int64_t channel = begin; channel < end; channel++) {
    float ka[16], kb[16], kc[16];
    for (int l = 0; l < block; l++) {
      ka[l] = a[channel * block + l];
      kb[l] = b[channel * block + l];
      kc[l] = c[channel * block + l];
    }
    for (int64_t n = 0; n < shape->batch; n++) {
      int64_t offset = (n * blocks + channel) * row;
      const float *px = x + offset, *py = masked ? y + offset : 0, *pg = dy + offset;
      float *to = dx + offset, *rest = passes ? dresidual + offset : 0;
      /* All loads of a pixel come before its stores: buffers may be the same, never shifted. */
      for (int64_t i = 0; i < shape->pixels; i++) {
        float g[16], d[16];
        for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
          int64_t p = i * block + l;
          g[l] = masked ? (py[p] > 0 ? pg[p] : 0) : pg[p];
          d[l] = ka[l] * g[l] + kb[l] * px[p] + kc[l];
        }
        for (int l = 0; l < block; l++) {
          if (passes)
            rest[i * block + l] = g[l];
          to[i * block + l] = d[l];
        }
      }
    }
  }
}

CLONES void ckernels_normalize_gradient(const ckernels_activation *shape, const float *x, const float *y,
                                        const float *dy, const float *a, const float *b, const float *c, float *dx,
                                        float *dresidual, int64_t begin, int64_t end) {
#define BODY(B)                                                                                                        \
  if (y && dresidual)                                                                                                  \
    normalize_gradient(shape, x, y, dy, a, b, c, dx, dresidual, begin, end, 1, 1, B);                                  \
  else if (y)                                                                                                          \
    normalize_gradient(shape, x, y, dy, a, b, c, dx, 0, begin, end, 1, 0, B);                                          \
  else if (dresidual)                                                                                                  \
    normalize_gradient(shape, x, 0, dy, a, b, c, dx, dresidual, begin, end, 0, 1, B);                                  \
  else                                                                                                                 \
    normalize_gradient(shape, x, 0, dy, a, b, c, dx, 0, begin, end, 0, 0, B)
  FOR_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void channel_sums(const ckernels_activation *shape, const float *x, float *sum, int64_t begin, int64_t end,
                         const int block) {
  int64_t blocks = shape->channels / block, row = shape->pixels * block;
  const float zero[16] = {0};
  for (int64_t c = begin; c < end; c++) {
    double total[16] = {0};
    for (int64_t n = 0; n < shape->batch; n++) {
      float s[16], q[16];
      row_sums(x + (n * blocks + c) * row, shape->pixels, block, zero, s, q);
      for (int l = 0; l < block; l++)
        total[l] += s[l];
    }
    for (int l = 0; l < block; l++)
      sum[c * block + l] = (float)total[l];
  }
}

CLONES void ckernels_channel_sums(const ckernels_activation *shape, const float *x, float *sum, int64_t begin,
                                  int64_t end) {
#define BODY(B) channel_sums(shape, x, sum, begin, end, B)
  FOR_BLOCK(shape->block, BODY)
#undef BODY
}
