#include "internal.h"

/* For one block of output channels, one input channel and one kernel row: kernel_width sums of dy times x. The inner
 * loop reads a row of dy once and adds it to one accumulator per tap, all of them in registers. */
INLINE void taps(const ckernels_thin_convolution *s, const float *x, const float *dy, int64_t ky, const int width,
                 float accumulator[][16], const int block) {
  float sum[8][16];
  for (int k = 0; k < width; k++)
    for (int l = 0; l < block; l++)
      sum[k][l] = accumulator[k][l];
  int64_t first = (s->padding + s->stride - 1) / s->stride;
  int64_t room = s->in_width - width + s->padding;
  int64_t last = room < 0 ? 0 : room / s->stride + 1;
  if (first > s->out_width)
    first = s->out_width;
  if (last > s->out_width)
    last = s->out_width;
  if (last < first)
    last = first;
  for (int64_t oy = 0; oy < s->out_height; oy++) {
    int64_t iy = oy * s->stride + ky - s->padding;
    if (iy < 0 || iy >= s->in_height)
      continue;
    const float *line = x + iy * s->in_width;
    const float *g = dy + oy * s->out_width * block;
    for (int64_t ox = 0; ox < s->out_width; ox++) {
      if (ox == first)
        ox = last; /* the middle comes below, without a check for each tap */
      if (ox >= s->out_width)
        break;
      for (int k = 0; k < width; k++) {
        int64_t ix = ox * s->stride + k - s->padding;
        if (ix >= 0 && ix < s->in_width)
          for (int l = 0; l < block; l++)
            sum[k][l] += g[ox * block + l] * line[ix];
      }
    }
    for (int64_t ox = first; ox < last; ox++) {
      const float *at = line + ox * s->stride - s->padding;
      for (int k = 0; k < width; k++)
        for (int l = 0; l < block; l++) {
#pragma clang fp contract(fast)
          sum[k][l] += g[ox * block + l] * at[k];
        }
    }
  }
  for (int k = 0; k < width; k++)
    for (int l = 0; l < block; l++)
      accumulator[k][l] = sum[k][l];
}

INLINE void weight_gradient(const ckernels_thin_convolution *s, const float *x, const float *dy, float *dw,
                            int64_t begin, int64_t end, const int block) {
  int64_t blocks = s->out_channels / block, out = s->out_height * s->out_width * block,
          in = s->in_height * s->in_width;
  for (int64_t unit = begin; unit < end; unit++) {
    int64_t ky = unit % s->kernel_height, i = unit / s->kernel_height % s->in_channels,
            c = unit / s->kernel_height / s->in_channels;
    float accumulator[8][16] = {{0}};
    for (int64_t n = 0; n < s->batch; n++) {
      const float *image = x + (n * s->in_channels + i) * in, *g = dy + (n * blocks + c) * out;
      switch (s->kernel_width) {
      case 3:
        taps(s, image, g, ky, 3, accumulator, block);
        break;
      case 5:
        taps(s, image, g, ky, 5, accumulator, block);
        break;
      case 7:
        taps(s, image, g, ky, 7, accumulator, block);
        break;
      default:
        taps(s, image, g, ky, (int)s->kernel_width, accumulator, block);
      }
    }
    for (int64_t kx = 0; kx < s->kernel_width; kx++)
      for (int l = 0; l < block; l++)
        dw[(((c * block + l) * s->in_channels + i) * s->kernel_height + ky) * s->kernel_width + kx] =
            accumulator[kx][l];
  }
}

CLONES void ckernels_thin_weight_gradient(const ckernels_thin_convolution *shape, const float *x, const float *dy,
                                          float *dw, int64_t begin, int64_t end) {
#define BODY(B) weight_gradient(shape, x, dy, dw, begin, end, B)
  WITH_BLOCK(shape->block, BODY)
#undef BODY
}
