/* The kernels of winograd.c for blocks of LANES channels, as functions whose names end in LANES. */
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, LANES)
#define V PASTE(lanes, LANES)
/* Rows of a product that fit into the registers, with two vectors each. */
#define ROWS (LANES == 16 ? 12 : 6)

/* B^T d: six numbers of the input. */
INLINE void NAME(enter)(V d0, V d1, V d2, V d3, V d4, V d5, V *t, const int step) {
#pragma clang fp contract(fast)
  V a = d4 - 4 * d2, b = d3 - 4 * d1, c = d4 - d2, e = 2 * (d3 - d1);
  t[0] = 4 * d0 - 5 * d2 + d4;
  t[step] = a + b;
  t[2 * step] = a - b;
  t[3 * step] = c + e;
  t[4 * step] = c - e;
  t[5 * step] = 4 * d1 - 5 * d3 + d5;
}

/* G g for a filter of four taps: a row of the output's gradient. */
INLINE void NAME(enter_gradient)(V g0, V g1, V g2, V g3, V *t, const int step) {
#pragma clang fp contract(fast)
  V p = (g0 + g2) * (-1.0f / 6), q = (g1 + g3) * (-1.0f / 6);
  V r = g0 * (1.0f / 24) + g2 * (1.0f / 6), s = g1 * (1.0f / 12) + g3 * (1.0f / 3);
  t[0] = 0.25f * g0;
  t[step] = p + q;
  t[2 * step] = p - q;
  t[3 * step] = r + s;
  t[4 * step] = r - s;
  t[5 * step] = g3;
}

/* G g for a filter of three taps: a row of the weights. */
INLINE void NAME(enter_weights)(V g0, V g1, V g2, V *t, const int step) {
#pragma clang fp contract(fast)
  V p = (g0 + g2) * (-1.0f / 6), q = g1 * (-1.0f / 6);
  V r = g0 * (1.0f / 24) + g2 * (1.0f / 6), s = g1 * (1.0f / 12);
  t[0] = 0.25f * g0;
  t[step] = p + q;
  t[2 * step] = p - q;
  t[3 * step] = r + s;
  t[4 * step] = r - s;
  t[5 * step] = g2;
}

/* A^T m to `outputs` numbers: 4 of the output, 3 of the weights' gradient. */
INLINE void NAME(leave)(V m0, V m1, V m2, V m3, V m4, V m5, V *t, const int step, const int outputs) {
#pragma clang fp contract(fast)
  V s = m1 + m2, d = m1 - m2, u = m3 + m4, w = m3 - m4;
  t[0] = m0 + s + u;
  t[step] = d + 2 * w;
  if (outputs == 4) {
    t[2 * step] = s + 4 * u;
    t[3 * step] = d + 8 * w + m5;
  } else
    t[2 * step] = s + 4 * u + m5;
}

/* Tile number `tile` of block `block` of channels, to to[frequency * step]. */
INLINE void NAME(enter_tile)(const ckernels_winograd *s, const float *x, int64_t tile, int64_t block, float *to,
                             int64_t step) {
  int64_t across = (s->out_width + 3) / 4, down = (s->out_height + 3) / 4;
  int64_t n = tile / (across * down), top = tile / across % down * 4 - s->padding,
          left = tile % across * 4 - s->padding;
  const float *plane = x + (n * (s->in_channels / LANES) + block) * s->height * s->width * LANES;
  V rows[36], all[6];
  int inside = top >= 0 && left >= 0 && top + 6 <= s->height && left + 6 <= s->width;
  static const float zeros[LANES];
  for (int r = 0; r < 6; r++) {
    V d[6];
    const float *line = plane + ((top + r) * s->width + left) * LANES;
    if (inside)
      for (int c = 0; c < 6; c++)
        d[c] = NAME(load)(line + c * LANES);
    else {
      int row_within = top + r >= 0 && top + r < s->height;
      for (int c = 0; c < 6; c++)
        d[c] = NAME(load)((row_within & (left + c >= 0) & (left + c < s->width)) ? line + c * LANES : zeros);
    }
    NAME(enter)(d[0], d[1], d[2], d[3], d[4], d[5], rows + 6 * r, 1);
  }
  for (int c = 0; c < 6; c++) {
    NAME(enter)(rows[c], rows[6 + c], rows[12 + c], rows[18 + c], rows[24 + c], rows[30 + c], all, 1);
    for (int r = 0; r < 6; r++)
      NAME(store)(to + (6 * r + c) * step, all[r]);
  }
}

/* The same for a tile of the output's gradient. */
INLINE void NAME(enter_gradient_tile)(const ckernels_winograd *s, const float *dy, int64_t tile, int64_t block,
                                      float *to, int64_t step) {
  int64_t across = (s->out_width + 3) / 4, down = (s->out_height + 3) / 4;
  int64_t n = tile / (across * down), top = tile / across % down * 4, left = tile % across * 4;
  const float *plane = dy + (n * (s->out_channels / LANES) + block) * s->out_height * s->out_width * LANES;
  static const float zeros[LANES];
  V rows[24], all[6];
  for (int r = 0; r < 4; r++) {
    V g[4];
    const float *line = plane + ((top + r) * s->out_width + left) * LANES;
    for (int c = 0; c < 4; c++)
      g[c] = NAME(load)(((top + r < s->out_height) & (left + c < s->out_width)) ? line + c * LANES : zeros);
    NAME(enter_gradient)(g[0], g[1], g[2], g[3], rows + 6 * r, 1);
  }
  for (int c = 0; c < 6; c++) {
    NAME(enter_gradient)(rows[c], rows[6 + c], rows[12 + c], rows[18 + c], all, 1);
    for (int r = 0; r < 6; r++)
      NAME(store)(to + (6 * r + c) * step, all[r]);
  }
}

/* The output of a tile from from[frequency * step], plus `shift`. */
INLINE void NAME(leave_tile)(const ckernels_winograd *s, const float *from, int64_t step, int64_t tile, int64_t block,
                             V shift, float *y) {
  int64_t across = (s->out_width + 3) / 4, down = (s->out_height + 3) / 4;
  int64_t n = tile / (across * down), top = tile / across % down * 4, left = tile % across * 4;
  float *plane = y + (n * (s->out_channels / LANES) + block) * s->out_height * s->out_width * LANES;
  V rows[24], all[4];
  for (int r = 0; r < 6; r++) {
    const float *m = from + 6 * r * step;
    NAME(leave)(NAME(load)(m), NAME(load)(m + step), NAME(load)(m + 2 * step), NAME(load)(m + 3 * step),
                NAME(load)(m + 4 * step), NAME(load)(m + 5 * step), rows + 4 * r, 1, 4);
  }
  int inside = top + 4 <= s->out_height && left + 4 <= s->out_width;
  for (int c = 0; c < 4; c++) {
    NAME(leave)(rows[c], rows[4 + c], rows[8 + c], rows[12 + c], rows[16 + c], rows[20 + c], all, 1, 4);
    float *to = plane + (top * s->out_width + left + c) * LANES;
    if (inside)
      for (int r = 0; r < 4; r++)
        NAME(store)(to + r * s->out_width * LANES, all[r] + shift);
    else if (left + c < s->out_width)
      for (int r = 0; r < 4 && top + r < s->out_height; r++)
        NAME(store)(to + r * s->out_width * LANES, all[r] + shift);
  }
}

/* m[r][0 ..< vectors LANES] (+)= sum over k of a[r across + k along] b[k down ...]. */
INLINE void NAME(product)(const float *a, int64_t across, int64_t along, const float *b, int64_t down, int64_t depth,
                          float *m, int64_t width, const int rows, const int vectors, const int adds) {
#pragma clang fp contract(fast)
  V sum[12][2];
#pragma unroll
  for (int r = 0; r < rows; r++)
#pragma unroll
    for (int v = 0; v < vectors; v++)
      sum[r][v] = adds ? NAME(load)(m + r * width + v * LANES) : (V)0;
  for (int64_t k = 0; k < depth; k++) {
    V right[2];
#pragma unroll
    for (int v = 0; v < vectors; v++)
      right[v] = NAME(load)(b + k * down + v * LANES);
#pragma unroll
    for (int r = 0; r < rows; r++) {
      V left = (V)(a[r * across + k * along]);
#pragma unroll
      for (int v = 0; v < vectors; v++)
        sum[r][v] += left * right[v];
    }
  }
#pragma unroll
  for (int r = 0; r < rows; r++)
#pragma unroll
    for (int v = 0; v < vectors; v++)
      NAME(store)(m + r * width + v * LANES, sum[r][v]);
}

/* The product for `rows` rows, a multiple of ROWS / 3. */
INLINE void NAME(panel)(const float *a, int64_t across, int64_t along, const float *b, int64_t down, int64_t depth,
                        float *m, int64_t width, int64_t rows, const int vectors, const int adds) {
  int64_t r = 0;
  for (; r + ROWS <= rows; r += ROWS)
    NAME(product)(a + r * across, across, along, b, down, depth, m + r * width, width, ROWS, vectors, adds);
  if (r + ROWS / 3 * 2 <= rows) {
    NAME(product)(a + r * across, across, along, b, down, depth, m + r * width, width, ROWS / 3 * 2, vectors, adds);
    r += ROWS / 3 * 2;
  }
  if (r < rows)
    NAME(product)(a + r * across, across, along, b, down, depth, m + r * width, width, ROWS / 3, vectors, adds);
}

INLINE void NAME(forward)(const ckernels_winograd *s, const float *x, const float *u, const float *bias, float *y,
                          float *scratch, int64_t begin, int64_t end) {
  int64_t in = s->in_channels, out = s->out_channels, group = winograd_group(s), tiles = winograd_tiles(s);
  float *entered = scratch, *products = scratch + 36 * group * in;
  for (int64_t unit = begin; unit < end; unit++) {
    int64_t first = unit * group, count = tiles - first < group ? tiles - first : group;
    /* Rows after the last tile are computed too, from zeros, up to a whole step of the product. */
    int64_t rows = (count + ROWS / 3 - 1) / (ROWS / 3) * (ROWS / 3);
    for (int64_t f = 0; f < 36; f++)
      memset(entered + (f * group + count) * in, 0, (size_t)((rows - count) * in) * sizeof(float));
    for (int64_t t = 0; t < count; t++)
      for (int64_t block = 0; block < in / LANES; block++)
        NAME(enter_tile)(s, x, first + t, block, entered + t * in + block * LANES, group * in);
    for (int64_t f = 0; f < 36; f++) {
      const float *a = entered + f * group * in, *b = u + f * in * out;
      float *m = products + f * group * out;
      int64_t o = 0;
      for (; o + 2 * LANES <= out; o += 2 * LANES)
        NAME(panel)(a, in, 1, b + o * in, 2 * LANES, in, m + o, out, rows, 2, 0);
      if (o < out)
        NAME(panel)(a, in, 1, b + o * in, LANES, in, m + o, out, rows, 1, 0);
    }
    for (int64_t t = 0; t < count; t++)
      for (int64_t block = 0; block < out / LANES; block++) {
        V shift = bias ? NAME(load)(bias + block * LANES) : (V)0;
        NAME(leave_tile)(s, products + t * out + block * LANES, group * out, first + t, block, shift, y);
      }
  }
}
