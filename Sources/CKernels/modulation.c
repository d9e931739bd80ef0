#include "internal.h"

INLINE void modulate(const ckernels_activation *shape, const float *restrict x, const float *scale, const float *shift,
                     float *restrict y, int64_t begin, int64_t end, const int64_t block) {
  for (int64_t unit = begin; unit < end; unit++) {
    const float *a = scale + unit * block, *b = shift + unit * block;
    const float *restrict from = x + unit * shape->pixels * block;
    float *restrict to = y + unit * shape->pixels * block;
    if (block == 1) {
      for (int64_t p = 0; p < shape->pixels; p++)
        to[p] = from[p] * a[0] + b[0];
      continue;
    }
    for (int64_t p = 0; p < shape->pixels; p++)
      for (int64_t j = 0; j < block; j++)
        to[p * block + j] = from[p * block + j] * a[j] + b[j];
  }
}

CLONES void ckernels_modulate(const ckernels_activation *shape, const float *x, const float *scale, const float *shift,
                              float *y, int64_t begin, int64_t end) {
#define BODY(block) modulate(shape, x, scale, shift, y, begin, end, block)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}

INLINE void modulate_gradient(const ckernels_activation *shape, const float *restrict x, const float *scale,
                              const float *restrict dy, float *restrict dx, float *dscale, float *dshift, int64_t begin,
                              int64_t end, const int64_t block) {
#pragma clang fp reassociate(on) contract(fast)
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t first = unit * shape->pixels * block;
    float sum[16] = {0}, dot[16] = {0};
    if (block == 1) {
      float s = 0, q = 0, a = scale[unit];
      for (int64_t p = first; p < first + shape->pixels; p++) {
        s += dy[p];
        q += dy[p] * x[p];
        dx[p] = dy[p] * a;
      }
      sum[0] = s;
      dot[0] = q;
    } else {
      const float *a = scale + unit * block;
      for (int64_t p = 0; p < shape->pixels; p++)
        for (int64_t j = 0; j < block; j++) {
          const int64_t i = first + p * block + j;
          sum[j] += dy[i];
          dot[j] += dy[i] * x[i];
          dx[i] = dy[i] * a[j];
        }
    }
    for (int64_t j = 0; j < block; j++) {
      dscale[unit * block + j] = dot[j];
      dshift[unit * block + j] = sum[j];
    }
  }
}

CLONES void ckernels_modulate_gradient(const ckernels_activation *shape, const float *x, const float *scale,
                                       const float *dy, float *dx, float *dscale, float *dshift, int64_t begin,
                                       int64_t end) {
#define BODY(block) modulate_gradient(shape, x, scale, dy, dx, dscale, dshift, begin, end, block)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}
