/* The kernels of normalization.c for blocks of LANES channels, as functions whose names end in LANES. Included once for
 * each block size, so that the lanes are one vector type and nothing is left to the vectoriser. */
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, LANES)
#define V PASTE(lanes, LANES)

/* Sums over a row of pixels; four chains hide the latency of the additions. */
INLINE void NAME(row_sums)(const float *x, int64_t pixels, const V pivot, V *sum, V *square) {
#pragma clang fp contract(fast)
  V s0 = 0, s1 = 0, s2 = 0, s3 = 0, q0 = 0, q1 = 0, q2 = 0, q3 = 0;
  int64_t i = 0;
  for (; i + 4 <= pixels; i += 4) {
    const float *at = x + i * LANES;
    V a = NAME(load)(at) - pivot, b = NAME(load)(at + LANES) - pivot, c = NAME(load)(at + 2 * LANES) - pivot,
      d = NAME(load)(at + 3 * LANES) - pivot;
    s0 += a, s1 += b, s2 += c, s3 += d;
    q0 += a * a, q1 += b * b, q2 += c * c, q3 += d * d;
  }
  for (; i < pixels; i++) {
    V a = NAME(load)(x + i * LANES) - pivot;
    s0 += a;
    q0 += a * a;
  }
  *sum = (s0 + s1) + (s2 + s3);
  *square = (q0 + q1) + (q2 + q3);
}

INLINE void NAME(moments)(const ckernels_activation *shape, const float *x, float *mean, float *variance,
                          int64_t begin, int64_t end) {
  int64_t blocks = shape->channels / LANES, row = shape->pixels * LANES;
  double count = (double)shape->batch * (double)shape->pixels;
  for (int64_t c = begin; c < end; c++) {
    const float *pivot = x + c * row;
    double sum[LANES] = {0}, square[LANES] = {0};
    for (int64_t n = 0; n < shape->batch; n++) {
      V s, q;
      NAME(row_sums)(x + (n * blocks + c) * row, shape->pixels, NAME(load)(pivot), &s, &q);
      for (int l = 0; l < LANES; l++) {
        sum[l] += s[l];
        square[l] += q[l];
      }
    }
    for (int l = 0; l < LANES; l++) {
      double m = sum[l] / count, v = square[l] / count - m * m;
      mean[c * LANES + l] = (float)(pivot[l] + m);
      variance[c * LANES + l] = v < 0 ? 0 : (float)v;
    }
  }
}

INLINE void NAME(channel_sums)(const ckernels_activation *shape, const float *x, float *sum, int64_t begin,
                               int64_t end) {
  int64_t blocks = shape->channels / LANES, row = shape->pixels * LANES;
  for (int64_t c = begin; c < end; c++) {
    double total[LANES] = {0};
    for (int64_t n = 0; n < shape->batch; n++) {
      V s, q, none = 0;
      NAME(row_sums)(x + (n * blocks + c) * row, shape->pixels, none, &s, &q);
      for (int l = 0; l < LANES; l++)
        total[l] += s[l];
    }
    for (int l = 0; l < LANES; l++)
      sum[c * LANES + l] = (float)total[l];
  }
}

/* One pixel: x scale + shift (+ residual), cut at 0; a NaN stays. */
INLINE V NAME(scaled)(V x, V scale, V shift, V more, const int relu) {
#pragma clang fp contract(fast)
  V v = x * scale + shift + more;
  return relu ? NAME(select)(v < 0, (V)0, v) : v;
}

INLINE void NAME(scale_shift)(const ckernels_activation *shape, const float *x, const float *scale, const float *shift,
                              const float *residual, const int relu, float *y, int64_t begin, int64_t end) {
  int64_t blocks = shape->channels / LANES, row = shape->pixels * LANES;
  for (int64_t c = begin; c < end; c++) {
    V a = NAME(load)(scale + c * LANES), b = NAME(load)(shift + c * LANES), none = 0;
    for (int64_t n = 0; n < shape->batch; n++) {
      int64_t offset = (n * blocks + c) * row;
      if (residual)
        for (int64_t i = offset; i < offset + row; i += LANES)
          NAME(store)(y + i, NAME(scaled)(NAME(load)(x + i), a, b, NAME(load)(residual + i), relu));
      else
        for (int64_t i = offset; i < offset + row; i += LANES)
          NAME(store)(y + i, NAME(scaled)(NAME(load)(x + i), a, b, none, relu));
    }
  }
}

/* The gradient of one pixel before the ReLU: dy where the output was above 0. */
INLINE V NAME(masked)(const float *x, const float *y, const float *dy, int64_t i, V scale, V shift, const int mask) {
  V g = NAME(load)(dy + i), none = 0;
  if (mask == MASK_FROM_OUTPUT)
    return NAME(select)(NAME(load)(y + i) > 0, g, none);
  if (mask == MASK_FROM_INPUT)
    return NAME(select)(NAME(scaled)(NAME(load)(x + i), scale, shift, none, 0) > 0, g, none);
  return g;
}

INLINE void NAME(normalize_sums)(const ckernels_activation *shape, const ckernels_normalization *of, const float *dy,
                                 float *sum, float *normalized, int64_t begin, int64_t end, const int mask) {
#pragma clang fp contract(fast)
  int64_t blocks = shape->channels / LANES, row = shape->pixels * LANES;
  for (int64_t c = begin; c < end; c++) {
    V mean = NAME(load)(of->mean + c * LANES), none = 0;
    V scale = mask == MASK_FROM_INPUT ? NAME(load)(of->scale + c * LANES) : none;
    V shift = mask == MASK_FROM_INPUT ? NAME(load)(of->shift + c * LANES) : none;
    double s[LANES] = {0}, q[LANES] = {0};
    for (int64_t n = 0; n < shape->batch; n++) {
      V s0 = 0, s1 = 0, q0 = 0, q1 = 0;
      int64_t i = (n * blocks + c) * row, last = i + row;
      for (; i + 2 * LANES <= last; i += 2 * LANES) {
        V g = NAME(masked)(of->x, of->y, dy, i, scale, shift, mask);
        V h = NAME(masked)(of->x, of->y, dy, i + LANES, scale, shift, mask);
        s0 += g, s1 += h;
        q0 += g * (NAME(load)(of->x + i) - mean), q1 += h * (NAME(load)(of->x + i + LANES) - mean);
      }
      if (i < last) {
        V g = NAME(masked)(of->x, of->y, dy, i, scale, shift, mask);
        s0 += g;
        q0 += g * (NAME(load)(of->x + i) - mean);
      }
      s0 += s1, q0 += q1;
      for (int l = 0; l < LANES; l++) {
        s[l] += s0[l];
        q[l] += q0[l];
      }
    }
    for (int l = 0; l < LANES; l++) {
      sum[c * LANES + l] = (float)s[l];
      normalized[c * LANES + l] = (float)(q[l] * of->inverse_deviation[c * LANES + l]);
    }
  }
}

INLINE void NAME(normalize_gradient)(const ckernels_activation *shape, const ckernels_normalization *of,
                                     const float *dy, const float *a, const float *b, const float *c, float *dx,
                                     float *dresidual, int64_t begin, int64_t end, const int mask, const int passes) {
#pragma clang fp contract(fast)
  int64_t blocks = shape->channels / LANES, row = shape->pixels * LANES;
  for (int64_t channel = begin; channel < end; channel++) {
    V ka = NAME(load)(a + channel * LANES), kb = NAME(load)(b + channel * LANES), kc = NAME(load)(c + channel * LANES);
    V none = 0;
    V scale = mask == MASK_FROM_INPUT ? NAME(load)(of->scale + channel * LANES) : none;
    V shift = mask == MASK_FROM_INPUT ? NAME(load)(of->shift + channel * LANES) : none;
    for (int64_t n = 0; n < shape->batch; n++) {
      int64_t first = (n * blocks + channel) * row;
      /* All loads of a pixel come before its stores: buffers may be the same, never shifted. */
      for (int64_t i = first; i < first + row; i += LANES) {
        V g = NAME(masked)(of->x, of->y, dy, i, scale, shift, mask);
        V d = ka * g + (kb * NAME(load)(of->x + i) + kc);
        if (passes)
          NAME(store)(dresidual + i, g);
        NAME(store)(dx + i, d);
      }
    }
  }
}

#undef PASTE_
#undef PASTE
#undef NAME
#undef V
#undef LANES
