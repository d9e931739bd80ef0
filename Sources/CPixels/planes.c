#include "cpixels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define SSSE3 __attribute__((target("ssse3")))
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

#if defined(__x86_64__)
// Four pixels at a time; the last few are left, because loads and stores run past them.
SSSE3 static size_t words_from_rgb_ssse3(const uint8_t *rgb, uint32_t *words, size_t count) {
  const __m128i order = _mm_setr_epi8(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1);
  size_t i = 0;
  for (; i + 6 <= count; i += 4) {
    const __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(rgb + 3 * i));
    _mm_storeu_si128((__m128i *)(void *)(words + i), _mm_shuffle_epi8(four, order));
  }
  return i;
}

SSSE3 static size_t rgb_from_words_ssse3(const uint32_t *words, uint8_t *rgb, size_t count) {
  const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  size_t i = 0;
  for (; i + 6 <= count; i += 4) {
    const __m128i four = _mm_loadu_si128((const __m128i *)(const void *)(words + i));
    _mm_storeu_si128((__m128i *)(void *)(rgb + 3 * i), _mm_shuffle_epi8(four, order));
  }
  return i;
}
#endif

void cpixels_overlay(uint32_t *words, const float *heat, size_t count, const uint32_t *colors, float most) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t alpha = (uint32_t)(int32_t)(heat[i] * most), below = words[i];
    const uint32_t above = colors[(int32_t)(heat[i] * 255 + 0.5f)];
    // Red and blue together, green alone: two multiplications instead of three.
    const uint32_t red_blue = ((below & 0xFF00FF) * (256 - alpha) + (above & 0xFF00FF) * alpha) >> 8 & 0xFF00FF;
    const uint32_t green = ((below & 0x00FF00) * (256 - alpha) + (above & 0x00FF00) * alpha) >> 8 & 0x00FF00;
    words[i] = red_blue | green;
  }
}

void cpixels_words_from_rgb(const uint8_t *rgb, uint32_t *words, size_t count) {
  size_t i = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3")) i = words_from_rgb_ssse3(rgb, words, count);
#endif
  for (; i < count; i++) words[i] = (uint32_t)rgb[3 * i] << 16 | (uint32_t)rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
}

void cpixels_rgb_from_words(const uint32_t *words, uint8_t *rgb, size_t count) {
  size_t i = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("ssse3")) i = rgb_from_words_ssse3(words, rgb, count);
#endif
  for (; i < count; i++) {
    rgb[3 * i] = (uint8_t)(words[i] >> 16);
    rgb[3 * i + 1] = (uint8_t)(words[i] >> 8);
    rgb[3 * i + 2] = (uint8_t)words[i];
  }
}
