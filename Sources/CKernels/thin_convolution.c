#include "internal.h"
#include "lanes.h"

/* For one block of output channels, one input channel and one kernel row: kernel_width sums of dy times x. The inner
 * loop reads a row of dy once and adds it to one accumulator per tap, all of them in registers. */
#define DEFINE_TAPS(LANES)                                                                                             \
  INLINE void taps_##LANES(const ckernels_thin_convolution *s, const float *x, const float *dy, int64_t ky,            \
                           const int width, float accumulator[][16]) {                                                 \
    _Pragma("clang fp contract(fast)") lanes_##LANES sum[8];                                                           \
    _Pragma("clang loop unroll(full)") for (int k = 0; k < width; k++) sum[k] = load_##LANES(accumulator[k]);          \
    const range inside = whole_windows(s, width);                                                                      \
    for (int64_t oy = 0; oy < s->out_height; oy++) {                                                                   \
      const int64_t iy = oy * s->stride + ky - s->padding;                                                             \
      if (iy < 0 || iy >= s->in_height)                                                                                \
        continue;                                                                                                      \
      const float *line = x + iy * s->in_width - s->padding;                                                           \
      const float *g = dy + oy * s->out_width * LANES;                                                                 \
      for (int64_t ox = 0; ox < s->out_width; ox++) {                                                                  \
        if (ox == inside.first)                                                                                        \
          ox = inside.last; /* the middle comes below, without a check for each tap */                                 \
        if (ox >= s->out_width)                                                                                        \
          break;                                                                                                       \
        const lanes_##LANES gradient = load_##LANES(g + ox * LANES);                                                   \
        _Pragma("clang loop unroll(full)") for (int k = 0; k < width; k++) {                                           \
          const int64_t ix = ox * s->stride + k - s->padding;                                                          \
          if (ix >= 0 && ix < s->in_width)                                                                             \
            sum[k] += gradient * (lanes_##LANES)(line[ox * s->stride + k]);                                            \
        }                                                                                                              \
      }                                                                                                                \
      for (int64_t ox = inside.first; ox < inside.last; ox++) {                                                        \
        const lanes_##LANES gradient = load_##LANES(g + ox * LANES);                                                   \
        _Pragma("clang loop unroll(full)") for (int k = 0; k < width; k++)                                             \
          sum[k] += gradient * (lanes_##LANES)(line[ox * s->stride + k]);                                              \
      }                                                                                                                \
    }                                                                                                                  \
    _Pragma("clang loop unroll(full)") for (int k = 0; k < width; k++) store_##LANES(accumulator[k], sum[k]);          \
  }

typedef struct {
  int64_t first, last;
} range;

/* Outputs of a row whose windows lie within the input's. */
INLINE range whole_windows(const ckernels_thin_convolution *s, int width) {
  const int64_t room = s->in_width - width + s->padding;
  int64_t first = (s->padding + s->stride - 1) / s->stride, last = room < 0 ? 0 : room / s->stride + 1;
  first = first > s->out_width ? s->out_width : first;
  last = last > s->out_width ? s->out_width : last;
  return (range){first, last < first ? first : last};
}

DEFINE_TAPS(1)
DEFINE_TAPS(8)
DEFINE_TAPS(16)

INLINE void taps(const ckernels_thin_convolution *s, const float *x, const float *dy, int64_t ky, const int width,
                 float accumulator[][16], const int block) {
  FOR_BLOCK(block, taps, s, x, dy, ky, width, accumulator);
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
#define TAPS(n)                                                                                                        \
  case n:                                                                                                              \
    taps(s, image, g, ky, n, accumulator, block);                                                                      \
    break;
      switch (s->kernel_width) { TAPS(1) TAPS(2) TAPS(3) TAPS(4) TAPS(5) TAPS(6) TAPS(7) TAPS(8) }
#undef TAPS
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
