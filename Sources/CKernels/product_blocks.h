/* The tiles of product.c for vectors of LANES floats; TILE rows by two vectors fill the registers. */
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, LANES)
#define V PASTE(lanes, LANES)

INLINE void NAME(tile)(const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row, float *c,
                       int64_t c_row, int64_t depth, int adds, const int rows, const int vectors) {
#pragma clang fp contract(fast)
  V sum[TILE][2];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      sum[i][j] = adds ? NAME(load)(c + i * c_row + j * LANES) : (V)0;
  for (int64_t k = 0; k < depth; k++) {
    V row[2];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      row[j] = NAME(load)(b + k * b_row + j * LANES);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V factor = a[i * a_row + k * a_column];
#pragma clang loop unroll(full)
      for (int j = 0; j < vectors; j++)
        sum[i][j] += factor * row[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
      NAME(store)(c + i * c_row + j * LANES, sum[i][j]);
}

INLINE void NAME(panel)(const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row, float *c,
                        int64_t c_row, int64_t rows, int64_t depth, int adds, const int vectors) {
  int64_t i = 0;
#define TILE_OF(count)                                                                                                 \
  NAME(tile)(a + i * a_row, a_row, a_column, b, b_row, c + i * c_row, c_row, depth, adds, count, vectors), i += count
  while (i + TILE <= rows)
    TILE_OF(TILE);
  while (i + 4 <= rows)
    TILE_OF(4);
  if (i + 2 <= rows)
    TILE_OF(2);
  if (i < rows)
    TILE_OF(1);
#undef TILE_OF
}

INLINE void NAME(product)(const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row, float *c,
                          int64_t c_row, int64_t rows, int64_t columns, int64_t depth, int adds) {
  int64_t j = 0;
  for (; j + 2 * LANES <= columns; j += 2 * LANES)
    NAME(panel)(a, a_row, a_column, b + j, b_row, c + j, c_row, rows, depth, adds, 2);
  if (j < columns)
    NAME(panel)(a, a_row, a_column, b + j, b_row, c + j, c_row, rows, depth, adds, 1);
}

/* c's rows `begin` to `end` of a' b, depth first in runs whose rows of b, side by side, stay in the first-level cache: where
 * they are, rows of some lengths would evict each other. */
INLINE void NAME(transposed_product)(const float *a, int64_t a_row, const float *b, float *c, int64_t columns,
                                     int64_t depth, int64_t begin, int64_t end) {
  float near[RUN * 2 * LANES] __attribute__((aligned(64)));
  for (int64_t k = 0; k < depth; k += RUN) {
    const int64_t run = depth - k < RUN ? depth - k : RUN;
    for (int64_t j = 0; j < columns; j += 2 * LANES) {
      const int is_pair = j + 2 * LANES <= columns;
      const int64_t width = is_pair ? 2 * LANES : LANES;
      const float *from = b + k * columns + j;
      if (is_pair)
        for (int64_t i = 0; i < run; i++)
          memcpy(near + i * 2 * LANES, from + i * columns, 2 * LANES * sizeof(float));
      else
        for (int64_t i = 0; i < run; i++)
          memcpy(near + i * LANES, from + i * columns, LANES * sizeof(float));
      const float *rows = a + k * a_row + begin;
      float *to = c + begin * columns + j;
      if (is_pair)
        NAME(panel)(rows, 1, a_row, near, width, to, columns, end - begin, run, k > 0, 2);
      else
        NAME(panel)(rows, 1, a_row, near, width, to, columns, end - begin, run, k > 0, 1);
    }
  }
}

/* Panels of 2 LANES columns, the last filled up with zeros: [panel][depth][2 LANES]. */
INLINE void NAME(dense_pack)(const float *w, int64_t row_step, int64_t column_step, int64_t depth, int64_t columns,
                             float *packed, int64_t begin, int64_t end) {
  for (int64_t panel = begin; panel < end; panel++) {
    float *to = packed + panel * depth * 2 * LANES;
    const int64_t first = panel * 2 * LANES, width = columns - first < 2 * LANES ? columns - first : 2 * LANES;
    for (int64_t k = 0; k < depth; k++, to += 2 * LANES) {
      const float *from = w + k * row_step + first * column_step;
      for (int64_t j = 0; j < width; j++)
        to[j] = from[j * column_step];
      for (int64_t j = width; j < 2 * LANES; j++)
        to[j] = 0;
    }
  }
}

/* A block of rows and a run of the depth at a time, so that they stay in the second-level cache for all panels, and each
 * panel's run in the first. */
INLINE void NAME(dense_multiply)(const ckernels_dense *p, const float *a, const float *packed, const float *row,
                                 float *c, int64_t begin, int64_t end) {
  const int64_t panels = (p->columns + 2 * LANES - 1) / (2 * LANES);
  for (int64_t block = begin; block < end; block += 8 * TILE) {
    const int64_t rows = end - block < 8 * TILE ? end - block : 8 * TILE;
    for (int64_t k = 0; k < p->depth; k += RUN) {
      const int64_t run = p->depth - k < RUN ? p->depth - k : RUN;
      const float *left = a + block * p->depth + k;
      for (int64_t panel = 0; panel < panels; panel++) {
        const int64_t j = panel * 2 * LANES;
        const float *right = packed + (panel * p->depth + k) * 2 * LANES;
        float *to = c + block * p->columns + j;
        if (k == 0 && row)
          for (int64_t i = 0; i < rows; i++)
            memcpy(to + i * p->columns, row + j, (size_t)(p->columns - j < 2 * LANES ? LANES : 2 * LANES) * sizeof *row);
        const int adds = k > 0 || p->adds || row;
        if (p->columns - j >= 2 * LANES)
          NAME(panel)(left, p->depth, 1, right, 2 * LANES, to, p->columns, rows, run, adds, 2);
        else
          NAME(panel)(left, p->depth, 1, right, 2 * LANES, to, p->columns, rows, run, adds, 1);
      }
    }
  }
}

#undef PASTE_
#undef PASTE
#undef NAME
#undef V
#undef LANES
#undef TILE
