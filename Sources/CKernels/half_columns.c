/* Numbers of bfloat16 turned, so that products sum over what lies in rows, and weight gradients of convolutions as such
 * products: channels of dy by results, times results by what lies under their windows ("columns", im2col). */
#include "halves.h"

#define SIDE 16

/* Turns 16 rows of 16 numbers. */
INLINE void turn(uint32_t rows[SIDE][SIDE]) {
  uint32_t turned[SIDE][SIDE];
  for (int i = 0; i < SIDE; i++)
    for (int j = 0; j < SIDE; j++)
      turned[j][i] = rows[i][j];
  memcpy(rows, turned, sizeof turned);
}

CLONES void ckernels_to_half_rows(const float *x, int64_t rows, int64_t width, uint32_t *y, int64_t begin,
                                  int64_t end) {
  const int64_t pairs = (rows + 1) / 2;
  for (int64_t block = begin; block < end; block++) {
    const int64_t columns = width - block * SIDE < SIDE ? width - block * SIDE : SIDE;
    for (int64_t first = 0; first < pairs; first += SIDE) {
      const int64_t count = pairs - first < SIDE ? pairs - first : SIDE;
      uint32_t near[SIDE][SIDE] = {{0}};
      for (int64_t i = 0; i < count; i++) {
        const float *from = x + 2 * (first + i) * width + block * SIDE;
        const int is_whole = 2 * (first + i) + 1 < rows;
        for (int64_t j = 0; j < columns; j++)
          near[i][j] = rounded(bits_of(from + j)) | (is_whole ? rounded(bits_of(from + width + j)) << 16 : 0);
      }
      turn(near);
      for (int64_t j = 0; j < columns; j++)
        memcpy(y + (block * SIDE + j) * pairs + first, near[j], (size_t)count * sizeof *y);
    }
  }
}

/* The pixel under a tap, or null beyond the edges. */
INLINE const uint16_t *under(const ckernels_columns *c, const uint16_t *x, int64_t result, int64_t tap) {
  const int64_t area = c->out_height * c->out_width, n = result / area;
  const int64_t row = result % area / c->out_width * c->stride - c->padding + tap / c->kernel_width * c->dilation;
  const int64_t column = result % c->out_width * c->stride - c->padding + tap % c->kernel_width * c->dilation;
  if (row < 0 || row >= c->height || column < 0 || column >= c->width)
    return NULL;
  return x + ((n * c->height + row) * c->width + column) * c->in_channels;
}

CLONES void ckernels_columns_gather(const ckernels_columns *c, const uint16_t *x, uint32_t *to, int64_t begin,
                                    int64_t end) {
  const int64_t taps = c->kernel_height * c->kernel_width, channels = c->in_channels;
  to += begin * taps * channels;
  for (int64_t pair = begin; pair < end; pair++)
    for (int64_t tap = 0; tap < taps; tap++, to += channels) {
      const uint16_t *first = under(c, x, 2 * pair, tap), *second = under(c, x, 2 * pair + 1, tap);
      if (first && second)
        for (int64_t i = 0; i < channels; i++)
          to[i] = first[i] | (uint32_t)second[i] << 16;
      else if (first)
        for (int64_t i = 0; i < channels; i++)
          to[i] = first[i];
      else if (second)
        for (int64_t i = 0; i < channels; i++)
          to[i] = (uint32_t)second[i] << 16;
      else
        memset(to, 0, (size_t)channels * sizeof *to);
    }
}

CLONES void ckernels_columns_channels(const float *x, int64_t batch, int64_t channels, int64_t pixels, uint32_t *to,
                                      int64_t begin, int64_t end) {
  const int64_t pairs = batch * pixels / 2;
  for (int64_t block = begin; block < end; block++)
    for (int64_t first = 0; first < pairs; first += SIDE) {
      const int64_t count = pairs - first < SIDE ? pairs - first : SIDE;
      uint32_t near[SIDE][SIDE];
      for (int64_t i = 0; i < count; i++) {
        const int64_t pixel = 2 * (first + i);
        const float *from = x + ((pixel / pixels * (channels / SIDE) + block) * pixels + pixel % pixels) * SIDE;
        for (int lane = 0; lane < SIDE; lane++)
          near[i][lane] = rounded(bits_of(from + lane)) | rounded(bits_of(from + SIDE + lane)) << 16;
      }
      turn(near);
      for (int lane = 0; lane < SIDE; lane++)
        memcpy(to + (block * SIDE + lane) * pairs + first, near[lane], (size_t)count * sizeof *to);
    }
}

void ckernels_columns_finish(const ckernels_columns *c, const float *sums, float *weights, int64_t begin,
                               int64_t end) {
  const int64_t taps = c->kernel_height * c->kernel_width, inputs = c->in_channels;
  for (int64_t o = begin; o < end; o++)
    for (int64_t i = 0; i < inputs; i++)
      for (int64_t tap = 0; tap < taps; tap++)
        weights[(o * inputs + i) * taps + tap] = sums[(o * taps + tap) * inputs + i];
}
