#include "cpixels.h"

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define CPIXELS_DISPATCH(call_avx2, call_plain) \
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) call_avx2; \
  else call_plain
#else
#define AVX2
#define CPIXELS_DISPATCH(call_avx2, call_plain) call_plain
#endif

// Written once and compiled twice: the compiler vectorises each copy for its instruction set.
#define INLINE static inline __attribute__((always_inline))

INLINE void horizontal(const float *from, float *to, int32_t channels, const cpixels_float_table *table) {
  for (int32_t x = 0; x < table->count; x++) {
    const float *weights = table->weights + (size_t)x * (size_t)table->taps;
    const float *start = from + (size_t)table->starts[x] * (size_t)channels;
    for (int32_t c = 0; c < channels; c++) {
      float sum = 0;
      for (int32_t k = 0; k < table->taps; k++) {
#pragma clang fp reassociate(on)
        sum += start[k * channels + c] * weights[k];
      }
      to[x * channels + c] = sum;
    }
  }
}

INLINE void vertical(const float *from, size_t stride, float *to, size_t count, const float *weights, int32_t taps) {
  for (size_t x = 0; x < count; x++) to[x] = from[x] * weights[0];
  for (int32_t k = 1; k < taps; k++) {
    const float *row = from + (size_t)k * stride;
    const float weight = weights[k];
    if (weight == 0) continue;
    for (size_t x = 0; x < count; x++) to[x] += row[x] * weight;
  }
}

INLINE void gray(const uint8_t *rgb, uint8_t *out, size_t count) {
  for (size_t i = 0; i < count; i++)
    out[i] = (uint8_t)((rgb[3 * i] * 19595u + rgb[3 * i + 1] * 38470u + rgb[3 * i + 2] * 7471u + 32768u) >> 16);
}

AVX2 static void horizontal_avx2(const float *from, float *to, int32_t channels, const cpixels_float_table *table) {
  horizontal(from, to, channels, table);
}
AVX2 static void vertical_avx2(const float *from, size_t stride, float *to, size_t count, const float *weights,
                               int32_t taps) {
  vertical(from, stride, to, count, weights, taps);
}
AVX2 static void gray_avx2(const uint8_t *rgb, uint8_t *out, size_t count) { gray(rgb, out, count); }

void cpixels_horizontal_f32(const float *from, size_t from_stride, float *to, size_t to_stride, size_t rows,
                            int32_t channels, const cpixels_float_table *table) {
  for (size_t y = 0; y < rows; y++) {
    CPIXELS_DISPATCH(horizontal_avx2(from + y * from_stride, to + y * to_stride, channels, table),
                     horizontal(from + y * from_stride, to + y * to_stride, channels, table));
  }
}

void cpixels_vertical_f32(const float *from, size_t from_stride, float *to, size_t to_stride, size_t row_count,
                          const cpixels_float_table *table) {
  for (int32_t y = 0; y < table->count; y++) {
    const float *weights = table->weights + (size_t)y * (size_t)table->taps;
    const float *start = from + (size_t)table->starts[y] * from_stride;
    float *row = to + (size_t)y * to_stride;
    CPIXELS_DISPATCH(vertical_avx2(start, from_stride, row, row_count, weights, table->taps),
                     vertical(start, from_stride, row, row_count, weights, table->taps));
  }
}

void cpixels_gray_from_rgb(const uint8_t *rgb, uint8_t *out, size_t count) {
  CPIXELS_DISPATCH(gray_avx2(rgb, out, count), gray(rgb, out, count));
}
