/* Windowed pooling and resizing of pooling.c for blocks of LANES channels. A unit is one block of one image. */
#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define NAME(a) PASTE(a, LANES)
#define V PASTE(lanes, LANES)
#define M PASTE(mask, LANES)

INLINE void NAME(maximum)(const ckernels_pooling *s, const float *x, float *y, int32_t *index, int64_t begin,
                          int64_t end) {
  for (int64_t unit = begin; unit < end; unit++) {
    const float *plane = x + unit * s->height * s->width * LANES;
    int64_t to = unit * s->out_height * s->out_width * LANES;
    for (int64_t oy = 0; oy < s->out_height; oy++)
      for (int64_t ox = 0; ox < s->out_width; ox++, to += LANES) {
        struct window w = window_at(s, oy, ox);
        V best = NAME(load)(plane + (w.top * s->width + w.left) * LANES);
        M at = (M)(int32_t)(w.top * s->width + w.left);
        for (int64_t iy = w.top; iy < w.bottom; iy++)
          for (int64_t ix = w.left; ix < w.right; ix++) {
            V v = NAME(load)(plane + (iy * s->width + ix) * LANES);
            /* A NaN wins and stays: it must not vanish in a maximum. */
            M better = (v > best) | (v != v);
            best = NAME(select)(better, v, best);
            at = (better & (M)(int32_t)(iy * s->width + ix)) | (~better & at);
          }
        NAME(store)(y + to, best);
        memcpy(index + to, &at, sizeof at);
      }
  }
}

INLINE void NAME(maximum_gradient)(const ckernels_pooling *s, const int32_t *index, const float *dy, float *dx,
                                   int64_t begin, int64_t end) {
  int64_t in = s->height * s->width * LANES, out = s->out_height * s->out_width * LANES;
  for (int64_t unit = begin; unit < end; unit++) {
    float *plane = dx + unit * in;
    memset(plane, 0, (size_t)in * sizeof(float));
    for (int64_t i = unit * out; i < (unit + 1) * out; i += LANES)
      for (int l = 0; l < LANES; l++)
        plane[(int64_t)index[i + l] * LANES + l] += dy[i + l];
  }
}

INLINE void NAME(average)(const ckernels_pooling *s, const float *x, float *y, int64_t begin, int64_t end) {
  for (int64_t unit = begin; unit < end; unit++) {
    const float *plane = x + unit * s->height * s->width * LANES;
    float *to = y + unit * s->out_height * s->out_width * LANES;
    for (int64_t oy = 0; oy < s->out_height; oy++)
      for (int64_t ox = 0; ox < s->out_width; ox++, to += LANES) {
        struct window w = window_at(s, oy, ox);
        V sum = 0;
        for (int64_t iy = w.top; iy < w.bottom; iy++)
          for (int64_t ix = w.left; ix < w.right; ix++)
            sum += NAME(load)(plane + (iy * s->width + ix) * LANES);
        NAME(store)(to, sum * (1.0f / (float)((w.bottom - w.top) * (w.right - w.left))));
      }
  }
}

INLINE void NAME(average_gradient)(const ckernels_pooling *s, const float *dy, float *dx, int64_t begin, int64_t end) {
  int64_t in = s->height * s->width * LANES;
  for (int64_t unit = begin; unit < end; unit++) {
    float *plane = dx + unit * in;
    const float *from = dy + unit * s->out_height * s->out_width * LANES;
    memset(plane, 0, (size_t)in * sizeof(float));
    for (int64_t oy = 0; oy < s->out_height; oy++)
      for (int64_t ox = 0; ox < s->out_width; ox++, from += LANES) {
        struct window w = window_at(s, oy, ox);
        V share = NAME(load)(from) * (1.0f / (float)((w.bottom - w.top) * (w.right - w.left)));
        for (int64_t iy = w.top; iy < w.bottom; iy++)
          for (int64_t ix = w.left; ix < w.right; ix++) {
            float *at = plane + (iy * s->width + ix) * LANES;
            NAME(store)(at, NAME(load)(at) + share);
          }
      }
  }
}

INLINE void NAME(nearest)(const ckernels_pooling *s, const float *x, float *y, int64_t begin, int64_t end) {
  for (int64_t unit = begin; unit < end; unit++) {
    const float *plane = x + unit * s->height * s->width * LANES;
    float *to = y + unit * s->out_height * s->out_width * LANES;
    for (int64_t oy = 0; oy < s->out_height; oy++) {
      const float *line = plane + nearest_source(oy, s->height, s->out_height) * s->width * LANES;
      for (int64_t ox = 0; ox < s->out_width; ox++, to += LANES)
        NAME(store)(to, NAME(load)(line + nearest_source(ox, s->width, s->out_width) * LANES));
    }
  }
}

INLINE void NAME(nearest_gradient)(const ckernels_pooling *s, const float *dy, float *dx, int64_t begin, int64_t end) {
  int64_t in = s->height * s->width * LANES;
  for (int64_t unit = begin; unit < end; unit++) {
    float *plane = dx + unit * in;
    const float *from = dy + unit * s->out_height * s->out_width * LANES;
    memset(plane, 0, (size_t)in * sizeof(float));
    for (int64_t oy = 0; oy < s->out_height; oy++) {
      float *line = plane + nearest_source(oy, s->height, s->out_height) * s->width * LANES;
      for (int64_t ox = 0; ox < s->out_width; ox++, from += LANES) {
        float *at = line + nearest_source(ox, s->width, s->out_width) * LANES;
        NAME(store)(at, NAME(load)(at) + NAME(load)(from));
      }
    }
  }
}

#undef PASTE_
#undef PASTE
#undef NAME
#undef V
#undef M
#undef LANES
