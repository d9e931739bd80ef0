#include "internal.h"
#include "lanes.h"

/* The part of a window that lies inside the image. */
struct window {
  int64_t top, bottom, left, right;
};

INLINE struct window window_at(const ckernels_pooling *s, int64_t oy, int64_t ox) {
  int64_t top = oy * s->stride - s->padding, left = ox * s->stride - s->padding;
  struct window w = {top, top + s->size, left, left + s->size};
  if (w.top < 0)
    w.top = 0;
  if (w.left < 0)
    w.left = 0;
  if (w.bottom > s->height)
    w.bottom = s->height;
  if (w.right > s->width)
    w.right = s->width;
  return w;
}

/* The pixel that holds the centre of output pixel `at`, in whole numbers so that no rounding moves it. */
INLINE int64_t nearest_source(int64_t at, int64_t size, int64_t out) { return (2 * at + 1) * size / (2 * out); }

#define LANES 1
#include "pooling_blocks.h"
#define LANES 8
#include "pooling_blocks.h"
#define LANES 16
#include "pooling_blocks.h"

CLONES void ckernels_maximum(const ckernels_pooling *shape, const float *x, float *y, int32_t *index, int64_t begin,
                             int64_t end) {
  FOR_BLOCK(shape->block, maximum, shape, x, y, index, begin, end);
}

CLONES void ckernels_maximum_gradient(const ckernels_pooling *shape, const int32_t *index, const float *dy, float *dx,
                                      int64_t begin, int64_t end) {
  FOR_BLOCK(shape->block, maximum_gradient, shape, index, dy, dx, begin, end);
}

CLONES void ckernels_average(const ckernels_pooling *shape, const float *x, float *y, int64_t begin, int64_t end) {
  FOR_BLOCK(shape->block, average, shape, x, y, begin, end);
}

CLONES void ckernels_average_gradient(const ckernels_pooling *shape, const float *dy, float *dx, int64_t begin,
                                      int64_t end) {
  FOR_BLOCK(shape->block, average_gradient, shape, dy, dx, begin, end);
}

CLONES void ckernels_nearest(const ckernels_pooling *shape, const float *x, float *y, int64_t begin, int64_t end) {
  FOR_BLOCK(shape->block, nearest, shape, x, y, begin, end);
}

CLONES void ckernels_nearest_gradient(const ckernels_pooling *shape, const float *dy, float *dx, int64_t begin,
                                      int64_t end) {
  FOR_BLOCK(shape->block, nearest_gradient, shape, dy, dx, begin, end);
}

INLINE void global_average(const ckernels_activation *shape, const float *x, float *y, int64_t begin, int64_t end,
                           const int block) {
  int64_t blocks = shape->channels / block;
  for (int64_t unit = begin * blocks; unit < end * blocks; unit++) {
    const float *from = x + unit * shape->pixels * block;
    float s[2][16] = {{0}};
    int64_t i = 0;
    for (; i + 2 <= shape->pixels; i += 2)
      for (int k = 0; k < 2; k++)
        for (int l = 0; l < block; l++)
          s[k][l] += from[(i + k) * block + l];
    for (; i < shape->pixels; i++)
      for (int l = 0; l < block; l++)
        s[0][l] += from[i * block + l];
    for (int l = 0; l < block; l++)
      y[unit * block + l] = (s[0][l] + s[1][l]) / (float)shape->pixels;
  }
}

CLONES void ckernels_global_average(const ckernels_activation *shape, const float *x, float *y, int64_t begin,
                                    int64_t end) {
#define BODY(B) global_average(shape, x, y, begin, end, B)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void global_average_gradient(const ckernels_activation *shape, const float *dy, float *dx, int64_t begin,
                                    int64_t end, const int block) {
  int64_t blocks = shape->channels / block;
  for (int64_t unit = begin * blocks; unit < end * blocks; unit++) {
    float value[16];
    for (int l = 0; l < block; l++)
      value[l] = dy[unit * block + l] / (float)shape->pixels;
    float *to = dx + unit * shape->pixels * block;
    for (int64_t i = 0; i < shape->pixels; i++)
      for (int l = 0; l < block; l++)
        to[i * block + l] = value[l];
  }
}

CLONES void ckernels_global_average_gradient(const ckernels_activation *shape, const float *dy, float *dx,
                                             int64_t begin, int64_t end) {
#define BODY(B) global_average_gradient(shape, dy, dx, begin, end, B)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void global_maximum(const ckernels_activation *shape, const float *x, float *y, int32_t *index, int64_t begin,
                           int64_t end, const int block) {
  int64_t blocks = shape->channels / block;
  for (int64_t unit = begin * blocks; unit < end * blocks; unit++) {
    const float *from = x + unit * shape->pixels * block;
    float best[16];
    int32_t at[16];
    for (int l = 0; l < block; l++) {
      best[l] = from[l];
      at[l] = 0;
    }
    for (int64_t i = 1; i < shape->pixels; i++)
      for (int l = 0; l < block; l++) {
        float v = from[i * block + l];
        /* A NaN wins and stays: it must not vanish in a maximum. */
        int better = v > best[l] || v != v;
        best[l] = better ? v : best[l];
        at[l] = better ? (int32_t)i : at[l];
      }
    for (int l = 0; l < block; l++) {
      y[unit * block + l] = best[l];
      if (index)
        index[unit * block + l] = at[l];
    }
  }
}

CLONES void ckernels_global_maximum(const ckernels_activation *shape, const float *x, float *y, int32_t *index,
                                    int64_t begin, int64_t end) {
#define BODY(B) global_maximum(shape, x, y, index, begin, end, B)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}
