/* The kernels of winograd.c that read weights and make their gradients, for blocks of LANES channels; after
 * winograd_blocks.h. */

/* lanes [i][j] to [j][i]: dealing rows out like two halves of a pack of cards, log2 LANES times. */
INLINE void NAME(transpose)(V *rows) {
  V dealt[LANES];
#if LANES == 16
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#else
#define LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#endif
#pragma clang loop unroll(full)
  for (int pass = 1; pass < LANES; pass *= 2) {
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES / 2; i++) {
      dealt[2 * i] = LOW(rows[i], rows[i + LANES / 2]);
      dealt[2 * i + 1] = HIGH(rows[i], rows[i + LANES / 2]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < LANES; i++)
      rows[i] = dealt[i];
  }
#undef LOW
#undef HIGH
}

/* The nine numbers of LANES filters that lie `step` floats apart, one filter a lane; reads to the end of the last alone. */
INLINE void NAME(filters)(const float *w, int64_t step, V taps[9]) {
  V rows[LANES];
#if LANES == 16
  for (int l = 0; l < LANES - 1; l++)
    rows[l] = NAME(load)(w + l * step);
  float last[LANES] = {0};
  memcpy(last, w + (LANES - 1) * step, 9 * sizeof(float));
  rows[LANES - 1] = NAME(load)(last);
  NAME(transpose)(rows);
  for (int tap = 0; tap < 9; tap++)
    taps[tap] = rows[tap];
#else
  for (int l = 0; l < LANES; l++)
    rows[l] = NAME(load)(w + l * step);
  NAME(transpose)(rows);
  for (int tap = 0; tap < 8; tap++)
    taps[tap] = rows[tap];
  for (int l = 0; l < LANES; l++)
    taps[8][l] = w[l * step + 8];
#endif
}

/* The 36 numbers of inputs first ..< last and the outputs of a panel, `width` of them from o on, to
 * u[frequency * step + (input - first) * width]. */
INLINE void NAME(enter_filters)(const ckernels_winograd *s, const float *w, const int flipped, int64_t o, int64_t width,
                                int64_t first, int64_t last, float *u, int64_t step) {
  /* Flipped: w is [in][out][3][3], turned by half a circle. */
  int64_t out_step = flipped ? 9 : s->in_channels * 9, in_step = flipped ? s->out_channels * 9 : 9;
  for (int64_t lane = 0; lane < width; lane += LANES)
    for (int64_t i = first; i < last; i++) {
      V taps[9], rows[18], all[6];
      NAME(filters)(w + (o + lane) * out_step + i * in_step, out_step, taps);
      for (int r = 0; r < 3; r++)
        if (flipped)
          NAME(enter_weights)(taps[8 - 3 * r], taps[7 - 3 * r], taps[6 - 3 * r], rows + 6 * r, 1);
        else
          NAME(enter_weights)(taps[3 * r], taps[3 * r + 1], taps[3 * r + 2], rows + 6 * r, 1);
      for (int c = 0; c < 6; c++) {
        NAME(enter_weights)(rows[c], rows[6 + c], rows[12 + c], all, 1);
        for (int r = 0; r < 6; r++)
          NAME(store)(u + (6 * r + c) * step + (i - first) * width + lane, all[r]);
      }
    }
}

/* Units: panels of two blocks. */
INLINE void NAME(weights)(const ckernels_winograd *s, const float *w, const int flipped, float *u, int64_t begin,
                          int64_t end) {
  int64_t in = s->in_channels, out = s->out_channels;
  for (int64_t panel = begin; panel < end; panel++) {
    int64_t o = panel * 2 * LANES, width = out - o < 2 * LANES ? LANES : 2 * LANES;
    NAME(enter_filters)(s, w, flipped, o, width, 0, in, u + o * in, in * out);
  }
}

/* Where all tiles have been entered: the transformed weights of a panel of outputs stay in the second-level cache, some
 * inputs at a time, and are never written out. Units: panels of two blocks. */
INLINE void NAME(gather_forward)(const ckernels_winograd *s, const float *entered, const float *w, const int flipped,
                                 const float *bias, float *y, float *scratch, int64_t begin, int64_t end) {
  int64_t in = s->in_channels, out = s->out_channels, tiles = winograd_tiles(s);
  int64_t rows = winograd_rows(s);
  float *u = scratch, *products = scratch + 36 * WINOGRAD_RUN * 2 * LANES;
  for (int64_t unit = begin; unit < end; unit++) {
    int64_t o = unit * 2 * LANES, width = out - o < 2 * LANES ? LANES : 2 * LANES;
    for (int64_t first = 0; first < in; first += WINOGRAD_RUN) {
      int64_t count = in - first < WINOGRAD_RUN ? in - first : WINOGRAD_RUN;
      NAME(enter_filters)(s, w, flipped, o, width, first, first + count, u, count * width);
      for (int64_t f = 0; f < 36; f++) {
        const float *a = entered + (first / WINOGRAD_RUN * 36 + f) * rows * WINOGRAD_RUN, *b = u + f * count * width;
        float *m = products + f * rows * width;
        if (width == 2 * LANES && first == 0)
          NAME(panel)(a, WINOGRAD_RUN, 1, b, width, count, m, width, rows, 2, 0);
        else if (width == 2 * LANES)
          NAME(panel)(a, WINOGRAD_RUN, 1, b, width, count, m, width, rows, 2, 1);
        else
          NAME(panel)(a, WINOGRAD_RUN, 1, b, width, count, m, width, rows, 1, first > 0);
      }
    }
    for (int64_t t = 0; t < tiles; t++)
      for (int64_t lane = 0; lane < width; lane += LANES) {
        V shift = bias ? NAME(load)(bias + o + lane) : (V)0;
        NAME(leave_tile)(s, products + t * width + lane, rows * width, t, (o + lane) / LANES, shift, y);
      }
  }
}

INLINE void NAME(weight_gradient_sums)(const ckernels_winograd *s, const float *x, const float *dy, float *sums,
                                       float *scratch, int64_t begin, int64_t end) {
  int64_t in = s->in_channels, out = s->out_channels, group = winograd_group(s), tiles = winograd_tiles(s);
  float *entered = scratch, *gradients = scratch + 36 * group * in;
  int64_t parts = winograd_parts(s);
  for (int64_t part = begin; part < end; part++) {
    float *du = sums + part * 36 * in * out;
    int64_t from = tiles * part / parts, to = tiles * (part + 1) / parts;
    for (int64_t first = from; first < to; first += group) {
      int64_t count = to - first < group ? to - first : group;
      for (int64_t t = 0; t < count; t++) {
        for (int64_t block = 0; block < in / LANES; block++)
          NAME(enter_tile)(s, x, first + t, block, entered + t * in + block * LANES, group * in);
        for (int64_t block = 0; block < out / LANES; block++)
          NAME(enter_gradient_tile)(s, dy, first + t, block, gradients + t * out + block * LANES, group * out);
      }
      for (int64_t f = 0; f < 36; f++) {
        const float *a = entered + f * group * in, *b = gradients + f * group * out;
        float *m = du + f * in * out;
        int64_t o = 0;
        for (; o + 2 * LANES <= out; o += 2 * LANES)
          if (first == from)
            NAME(panel)(a, 1, in, b + o, out, count, m + o, out, in, 2, 0);
          else
            NAME(panel)(a, 1, in, b + o, out, count, m + o, out, in, 2, 1);
        if (o < out)
          NAME(panel)(a, 1, in, b + o, out, count, m + o, out, in, 1, first != from);
      }
    }
  }
}

/* The filters' gradients from their 36 sums, one filter a lane. */
INLINE void NAME(leave_weights)(const V *m, V *taps) {
  V rows[18], all[3];
  for (int r = 0; r < 6; r++)
    NAME(leave)(m[6 * r], m[6 * r + 1], m[6 * r + 2], m[6 * r + 3], m[6 * r + 4], m[6 * r + 5], rows + 3 * r, 1, 3);
  for (int c = 0; c < 3; c++) {
    NAME(leave)(rows[c], rows[3 + c], rows[6 + c], rows[9 + c], rows[12 + c], rows[15 + c], all, 1, 3);
    for (int r = 0; r < 3; r++)
      taps[3 * r + c] = all[r];
  }
}

/* `count` vectors, a multiple of LANES, to rows that lie `step` floats apart, one lane a row. */
INLINE void NAME(store_lanes)(const V *from, int64_t count, float *to, int64_t step) {
  for (int64_t first = 0; first < count; first += LANES) {
    V rows[LANES];
    for (int l = 0; l < LANES; l++)
      rows[l] = from[first + l];
    NAME(transpose)(rows);
    for (int l = 0; l < LANES; l++)
      NAME(store)(to + first + l * step, rows[l]);
  }
}

INLINE void NAME(weight_gradient)(const ckernels_winograd *s, const float *sums, float *dw, int64_t begin,
                                  int64_t end) {
  int64_t in = s->in_channels, out = s->out_channels, parts = winograd_parts(s);
  V taps[LANES * 9];
  for (int64_t block = begin; block < end; block++)
    for (int64_t i = 0; i < in; i++) {
      const float *from = sums + i * out + block * LANES;
      V m[36];
      for (int f = 0; f < 36; f++) {
        m[f] = NAME(load)(from + f * in * out);
        for (int part = 1; part < parts; part++)
          m[f] += NAME(load)(from + (part * 36 + f) * in * out);
      }
      NAME(leave_weights)(m, taps + i % LANES * 9);
      if (i % LANES == LANES - 1)
        NAME(store_lanes)(taps, LANES * 9, dw + (block * LANES * in + i - (LANES - 1)) * 9, in * 9);
    }
}

/* Where tiles are few, all of them are entered first: [run of inputs][36][rows][WINOGRAD_RUN], and the gradients
 * [panel][36][rows][2 LANES], so that a product reads its factors from end to end. Rows after the last tile are zeros.
 * Units: rows. */
INLINE void NAME(enter_all)(const ckernels_winograd *s, const float *x, const float *dy, float *entered,
                            float *gradients, int64_t begin, int64_t end) {
  int64_t in = s->in_channels / LANES, out = s->out_channels / LANES, tiles = winograd_tiles(s), rows = winograd_rows(s);
  const int64_t run = WINOGRAD_RUN / LANES;
  for (int64_t t = begin; t < end; t++) {
    for (int64_t block = 0; block < in; block++) {
      float *to = entered + (block / run * 36 * rows + t) * WINOGRAD_RUN + block % run * LANES;
      if (t < tiles)
        NAME(enter_tile)(s, x, t, block, to, rows * WINOGRAD_RUN);
      else
        for (int f = 0; f < 36; f++)
          NAME(store)(to + f * rows * WINOGRAD_RUN, (V)0);
    }
    for (int64_t block = 0; gradients && block < out && t < tiles; block++)
      NAME(enter_gradient_tile)(s, dy, t, block, gradients + (block / 2 * 36 * rows + t) * 2 * LANES + block % 2 * LANES,
                                rows * 2 * LANES);
  }
}

/* Then the sums of one panel of outputs and some inputs stay in the second-level cache until they are weights. */
INLINE void NAME(gather_gradient)(const ckernels_winograd *s, const float *entered, const float *gradients, float *dw,
                                  float *scratch, int64_t begin, int64_t end) {
  int64_t in = s->in_channels, out = s->out_channels, tiles = winograd_tiles(s), all = winograd_rows(s);
  int64_t runs = (in + WINOGRAD_RUN - 1) / WINOGRAD_RUN;
  V taps[LANES * 9];
  for (int64_t unit = begin; unit < end; unit++) {
    int64_t o = unit / runs * 2 * LANES, i = unit % runs * WINOGRAD_RUN;
    int64_t count = in - i < WINOGRAD_RUN ? in - i : WINOGRAD_RUN, width = out - o < 2 * LANES ? LANES : 2 * LANES;
    for (int64_t f = 0; f < 36; f++) {
      const float *a = entered + (i / WINOGRAD_RUN * 36 + f) * all * WINOGRAD_RUN;
      const float *b = gradients + (o / (2 * LANES) * 36 + f) * all * 2 * LANES;
      float *m = scratch + f * count * width;
      if (width == 2 * LANES)
        NAME(panel)(a, 1, WINOGRAD_RUN, b, 2 * LANES, tiles, m, width, count, 2, 0);
      else
        NAME(panel)(a, 1, WINOGRAD_RUN, b, 2 * LANES, tiles, m, width, count, 1, 0);
    }
    for (int64_t lane = 0; lane < width; lane += LANES)
      for (int64_t c = 0; c < count; c++) {
        V m[36];
        for (int f = 0; f < 36; f++)
          m[f] = NAME(load)(scratch + (f * count + c) * width + lane);
        NAME(leave_weights)(m, taps + c % LANES * 9);
        if (c % LANES == LANES - 1)
          NAME(store_lanes)(taps, LANES * 9, dw + ((o + lane) * in + i + c - (LANES - 1)) * 9, in * 9);
      }
  }
}

#undef ROWS
#undef PASTE_
#undef PASTE
#undef NAME
#undef V
#undef LANES
