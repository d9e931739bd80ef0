/* The kernels of modulation.c for blocks of LANES channels, as functions whose names end in LANES. Included once for each
 * block size. */
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, LANES)
#define V PASTE(lanes, LANES)

/* x scale + shift of one pixel: the same operations forwards and backwards, which must agree on its sign. */
INLINE V NAME(modulated)(const float *x, V scale, V shift) {
#pragma clang fp contract(fast)
  return NAME(load)(x) * scale + shift;
}

INLINE void NAME(modulate)(const ckernels_activation *shape, const ckernels_modulation *of, float *y, int64_t begin,
                           int64_t end) {
  const int64_t row = shape->pixels * LANES;
  const V none = 0, slope = of->slope;
  for (int64_t unit = begin; unit < end; unit++) {
    const V a = NAME(load)(of->scale + unit * LANES), b = NAME(load)(of->shift + unit * LANES);
    for (int64_t i = unit * row; i < (unit + 1) * row; i += LANES) {
      V v = NAME(modulated)(of->x + i, a, b);
      NAME(store)(y + i, NAME(select)(v < none, slope * v, v));
    }
  }
}

/* What of dy has come through the leaky ReLU. */
INLINE V NAME(leaked)(const ckernels_modulation *of, const float *dy, int64_t i, V a, V b) {
  const V none = 0, slope = of->slope, g = NAME(load)(dy + i);
  return NAME(select)(NAME(modulated)(of->x + i, a, b) > none, g, slope * g);
}

INLINE void NAME(modulate_sums)(const ckernels_activation *shape, const ckernels_modulation *of, const float *mean,
                                const float *dy, float *sum, float *dot, int64_t begin, int64_t end) {
#pragma clang fp contract(fast)
  const int64_t row = shape->pixels * LANES, blocks = shape->channels / LANES;
  for (int64_t unit = begin; unit < end; unit++) {
    const V a = NAME(load)(of->scale + unit * LANES), b = NAME(load)(of->shift + unit * LANES);
    const V m = NAME(load)(mean + unit % blocks * LANES);
    V s0 = 0, s1 = 0, q0 = 0, q1 = 0;
    int64_t i = unit * row, last = i + row;
    for (; i + 2 * LANES <= last; i += 2 * LANES) {
      V g = NAME(leaked)(of, dy, i, a, b), h = NAME(leaked)(of, dy, i + LANES, a, b);
      s0 += g, s1 += h;
      q0 += g * (NAME(load)(of->x + i) - m), q1 += h * (NAME(load)(of->x + i + LANES) - m);
    }
    if (i < last) {
      V g = NAME(leaked)(of, dy, i, a, b);
      s0 += g;
      q0 += g * (NAME(load)(of->x + i) - m);
    }
    NAME(store)(sum + unit * LANES, s0 + s1);
    NAME(store)(dot + unit * LANES, q0 + q1);
  }
}

INLINE void NAME(modulate_gradient)(const ckernels_activation *shape, const ckernels_modulation *of, const float *dy,
                                    const float *a, const float *b, const float *c, float *dx, int64_t begin,
                                    int64_t end) {
#pragma clang fp contract(fast)
  const int64_t row = shape->pixels * LANES, blocks = shape->channels / LANES;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t channel = unit % blocks * LANES;
    const V scale = NAME(load)(of->scale + unit * LANES), shift = NAME(load)(of->shift + unit * LANES);
    const V ka = NAME(load)(a + unit * LANES), kb = NAME(load)(b + channel), kc = NAME(load)(c + channel);
    for (int64_t i = unit * row; i < (unit + 1) * row; i += LANES) {
      V g = NAME(leaked)(of, dy, i, scale, shift);
      NAME(store)(dx + i, ka * g + (kb * NAME(load)(of->x + i) + kc));
    }
  }
}

#undef PASTE_
#undef PASTE
#undef NAME
#undef V
#undef LANES
