#include "clocating.h"

// Written once and compiled twice: the compiler vectorises each copy for its instruction set.
#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define CLOCATING_HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#else
#define AVX2
#define CLOCATING_HAS_AVX2 0
#endif

INLINE uint64_t sobel_energy(const uint8_t *above, const uint8_t *row, const uint8_t *below, size_t count,
                             uint64_t *levels) {
  uint64_t total = 0;
  // 1024 pixels of at most 2 * 1020^2 stay below 2^32.
  for (size_t from = 0; from < count; from += 1024) {
    const size_t to = from + 1024 < count ? from + 1024 : count;
    uint32_t sum = 0, level = 0;
    for (size_t x = from; x < to; x++) {
      const int16_t a = above[x - 1], b = above[x], c = above[x + 1], d = row[x - 1], e = row[x + 1],
                    f = below[x - 1], g = below[x], h = below[x + 1];
      const int16_t gx = (int16_t)(c - a + 2 * (e - d) + h - f), gy = (int16_t)(f - a + 2 * (g - b) + h - c);
      level += row[x];
      sum += (uint32_t)((int32_t)gx * gx + (int32_t)gy * gy);
    }
    total += sum;
    *levels += level;
  }
  return total;
}

INLINE void add_bytes(const uint8_t *bytes, uint16_t *sums, size_t count) {
  for (size_t i = 0; i < count; i++) sums[i] = (uint16_t)(sums[i] + bytes[i]);
}

typedef float f8 __attribute__((vector_size(32), aligned(4)));
// Macros, for a function with vectors in its signature has another calling convention per instruction set.
#define LOAD8(p) (*(const f8 *)(p))
#define STORE8(p, v) (*(f8 *)(p) = (v))

// 8 columns by `n` rows at once: each of the template's values is spread once and meets n vectors of the image.
#define NARROW(n)                                                                                       \
  INLINE void narrow##n(const float *image, ptrdiff_t stride, const clocating_run *runs, size_t run_count, \
                        const float *values, float *out, ptrdiff_t out_stride) {                        \
    f8 sums[n];                                                                                         \
    for (int k = 0; k < n; k++) sums[k] = (f8){0};                                                      \
    for (size_t r = 0; r < run_count; r++) {                                                            \
      const float *from = image + runs[r].line * stride + runs[r].start;                                \
      const float *value = values + runs[r].value;                                                      \
      for (int32_t i = 0; i < runs[r].count; i++) {                                                     \
        const f8 t = (f8){0} + value[i];                                                                \
        for (int k = 0; k < n; k++) sums[k] += t * LOAD8(from + k * stride + i);                        \
      }                                                                                                 \
    }                                                                                                   \
    for (int k = 0; k < n; k++) STORE8(out + k * out_stride, sums[k]);                                  \
  }
NARROW(1)
NARROW(5)

// 32 columns of one row at once.
INLINE void wide(const float *image, ptrdiff_t stride, const clocating_run *runs, size_t run_count,
                 const float *values, float *out) {
  f8 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
  for (size_t r = 0; r < run_count; r++) {
    const float *from = image + runs[r].line * stride + runs[r].start;
    const float *value = values + runs[r].value;
    for (int32_t i = 0; i < runs[r].count; i++) {
      const f8 t = (f8){0} + value[i];
      s0 += t * LOAD8(from + i);
      s1 += t * LOAD8(from + i + 8);
      s2 += t * LOAD8(from + i + 16);
      s3 += t * LOAD8(from + i + 24);
    }
  }
  STORE8(out, s0);
  STORE8(out + 8, s1);
  STORE8(out + 16, s2);
  STORE8(out + 24, s3);
}

INLINE void products(const float *image, ptrdiff_t stride, const clocating_run *runs, size_t run_count,
                     const float *values, int32_t columns, int32_t rows, float *out, ptrdiff_t out_stride) {
#pragma clang fp contract(fast)
  int32_t x = 0;
  for (; columns - x > 8; x += 32)
    for (int32_t y = 0; y < rows; y++)
      wide(image + y * stride + x, stride, runs, run_count, values, out + y * out_stride + x);
  if (x >= columns) return;
  int32_t y = 0;
  for (; y + 5 <= rows; y += 5)
    narrow5(image + y * stride + x, stride, runs, run_count, values, out + y * out_stride + x, out_stride);
  for (; y < rows; y++)
    narrow1(image + y * stride + x, stride, runs, run_count, values, out + y * out_stride + x, out_stride);
}

// 8 template pixels at a time: places, then samples one by one (a gather is no quicker), then all sums.
#define SAMPLE(type, name)                                                                                      \
  INLINE void name(const type *image, int32_t width, int32_t height, const float *u, const float *v, size_t count, \
                   const double *map, const float *planes, int32_t lanes, double *sums) {                       \
    const float a = (float)map[0], b = (float)map[1], d = (float)map[3], e = (float)map[4];                     \
    const float c = (float)(map[2] - 0.5), f = (float)(map[5] - 0.5);                                           \
    const float right = (float)(width - 1), bottom = (float)(height - 1);                                       \
    for (size_t from = 0; from < count; from += 1024) {                                                         \
      const size_t to = from + 1024 < count ? from + 1024 : count;                                              \
      f8 sum = {0}, squares = {0}, p0 = {0}, p1 = {0}, p2 = {0}, p3 = {0}, p4 = {0};                            \
      for (size_t at = from; at < to; at += 8) {                                                                \
        float xs[8], ys[8], samples[8] = {0};                                                                   \
        float us[8] = {0}, vs[8] = {0};                                                                         \
        const int n = to - at < 8 ? (int)(to - at) : 8;                                                         \
        for (int i = 0; i < n; i++) us[i] = u[at + (size_t)i], vs[i] = v[at + (size_t)i];                       \
        for (int i = 0; i < 8; i++) {                                                                           \
          const float x = a * us[i] + b * vs[i] + c, y = d * us[i] + e * vs[i] + f;                             \
          const float xl = x < 0 ? 0 : x, yl = y < 0 ? 0 : y;                                                   \
          xs[i] = xl > right ? right : xl;                                                                      \
          ys[i] = yl > bottom ? bottom : yl;                                                                    \
        }                                                                                                       \
        for (int i = 0; i < n; i++) {                                                                           \
          const int32_t x = (int32_t)xs[i], y = (int32_t)ys[i];                                                 \
          const type *p = image + (ptrdiff_t)y * width + x;                                                     \
          const ptrdiff_t next = x + 1 < width ? 1 : 0, below = y + 1 < height ? width : 0;                     \
          const float s = xs[i] - (float)x, t = ys[i] - (float)y;                                               \
          const float upper = (float)p[0] + ((float)p[next] - (float)p[0]) * s;                                 \
          const float lower = (float)p[below] + ((float)p[below + next] - (float)p[below]) * s;                 \
          samples[i] = upper + (lower - upper) * t;                                                             \
        }                                                                                                       \
        const f8 value = LOAD8(samples);                                                                        \
        sum += value;                                                                                           \
        squares += value * value;                                                                               \
        if (n == 8) {                                                                                           \
          const float *plane = planes + at;                                                                     \
          p0 += value * LOAD8(plane);                                                                           \
          if (lanes > 1) p1 += value * LOAD8(plane + count);                                                    \
          if (lanes > 2) p2 += value * LOAD8(plane + 2 * count);                                                \
          if (lanes > 3) p3 += value * LOAD8(plane + 3 * count);                                                \
          if (lanes > 4) p4 += value * LOAD8(plane + 4 * count);                                                \
        } else {                                                                                                \
          for (int i = 0; i < n; i++)                                                                           \
            for (int32_t k = 0; k < lanes; k++)                                                                 \
              sums[2 + k] += (double)samples[i] * planes[(size_t)k * count + at + (size_t)i];                   \
        }                                                                                                       \
      }                                                                                                         \
      for (int i = 0; i < 8; i++) {                                                                             \
        sums[0] += sum[i];                                                                                      \
        sums[1] += squares[i];                                                                                  \
        sums[2] += p0[i];                                                                                       \
        if (lanes > 1) sums[3] += p1[i];                                                                        \
        if (lanes > 2) sums[4] += p2[i];                                                                        \
        if (lanes > 3) sums[5] += p3[i];                                                                        \
        if (lanes > 4) sums[6] += p4[i];                                                                        \
      }                                                                                                         \
    }                                                                                                           \
  }
SAMPLE(uint8_t, sample_u8)
SAMPLE(float, sample_f32)

AVX2 static uint64_t sobel_energy_avx2(const uint8_t *above, const uint8_t *row, const uint8_t *below, size_t count,
                             uint64_t *levels) {
  return sobel_energy(above, row, below, count, levels);
}
AVX2 static void add_bytes_avx2(const uint8_t *bytes, uint16_t *sums, size_t count) { add_bytes(bytes, sums, count); }
AVX2 static void products_avx2(const float *image, ptrdiff_t stride, const clocating_run *runs, size_t run_count,
                               const float *values, int32_t columns, int32_t rows, float *out, ptrdiff_t out_stride) {
  products(image, stride, runs, run_count, values, columns, rows, out, out_stride);
}
AVX2 static void sample_u8_avx2(const uint8_t *image, int32_t width, int32_t height, const float *u, const float *v,
                                size_t count, const double *map, const float *planes, int32_t lanes, double *sums) {
  sample_u8(image, width, height, u, v, count, map, planes, lanes, sums);
}
AVX2 static void sample_f32_avx2(const float *image, int32_t width, int32_t height, const float *u, const float *v,
                                 size_t count, const double *map, const float *planes, int32_t lanes, double *sums) {
  sample_f32(image, width, height, u, v, count, map, planes, lanes, sums);
}

uint64_t clocating_sobel_energy(const uint8_t *above, const uint8_t *row, const uint8_t *below, size_t count,
                             uint64_t *levels) {
  return CLOCATING_HAS_AVX2 ? sobel_energy_avx2(above, row, below, count, levels) : sobel_energy(above, row, below, count, levels);
}

void clocating_add_bytes(const uint8_t *bytes, uint16_t *sums, size_t count) {
  if (CLOCATING_HAS_AVX2) add_bytes_avx2(bytes, sums, count);
  else add_bytes(bytes, sums, count);
}

void clocating_products(const float *image, ptrdiff_t stride, const clocating_run *runs, size_t run_count,
                        const float *values, int32_t columns, int32_t rows, float *out, ptrdiff_t out_stride) {
  if (CLOCATING_HAS_AVX2) products_avx2(image, stride, runs, run_count, values, columns, rows, out, out_stride);
  else products(image, stride, runs, run_count, values, columns, rows, out, out_stride);
}

void clocating_sample_u8(const uint8_t *image, int32_t width, int32_t height, const float *u, const float *v,
                         size_t count, const double *map, const float *planes, int32_t lanes, double *sums) {
  if (CLOCATING_HAS_AVX2) sample_u8_avx2(image, width, height, u, v, count, map, planes, lanes, sums);
  else sample_u8(image, width, height, u, v, count, map, planes, lanes, sums);
}

void clocating_sample_f32(const float *image, int32_t width, int32_t height, const float *u, const float *v,
                          size_t count, const double *map, const float *planes, int32_t lanes, double *sums) {
  if (CLOCATING_HAS_AVX2) sample_f32_avx2(image, width, height, u, v, count, map, planes, lanes, sums);
  else sample_f32(image, width, height, u, v, count, map, planes, lanes, sums);
}
