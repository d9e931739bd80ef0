#include "internal.h"

/* First and last row of a chunk. */
INLINE int64_t chunk_end(int64_t chunk, int64_t rows) {
  int64_t end = (chunk + 1) * CKERNELS_CHUNK;
  return end < rows ? end : rows;
}

CLONES void ckernels_add_row(const float *x, const float *row, int64_t width, float *y, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; r++) {
    float *to = y + r * width;
    if (!x) {
#pragma clang loop vectorize(assume_safety)
      for (int64_t j = 0; j < width; j++)
        to[j] = row[j];
      continue;
    }
    const float *from = x + r * width;
#pragma clang loop vectorize(assume_safety)
    for (int64_t j = 0; j < width; j++)
      to[j] = from[j] + row[j];
  }
}

CLONES void ckernels_column_sums(const float *x, int64_t rows, int64_t width, float *partial, int64_t begin,
                                 int64_t end) {
  for (int64_t chunk = begin; chunk < end; chunk++) {
    float *restrict sum = partial + chunk * width;
    for (int64_t j = 0; j < width; j++)
      sum[j] = 0;
    for (int64_t r = chunk * CKERNELS_CHUNK; r < chunk_end(chunk, rows); r++) {
      const float *restrict row = x + r * width;
      for (int64_t j = 0; j < width; j++)
        sum[j] += row[j];
    }
  }
}

CLONES void ckernels_sum_rows(const float *x, int64_t count, int64_t stride, float *restrict sum, int64_t begin,
                              int64_t end) {
  for (int64_t j = begin; j < end; j++)
    sum[j] = 0;
  for (int64_t r = 0; r < count; r++) {
    const float *restrict row = x + r * stride;
    for (int64_t j = begin; j < end; j++)
      sum[j] += row[j];
  }
}

INLINE float row_sum(const float *x, int64_t width) {
#pragma clang fp reassociate(on)
  float s = 0;
  for (int64_t j = 0; j < width; j++)
    s += x[j];
  return s;
}

INLINE float row_square(const float *x, int64_t width, float mean) {
#pragma clang fp reassociate(on) contract(fast)
  float s = 0;
  for (int64_t j = 0; j < width; j++)
    s += (x[j] - mean) * (x[j] - mean);
  return s;
}

CLONES void ckernels_layer_normalization(const ckernels_layer *shape, const float *x, const float *scale,
                                         const float *shift, float *y, float *mean, float *inverse, int64_t begin,
                                         int64_t end) {
  int64_t width = shape->width;
  for (int64_t r = begin; r < end; r++) {
    const float *from = x + r * width;
    float *restrict to = y + r * width;
    float m = row_sum(from, width) / (float)width;
    float i = 1 / __builtin_sqrtf(row_square(from, width, m) / (float)width + shape->epsilon);
    mean[r] = m;
    inverse[r] = i;
#pragma clang loop vectorize(assume_safety)
    for (int64_t j = 0; j < width; j++) {
#pragma clang fp contract(fast)
      to[j] = (from[j] - m) * i * scale[j] + shift[j];
    }
  }
}

/* Sums of dy scale and of dy scale (x - mean) inverse over a row, and its share of the parameters' gradients. */
INLINE void layer_sums(const float *x, const float *scale, float mean, float inverse, const float *dy, int64_t width,
                       float *restrict dscale, float *restrict dshift, float *sum, float *dot) {
#pragma clang fp reassociate(on) contract(fast)
  float s = 0, d = 0;
  for (int64_t j = 0; j < width; j++) {
    float n = (x[j] - mean) * inverse, g = dy[j] * scale[j];
    dscale[j] += dy[j] * n;
    dshift[j] += dy[j];
    s += g;
    d += g * n;
  }
  *sum = s;
  *dot = d;
}

CLONES void ckernels_layer_normalization_gradient(const ckernels_layer *shape, const float *x, const float *scale,
                                                  const float *mean, const float *inverse, const float *dy, float *dx,
                                                  float *partial, int64_t begin, int64_t end) {
  int64_t width = shape->width;
  for (int64_t chunk = begin; chunk < end; chunk++) {
    float *dscale = partial + chunk * 2 * width, *dshift = dscale + width;
    for (int64_t j = 0; j < 2 * width; j++)
      dscale[j] = 0;
    for (int64_t r = chunk * CKERNELS_CHUNK; r < chunk_end(chunk, shape->rows); r++) {
      const float *from = x + r * width, *g = dy + r * width;
      float *to = dx + r * width;
      float m = mean[r], i = inverse[r], sum, dot;
      layer_sums(from, scale, m, i, g, width, dscale, dshift, &sum, &dot);
      sum /= (float)width;
      dot /= (float)width;
#pragma clang loop vectorize(assume_safety)
      for (int64_t j = 0; j < width; j++) {
#pragma clang fp contract(fast)
        to[j] = i * (g[j] * scale[j] - sum - (from[j] - m) * i * dot);
      }
    }
  }
}

CLONES void ckernels_token_mean(const float *x, int64_t tokens, int64_t width, float *y, int64_t begin, int64_t end) {
  float factor = 1 / (float)tokens;
  for (int64_t n = begin; n < end; n++) {
    float *restrict sum = y + n * width;
    for (int64_t j = 0; j < width; j++)
      sum[j] = 0;
    for (int64_t t = 0; t < tokens; t++) {
      const float *restrict row = x + (n * tokens + t) * width;
      for (int64_t j = 0; j < width; j++)
        sum[j] += row[j];
    }
    for (int64_t j = 0; j < width; j++)
      sum[j] *= factor;
  }
}

CLONES void ckernels_token_mean_gradient(const float *dy, int64_t tokens, int64_t width, float *dx, int64_t begin,
                                         int64_t end) {
  float factor = 1 / (float)tokens;
  for (int64_t n = begin; n < end; n++)
    for (int64_t t = 0; t < tokens; t++) {
      float *restrict row = dx + (n * tokens + t) * width;
      for (int64_t j = 0; j < width; j++)
        row[j] = factor * dy[n * width + j];
    }
}

/* `block` is a constant where this is inlined, so that a pixel's channels are moved at once. */
INLINE void move(const ckernels_activation *shape, const float *from, float *to, int64_t begin, int64_t end,
                 const int block, const int back) {
  int64_t channels = shape->channels, pixels = shape->pixels;
  for (int64_t n = begin; n < end; n++)
    for (int64_t c = 0; c < channels / block; c++)
      for (int64_t p = 0; p < pixels; p++) {
        int64_t image = ((n * channels / block + c) * pixels + p) * block;
        int64_t token = (n * pixels + p) * channels + c * block;
        for (int l = 0; l < block; l++)
          to[(back ? image : token) + l] = from[(back ? token : image) + l];
      }
}

CLONES void ckernels_tokens(const ckernels_activation *shape, const float *image, float *tokens, int64_t begin,
                            int64_t end) {
#define BODY(block) move(shape, image, tokens, begin, end, block, 0)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}

CLONES void ckernels_image(const ckernels_activation *shape, const float *tokens, float *image, int64_t begin,
                           int64_t end) {
#define BODY(block) move(shape, tokens, image, begin, end, block, 1)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}
