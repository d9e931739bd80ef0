#include "internal.h"

#ifdef CFRAMES_X86
#define LANES 16
#include "lanes.h"
#include "yuv_blocks.h"
#undef LANES
#define LANES 32
#include "lanes.h"
#include "yuv_blocks.h"
#endif

int32_t cframes_level(void) {
#ifdef CFRAMES_X86
  if (__builtin_cpu_supports("avx2")) return 2;
  if (__builtin_cpu_supports("sse4.1")) return 1;
#endif
  return 0;
}

INLINE void pixel(int32_t y, int32_t u, int32_t v, uint8_t *rgb, const cframes_matrix *m) {
  const int32_t a = (u - 128) * 256, b = (v - 128) * 256;
  const int32_t luma = cframes_product((y - 128) * 256, m->luma) + m->bias;
  rgb[0] = (uint8_t)cframes_clamp(((luma + cframes_product(b, m->red)) >> 6) + 128);
  rgb[1] = (uint8_t)cframes_clamp(
      ((luma + cframes_product(a, m->green_u) + cframes_product(b, m->green_v)) >> 6) + 128);
  rgb[2] = (uint8_t)cframes_clamp(((luma + cframes_product(a, m->blue)) >> 6) + 128);
}

// Samples at `y`, 2 * i + `step` * ..., so that one loop serves all layouts: luma every `y_step` bytes, chroma every
// `c_step` bytes for two pixels.
INLINE void plain(const uint8_t *y, size_t y_step, const uint8_t *u, const uint8_t *v, size_t c_step, size_t x,
                  size_t end, uint8_t *rgb, const cframes_matrix *m) {
  for (; x < end; x++, rgb += 3) pixel(y[x * y_step], u[x / 2 * c_step], v[x / 2 * c_step], rgb, m);
}

void cframes_rgb_from_packed(const uint8_t *row, cframes_order order, size_t x, size_t count, uint8_t *rgb,
                             const cframes_matrix *m, int32_t level) {
  const int is_luma_high = order >= CFRAMES_UYVY, is_v_first = order & 1;
  const uint8_t *y = row + is_luma_high, *first = row + !is_luma_high;
  const uint8_t *u = first + (is_v_first ? 2 : 0), *v = first + (is_v_first ? 0 : 2);
  const size_t end = x + count;
  if (x % 2 && x < end) plain(y, 2, u, v, 4, x, x + 1, rgb, m), x++, rgb += 3;
#ifdef CFRAMES_X86
  size_t done = 0;
  if (level >= 2) done = packed_any_avx2(row + 2 * x, order, end - x, rgb, m);
  else if (level >= 1) done = packed_any_sse41(row + 2 * x, order, end - x, rgb, m);
  x += done, rgb += 3 * done;
#else
  (void)level;
#endif
  plain(y, 2, u, v, 4, x, end, rgb, m);
}

void cframes_rgb_from_pairs(const uint8_t *luma, const uint8_t *chroma, int32_t is_v_first, size_t x, size_t count,
                            uint8_t *rgb, const cframes_matrix *m, int32_t level) {
  const uint8_t *u = chroma + (is_v_first ? 1 : 0), *v = chroma + (is_v_first ? 0 : 1);
  const size_t end = x + count;
  if (x % 2 && x < end) plain(luma, 1, u, v, 2, x, x + 1, rgb, m), x++, rgb += 3;
#ifdef CFRAMES_X86
  size_t done = 0;
  if (level >= 2) done = pairs_avx2(luma + x, chroma + x, is_v_first, end - x, rgb, m);
  else if (level >= 1) done = pairs_sse41(luma + x, chroma + x, is_v_first, end - x, rgb, m);
  x += done, rgb += 3 * done;
#else
  (void)level;
#endif
  plain(luma, 1, u, v, 2, x, end, rgb, m);
}

void cframes_rgb_from_planes(const uint8_t *luma, const uint8_t *u, const uint8_t *v, size_t x, size_t count,
                             uint8_t *rgb, const cframes_matrix *m, int32_t level) {
  const size_t end = x + count;
  if (x % 2 && x < end) plain(luma, 1, u, v, 1, x, x + 1, rgb, m), x++, rgb += 3;
#ifdef CFRAMES_X86
  size_t done = 0;
  if (level >= 2) done = planes_avx2(luma + x, u + x / 2, v + x / 2, end - x, rgb, m);
  else if (level >= 1) done = planes_sse41(luma + x, u + x / 2, v + x / 2, end - x, rgb, m);
  x += done, rgb += 3 * done;
#else
  (void)level;
#endif
  plain(luma, 1, u, v, 1, x, end, rgb, m);
}

INLINE uint8_t gray_of(int32_t y, int32_t luma, int32_t bias) {
  return (uint8_t)cframes_clamp(((cframes_product((y - 128) * 256, luma) + bias) >> 6) + 128);
}
// With the step known the compiler vectorises.
INLINE void gray_loop(const uint8_t *y, size_t step, size_t count, uint8_t *gray, int32_t luma, int32_t bias) {
  if (step == 1) {
    for (size_t i = 0; i < count; i++) gray[i] = gray_of(y[i], luma, bias);
  } else {
    for (size_t i = 0; i < count; i++) gray[i] = gray_of(y[2 * i], luma, bias);
  }
}
CFRAMES_VARIANTS(gray, (const uint8_t *y, size_t step, size_t count, uint8_t *gray, int32_t luma, int32_t bias),
                 (y, step, count, gray, luma, bias))

void cframes_gray_from_luma(const uint8_t *luma, size_t step, size_t count, uint8_t *gray, const cframes_matrix *m,
                            int32_t level) {
  CFRAMES_DISPATCH(gray, level, (luma, step, count, gray, m->luma, m->bias));
}

INLINE void second_loop(const uint8_t *from, size_t count, uint8_t *to) {
  for (size_t i = 0; i < count; i++) to[i] = from[2 * i];
}
CFRAMES_VARIANTS(second, (const uint8_t *from, size_t count, uint8_t *to), (from, count, to))

void cframes_every_second(const uint8_t *from, size_t count, uint8_t *to, int32_t level) {
  CFRAMES_DISPATCH(second, level, (from, count, to));
}
