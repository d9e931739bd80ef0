/* The kernels of winograd.c for blocks of BLOCK channels, as functions whose names end in BLOCK. */
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, BLOCK)
/* Tiles that one inner kernel multiplies at once: with two vectors each their sums, 2 weights and a factor fill 16
 * registers, or 27 of 32. */
#define ROWS (BLOCK == 16 ? 12 : 6)
#define TARGET __attribute__((target(FEATURES)))
#define INLINE static inline __attribute__((always_inline, target(FEATURES)))

typedef float NAME(vector) __attribute__((vector_size(4 * BLOCK), aligned(4), may_alias));
typedef int32_t NAME(mask) __attribute__((vector_size(4 * BLOCK)));
#define V NAME(vector)
#define M NAME(mask)

INLINE void NAME(input_step)(const V d[6], V t[6]) {
  V even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1];
  V even2 = d[4] - d[2], odd2 = 2 * (d[3] - d[1]);
  t[0] = 4 * d[0] - 5 * d[2] + d[4];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = even2 + odd2;
  t[4] = even2 - odd2;
  t[5] = 4 * d[1] - 5 * d[3] + d[5];
}

/* One tile and one block of channels: 6x6 values to 36 points, `stride` floats apart. */
TARGET static void NAME(transform_input)(const cwinograd_geometry *g, const float *plane, int64_t top, int64_t left, float *v,
                                   int64_t stride) {
  V d[6][6], t[6][6];
  if (top >= 0 && left >= 0 && top + 6 <= g->height && left + 6 <= g->width) {
    for (int i = 0; i < 6; i++) {
      const float *row = plane + ((top + i) * g->width + left) * BLOCK;
      for (int j = 0; j < 6; j++)
        d[i][j] = *(const V *)(row + j * BLOCK);
    }
  } else {
    for (int i = 0; i < 6; i++)
      for (int j = 0; j < 6; j++) {
        int64_t y = top + i, x = left + j;
        d[i][j] = y >= 0 && y < g->height && x >= 0 && x < g->width
                      ? *(const V *)(plane + (y * g->width + x) * BLOCK)
                      : (V){0};
      }
  }
  for (int i = 0; i < 6; i++)
    NAME(input_step)(d[i], t[i]);
  for (int j = 0; j < 6; j++) {
    V column[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]}, result[6];
    NAME(input_step)(column, result);
    for (int i = 0; i < 6; i++)
      *(V *)(v + (i * 6 + j) * stride) = result[i];
  }
}

INLINE void NAME(output_step)(const V m[6], V y[4]) {
  V sum = m[1] + m[2], difference = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = m[0] + sum + sum2;
  y[1] = difference + 2 * difference2;
  y[2] = sum + 4 * sum2;
  y[3] = difference + 8 * difference2 + m[5];
}

TARGET static void NAME(transform_output)(const cwinograd_geometry *g, const float *m, int64_t stride, const float *bias,
                                    float *plane, int64_t top, int64_t left, int accumulate, float slope) {
  V t[4][6];
  for (int j = 0; j < 6; j++) {
    V column[6], result[4];
    for (int i = 0; i < 6; i++)
      column[i] = *(const V *)(m + (i * 6 + j) * stride);
    NAME(output_step)(column, result);
    for (int i = 0; i < 4; i++)
      t[i][j] = result[i];
  }
  V shift = *(const V *)bias;
  int64_t rows = g->output_height - top < 4 ? g->output_height - top : 4;
  int64_t columns = g->output_width - left < 4 ? g->output_width - left : 4;
  for (int64_t i = 0; i < rows; i++) {
    V y[4];
    NAME(output_step)(t[i], y);
    float *row = plane + ((top + i) * g->output_width + left) * BLOCK;
    for (int64_t j = 0; j < columns; j++) {
      V value = y[j] + shift;
      if (accumulate)
        value += *(const V *)(row + j * BLOCK);
      /* A NaN compares false and stays a NaN. */
      M negative = value < 0;
      *(V *)(row + j * BLOCK) = (V)(((M)(slope * value) & negative) | ((M)value & ~negative));
    }
  }
}

/* `rows` tiles by `blocks` blocks of output channels, over all `depth` input channels. */
INLINE void NAME(multiply)(const int rows, const int blocks, const float *v, int64_t v_stride, const float *u, int64_t depth,
                     float *m, int64_t m_stride) {
  V sums[ROWS][2];
  for (int r = 0; r < rows; r++)
    for (int b = 0; b < blocks; b++)
      sums[r][b] = (V){0};
  for (int64_t k = 0; k < depth; k++) {
    V first = *(const V *)u, second = blocks == 2 ? *(const V *)(u + BLOCK) : first;
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
      *(V *)(m + r * m_stride + b * BLOCK) = sums[r][b];
}

INLINE void NAME(multiply_rows)(int64_t rows, const int blocks, const float *v, int64_t v_stride, const float *u,
                                int64_t depth, float *m, int64_t m_stride) {
  for (; rows >= ROWS; rows -= ROWS, v += ROWS * v_stride, m += ROWS * m_stride)
    NAME(multiply)(ROWS, blocks, v, v_stride, u, depth, m, m_stride);
#define REST(n)                                                                                                        \
  case n:                                                                                                              \
    NAME(multiply)(n, blocks, v, v_stride, u, depth, m, m_stride);                                                     \
    break;
  switch (rows) {
    REST(1) REST(2) REST(3) REST(4) REST(5)
#if ROWS == 12
    REST(6) REST(7) REST(8) REST(9) REST(10) REST(11)
#endif
  default:
    break;
  }
#undef REST
}

TARGET static void NAME(run)(const cwinograd_geometry *g, const float *x, const float *transformed, const float *bias,
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
        NAME(transform_input)(g, x + (image * g->input_blocks + block) * input_plane, top, left,
                        v + tile * inputs + block * BLOCK, g->chunk * inputs);
    }
    for (int64_t point = 0; point < POINTS; point++) {
      const float *u = transformed + point * inputs * outputs, *from = v + point * g->chunk * inputs;
      float *to = m + point * g->chunk * outputs;
      int64_t block = first_block;
      for (; block + 2 <= last_block; block += 2)
        NAME(multiply_rows)(count, 2, from, inputs, u + block * BLOCK * inputs, inputs, to + block * BLOCK, outputs);
      if (block < last_block)
        NAME(multiply_rows)(count, 1, from, inputs, u + block * BLOCK * inputs, inputs, to + block * BLOCK, outputs);
    }
    for (int64_t tile = 0; tile < count; tile++) {
      int64_t index = start + tile, image = index / (across * down);
      int64_t top = index / across % down * 4, left = index % across * 4;
      for (int64_t block = first_block; block < last_block; block++)
        NAME(transform_output)(g, m + tile * outputs + block * BLOCK, g->chunk * outputs, bias + block * BLOCK,
                         y + (image * g->output_blocks + block) * output_plane, top, left, accumulate, slope);
    }
  }
}

#undef V
#undef M
#undef PASTE_
#undef PASTE
#undef NAME
#undef ROWS
#undef TARGET
#undef INLINE
#undef BLOCK
#undef FEATURES
