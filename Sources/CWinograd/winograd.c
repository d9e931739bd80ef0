#include "cwinograd.h"
#include <stddef.h>

#define BLOCK 8
#define POINTS 36 /* a tile of 6x6 */
#define ROWS 6    /* tiles that one inner kernel multiplies at once: 12 sums, 2 weights and a factor fill 16 registers */

int64_t cwinograd_tiles(const cwinograd_geometry *g) {
  return g->batch * ((g->output_height + 3) / 4) * ((g->output_width + 3) / 4);
}

int64_t cwinograd_weight_count(int64_t input_blocks, int64_t output_blocks) {
  return POINTS * BLOCK * BLOCK * input_blocks * output_blocks;
}

/* Transformed weights lie as [point][pair of output blocks][input channel][16 or, for a last single block, 8]. */
static int64_t weight_offset(int64_t inputs, int64_t outputs, int64_t point, int64_t output, int64_t input) {
  int64_t pair = output / (2 * BLOCK);
  int64_t width = outputs - pair * 2 * BLOCK >= 2 * BLOCK ? 2 * BLOCK : BLOCK;
  return point * inputs * outputs + pair * 2 * BLOCK * inputs + input * width + output % (2 * BLOCK);
}

void cwinograd_transform(const float *weights, int64_t inputs, int64_t outputs, float *transformed) {
  static const double G[6][3] = {{1.0 / 4, 0, 0},
                                 {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                 {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                 {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                 {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                 {0, 0, 1}};
  int64_t padded_inputs = (inputs + BLOCK - 1) / BLOCK * BLOCK, padded_outputs = (outputs + BLOCK - 1) / BLOCK * BLOCK;
  for (int64_t output = 0; output < outputs; output++)
    for (int64_t input = 0; input < inputs; input++) {
      const float *w = weights + (output * inputs + input) * 9;
      double half[6][3];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 3; j++)
          half[i][j] = G[i][0] * w[j] + G[i][1] * w[3 + j] + G[i][2] * w[6 + j];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
          transformed[weight_offset(padded_inputs, padded_outputs, i * 6 + j, output, input)] =
              (float)(half[i][0] * G[j][0] + half[i][1] * G[j][1] + half[i][2] * G[j][2]);
    }
}

#if defined(__x86_64__)

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))
typedef float vector __attribute__((vector_size(4 * BLOCK), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(4 * BLOCK)));

int cwinograd_supported(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

INLINE void input_step(const vector d[6], vector t[6]) {
  vector even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
  vector even2 = d[4] - d[2], odd2 = 2 * (d[3] - d[1]);
  t[0] = 4 * d[0] - 5 * d[2] + d[4];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = even2 + odd2;
  t[4] = even2 - odd2;
  t[5] = 4 * d[1] - 5 * d[3] + d[5];
}

/* One tile and one block of channels: 6x6 values to 36 points, `stride` floats apart. */
TARGET static void transform_input(const cwinograd_geometry *g, const float *plane, int64_t top, int64_t left, float *v,
                                   int64_t stride) {
  vector d[6][6], t[6][6];
  if (top >= 0 && left >= 0 && top + 6 <= g->height && left + 6 <= g->width) {
    for (int i = 0; i < 6; i++) {
      const float *row = plane + ((top + i) * g->width + left) * BLOCK;
      for (int j = 0; j < 6; j++)
        d[i][j] = *(const vector *)(row + j * BLOCK);
    }
  } else {
    for (int i = 0; i < 6; i++)
      for (int j = 0; j < 6; j++) {
        int64_t y = top + i, x = left + j;
        d[i][j] = y >= 0 && y < g->height && x >= 0 && x < g->width
                      ? *(const vector *)(plane + (y * g->width + x) * BLOCK)
                      : (vector){0};
      }
  }
  for (int i = 0; i < 6; i++)
    input_step(d[i], t[i]);
  for (int j = 0; j < 6; j++) {
    vector column[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]}, result[6];
    input_step(column, result);
    for (int i = 0; i < 6; i++)
      *(vector *)(v + (i * 6 + j) * stride) = result[i];
  }
}

INLINE void output_step(const vector m[6], vector y[4]) {
  vector sum = m[1] + m[2], difference = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum + sum2;
  y[1] = difference + 2 * difference2;
  y[2] = sum + 4 * sum2;
  y[3] = difference + 8 * difference2 + m[5];
}

TARGET static void transform_output(const cwinograd_geometry *g, const float *m, int64_t stride, const float *bias,
                                    float *plane, int64_t top, int64_t left, int accumulate, float slope) {
  vector t[4][6];
  for (int j = 0; j < 6; j++) {
    vector column[6], result[4];
    for (int i = 0; i < 6; i++)
      column[i] = *(const vector *)(m + (i * 6 + j) * stride);
    output_step(column, result);
    for (int i = 0; i < 4; i++)
      t[i][j] = result[i];
  }
  vector shift = *(const vector *)bias;
  int64_t rows = g->output_height - top < 4 ? g->output_height - top : 4;
  int64_t columns = g->output_width - left < 4 ? g->output_width - left : 4;
  for (int64_t i = 0; i < rows; i++) {
    vector y[4];
    output_step(t[i], y);
    float *row = plane + ((top + i) * g->output_width + left) * BLOCK;
    for (int64_t j = 0; j < columns; j++) {
      vector value = y[j] + shift;
      if (accumulate)
        value += *(const vector *)(row + j * BLOCK);
      /* A NaN compares false and stays a NaN. */
      mask negative = value < 0;
      *(vector *)(row + j * BLOCK) = (vector)(((mask)(slope * value) & negative) | ((mask)value & ~negative));
    }
  }
}

/* `rows` tiles by `blocks` blocks of output channels, over all `depth` input channels. */
INLINE void multiply(const int rows, const int blocks, const float *v, int64_t v_stride, const float *u, int64_t depth,
                     float *m, int64_t m_stride) {
  vector sums[ROWS][2];
  for (int r = 0; r < rows; r++)
    for (int b = 0; b < blocks; b++)
      sums[r][b] = (vector){0};
  for (int64_t k = 0; k < depth; k++) {
    vector first = *(const vector *)u, second = blocks == 2 ? *(const vector *)(u + BLOCK) : first;
    u += blocks * BLOCK;
    for (int r = 0; r < rows; r++) {
      float factor = v[r * v_stride + k];
      sums[r][0] += factor * first;
      if (blocks == 2)
        sums[r][1] += factor * second;
    }
  }
  for (int r = 0; r < rows; r++)
    for (int b = 0; b < blocks; b++)
      *(vector *)(m + r * m_stride + b * BLOCK) = sums[r][b];
}

INLINE void multiply_rows(int64_t rows, const int blocks, const float *v, int64_t v_stride, const float *u,
                          int64_t depth, float *m, int64_t m_stride) {
  for (; rows >= ROWS; rows -= ROWS, v += ROWS * v_stride, m += ROWS * m_stride)
    multiply(ROWS, blocks, v, v_stride, u, depth, m, m_stride);
  switch (rows) {
  case 5:
    multiply(5, blocks, v, v_stride, u, depth, m, m_stride);
    break;
  case 4:
    multiply(4, blocks, v, v_stride, u, depth, m, m_stride);
    break;
  case 3:
    multiply(3, blocks, v, v_stride, u, depth, m, m_stride);
    break;
  case 2:
    multiply(2, blocks, v, v_stride, u, depth, m, m_stride);
    break;
  case 1:
    multiply(1, blocks, v, v_stride, u, depth, m, m_stride);
    break;
  default:
    break;
  }
}

TARGET void cwinograd_run(const cwinograd_geometry *g, const float *x, const float *transformed, const float *bias,
                          float *y, int accumulate, float slope, int64_t first, int64_t last, int64_t first_block,
                          int64_t last_block, float *scratch) {
  const int64_t inputs = g->input_blocks * BLOCK, outputs = g->output_blocks * BLOCK;
  const int64_t across = (g->output_width + 3) / 4, down = (g->output_height + 3) / 4;
  const int64_t input_plane = g->height * g->width * BLOCK, output_plane = g->output_height * g->output_width * BLOCK;
  float *v = scratch, *m = scratch + POINTS * g->chunk * inputs;
  for (int64_t start = first; start < last; start += g->chunk) {
    const int64_t count = last - start < g->chunk ? last - start : g->chunk;
    for (int64_t tile = 0; tile < count; tile++) {
      int64_t index = start + tile, image = index / (across * down);
      int64_t top = index / across % down * 4 - g->pad_top, left = index % across * 4 - g->pad_left;
      for (int64_t block = 0; block < g->input_blocks; block++)
        transform_input(g, x + (image * g->input_blocks + block) * input_plane, top, left,
                        v + tile * inputs + block * BLOCK, g->chunk * inputs);
    }
    for (int64_t point = 0; point < POINTS; point++) {
      const float *u = transformed + point * inputs * outputs, *from = v + point * g->chunk * inputs;
      float *to = m + point * g->chunk * outputs;
      int64_t block = first_block;
      for (; block + 2 <= last_block; block += 2)
        multiply_rows(count, 2, from, inputs, u + block * BLOCK * inputs, inputs, to + block * BLOCK, outputs);
      if (block < last_block)
        multiply_rows(count, 1, from, inputs, u + block * BLOCK * inputs, inputs, to + block * BLOCK, outputs);
    }
    for (int64_t tile = 0; tile < count; tile++) {
      int64_t index = start + tile, image = index / (across * down);
      int64_t top = index / across % down * 4, left = index % across * 4;
      for (int64_t block = first_block; block < last_block; block++)
        transform_output(g, m + tile * outputs + block * BLOCK, g->chunk * outputs, bias + block * BLOCK,
                         y + (image * g->output_blocks + block) * output_plane, top, left, accumulate, slope);
    }
  }
}

#else

int cwinograd_supported(void) { return 0; }

void cwinograd_run(const cwinograd_geometry *g, const float *x, const float *transformed, const float *bias, float *y,
                   int accumulate, float slope, int64_t first, int64_t last, int64_t first_block, int64_t last_block,
                   float *scratch) {
  (void)first_block, (void)last_block, (void)g, (void)x, (void)transformed, (void)bias, (void)y, (void)accumulate, (void)slope, (void)first, (void)last,
      (void)scratch;
}

#endif
