#include <string.h>

#include "cpixels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CPIXELS_X86 1
#define SSSE3 __attribute__((target("ssse3")))
#define AVX2 __attribute__((target("avx2")))
#endif

int32_t cpixels_level(void) {
#ifdef CPIXELS_X86
  if (__builtin_cpu_supports("avx2")) return 2;
  if (__builtin_cpu_supports("ssse3")) return 1;
#endif
  return 0;
}

static inline uint8_t clamp(int32_t sum, int32_t precision) {
  sum = (sum + (1 << (precision - 1))) >> precision;
  return sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
}

static void horizontal_plain(const uint8_t *from, uint8_t *to, int32_t channels, const cpixels_table *table) {
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *weights = table->weights + (size_t)x * (size_t)table->taps;
    const uint8_t *start = from + (size_t)table->starts[x] * (size_t)channels;
    for (int32_t c = 0; c < channels; c++) {
      int32_t sum = 0;
      for (int32_t k = 0; k < table->taps; k++) sum += start[k * channels + c] * weights[k];
      to[x * channels + c] = clamp(sum, table->precision);
    }
  }
}

static void vertical_plain(const uint8_t *from, size_t stride, uint8_t *to, size_t first, size_t count,
                           const int16_t *weights, int32_t taps, int32_t precision) {
  for (size_t x = first; x < count; x++) {
    int32_t sum = 0;
    for (int32_t k = 0; k < taps; k++) sum += from[(size_t)k * stride + x] * weights[k];
    to[x] = clamp(sum, precision);
  }
}

#ifdef CPIXELS_X86
// Four sums of four lanes each become one vector of four sums.
static inline __m128i sums(__m128i a, __m128i b, __m128i c, __m128i d) {
  __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
  __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
  return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

static inline __m128i narrow(__m128i sum, __m128i half, __m128i shift) {
  sum = _mm_sra_epi32(_mm_add_epi32(sum, half), shift);
  sum = _mm_packs_epi32(sum, sum);
  return _mm_packus_epi16(sum, sum);
}

// Grey, 4 rows at a time, taps a multiple of 8. SSE2 only.
static void horizontal_1_sse2(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                              const cpixels_table *table) {
  const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << (table->precision - 1));
  const __m128i shift = _mm_cvtsi32_si128(table->precision);
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *weights = table->weights + (size_t)x * (size_t)taps;
    const uint8_t *start = from + table->starts[x];
    __m128i a = zero, b = zero, c = zero, d = zero;
    for (int32_t k = 0; k < taps; k += 8) {
      const __m128i w = _mm_loadu_si128((const __m128i *)(const void *)(weights + k));
#define CPIXELS_LOAD(row) \
  _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(const void *)(start + (row) * from_stride + k)), zero)
      a = _mm_add_epi32(a, _mm_madd_epi16(CPIXELS_LOAD(0), w));
      b = _mm_add_epi32(b, _mm_madd_epi16(CPIXELS_LOAD(1), w));
      c = _mm_add_epi32(c, _mm_madd_epi16(CPIXELS_LOAD(2), w));
      d = _mm_add_epi32(d, _mm_madd_epi16(CPIXELS_LOAD(3), w));
#undef CPIXELS_LOAD
    }
    uint32_t four = (uint32_t)_mm_cvtsi128_si32(narrow(sums(a, b, c, d), half, shift));
    to[x] = (uint8_t)four;
    to[to_stride + (size_t)x] = (uint8_t)(four >> 8);
    to[2 * to_stride + (size_t)x] = (uint8_t)(four >> 16);
    to[3 * to_stride + (size_t)x] = (uint8_t)(four >> 24);
  }
}

// The same, 16 taps at a time.
AVX2 static void horizontal_1_avx2(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                                   const cpixels_table *table) {
  const __m128i half = _mm_set1_epi32(1 << (table->precision - 1));
  const __m128i shift = _mm_cvtsi32_si128(table->precision);
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *weights = table->weights + (size_t)x * (size_t)taps;
    const uint8_t *start = from + table->starts[x];
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    int32_t k = 0;
    for (; k + 16 <= taps; k += 16) {
      const __m256i w = _mm256_loadu_si256((const __m256i *)(const void *)(weights + k));
#define CPIXELS_LOAD(row) \
  _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(start + (row) * from_stride + k)))
      a = _mm256_add_epi32(a, _mm256_madd_epi16(CPIXELS_LOAD(0), w));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(CPIXELS_LOAD(1), w));
      c = _mm256_add_epi32(c, _mm256_madd_epi16(CPIXELS_LOAD(2), w));
      d = _mm256_add_epi32(d, _mm256_madd_epi16(CPIXELS_LOAD(3), w));
#undef CPIXELS_LOAD
    }
    __m128i e = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    __m128i f = _mm_add_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));
    __m128i g = _mm_add_epi32(_mm256_castsi256_si128(c), _mm256_extracti128_si256(c, 1));
    __m128i h = _mm_add_epi32(_mm256_castsi256_si128(d), _mm256_extracti128_si256(d, 1));
    if (k < taps) {
      const __m128i w = _mm_loadu_si128((const __m128i *)(const void *)(weights + k));
#define CPIXELS_LOAD(row) \
  _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(start + (row) * from_stride + k)))
      e = _mm_add_epi32(e, _mm_madd_epi16(CPIXELS_LOAD(0), w));
      f = _mm_add_epi32(f, _mm_madd_epi16(CPIXELS_LOAD(1), w));
      g = _mm_add_epi32(g, _mm_madd_epi16(CPIXELS_LOAD(2), w));
      h = _mm_add_epi32(h, _mm_madd_epi16(CPIXELS_LOAD(3), w));
#undef CPIXELS_LOAD
    }
    uint32_t four = (uint32_t)_mm_cvtsi128_si32(narrow(sums(e, f, g, h), half, shift));
    to[x] = (uint8_t)four;
    to[to_stride + (size_t)x] = (uint8_t)(four >> 8);
    to[2 * to_stride + (size_t)x] = (uint8_t)(four >> 16);
    to[3 * to_stride + (size_t)x] = (uint8_t)(four >> 24);
  }
}

// One pair of neighbouring pixels becomes lanes (c0 of both, c1 of both, ...), so that one multiply-add mixes them.
#define CPIXELS_PAIR_3(p) \
  _mm_setr_epi8(p, -1, p + 3, -1, p + 1, -1, p + 4, -1, p + 2, -1, p + 5, -1, -1, -1, -1, -1)
#define CPIXELS_PAIR_4(p) \
  _mm_setr_epi8(p, -1, p + 4, -1, p + 1, -1, p + 5, -1, p + 2, -1, p + 6, -1, p + 3, -1, p + 7, -1)

// RGB or RGBA, 2 rows at a time, taps a multiple of 4. Reads 16 bytes at 12-byte steps for RGB: up to 4 bytes past the
// end of the last group, which the caller must keep inside the buffer.
SSSE3 static inline __attribute__((always_inline)) void horizontal_34(const uint8_t *from, size_t from_stride,
                                                                      uint8_t *to, size_t to_stride,
                                                                      const cpixels_table *table, int channels) {
  const __m128i half = _mm_set1_epi32(1 << (table->precision - 1));
  const __m128i shift = _mm_cvtsi32_si128(table->precision);
  const __m128i first = channels == 3 ? CPIXELS_PAIR_3(0) : CPIXELS_PAIR_4(0);
  const __m128i second = channels == 3 ? CPIXELS_PAIR_3(6) : CPIXELS_PAIR_4(8);
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *weights = table->weights + (size_t)x * (size_t)taps;
    const uint8_t *start = from + (size_t)table->starts[x] * (size_t)channels;
    __m128i a = _mm_setzero_si128(), b = a, c = a, d = a;
    for (int32_t k = 0; k < taps; k += 4) {
      const __m128i w = _mm_loadl_epi64((const __m128i *)(const void *)(weights + k));
      const __m128i w01 = _mm_shuffle_epi32(w, 0x00), w23 = _mm_shuffle_epi32(w, 0x55);
      const __m128i p = _mm_loadu_si128((const __m128i *)(const void *)(start + k * channels));
      const __m128i q = _mm_loadu_si128((const __m128i *)(const void *)(start + from_stride + k * channels));
      a = _mm_add_epi32(a, _mm_madd_epi16(_mm_shuffle_epi8(p, first), w01));
      b = _mm_add_epi32(b, _mm_madd_epi16(_mm_shuffle_epi8(p, second), w23));
      c = _mm_add_epi32(c, _mm_madd_epi16(_mm_shuffle_epi8(q, first), w01));
      d = _mm_add_epi32(d, _mm_madd_epi16(_mm_shuffle_epi8(q, second), w23));
    }
    const uint32_t top = (uint32_t)_mm_cvtsi128_si32(narrow(_mm_add_epi32(a, b), half, shift));
    const uint32_t bottom = (uint32_t)_mm_cvtsi128_si32(narrow(_mm_add_epi32(c, d), half, shift));
    memcpy(to + x * channels, &top, (size_t)channels);
    memcpy(to + to_stride + (size_t)(x * channels), &bottom, (size_t)channels);
  }
}

SSSE3 static void horizontal_3_ssse3(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                                     const cpixels_table *table) {
  horizontal_34(from, from_stride, to, to_stride, table, 3);
}

SSSE3 static void horizontal_4_ssse3(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                                     const cpixels_table *table) {
  horizontal_34(from, from_stride, to, to_stride, table, 4);
}

// Two rows per register: the low half holds one, the high half the other.
AVX2 static inline __attribute__((always_inline)) void horizontal_34_avx2(const uint8_t *from, size_t from_stride,
                                                                          uint8_t *to, size_t to_stride,
                                                                          const cpixels_table *table, int channels) {
  const __m256i half = _mm256_set1_epi32(1 << (table->precision - 1));
  const __m128i shift = _mm_cvtsi32_si128(table->precision);
  const __m256i first = _mm256_broadcastsi128_si256(channels == 3 ? CPIXELS_PAIR_3(0) : CPIXELS_PAIR_4(0));
  const __m256i second = _mm256_broadcastsi128_si256(channels == 3 ? CPIXELS_PAIR_3(6) : CPIXELS_PAIR_4(8));
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *weights = table->weights + (size_t)x * (size_t)taps;
    const uint8_t *start = from + (size_t)table->starts[x] * (size_t)channels;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (int32_t k = 0; k < taps; k += 4) {
      int32_t pair[2];
      memcpy(pair, weights + k, 8);
      const __m256i w01 = _mm256_set1_epi32(pair[0]), w23 = _mm256_set1_epi32(pair[1]);
#define CPIXELS_LOAD(row) \
  _mm256_inserti128_si256( \
      _mm256_castsi128_si256( \
          _mm_loadu_si128((const __m128i *)(const void *)(start + (row) * from_stride + k * channels))), \
      _mm_loadu_si128((const __m128i *)(const void *)(start + ((row) + 1) * from_stride + k * channels)), 1)
      const __m256i p = CPIXELS_LOAD(0), q = CPIXELS_LOAD(2);
#undef CPIXELS_LOAD
      a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_shuffle_epi8(p, first), w01));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(_mm256_shuffle_epi8(p, second), w23));
      c = _mm256_add_epi32(c, _mm256_madd_epi16(_mm256_shuffle_epi8(q, first), w01));
      d = _mm256_add_epi32(d, _mm256_madd_epi16(_mm256_shuffle_epi8(q, second), w23));
    }
    __m256i top = _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(a, b), half), shift);
    __m256i bottom = _mm256_sra_epi32(_mm256_add_epi32(_mm256_add_epi32(c, d), half), shift);
    __m256i packed = _mm256_packs_epi32(top, bottom);
    packed = _mm256_packus_epi16(packed, packed);
    const uint64_t even = (uint64_t)_mm256_extract_epi64(packed, 0), odd = (uint64_t)_mm256_extract_epi64(packed, 2);
    const uint32_t rows[4] = {(uint32_t)even, (uint32_t)odd, (uint32_t)(even >> 32), (uint32_t)(odd >> 32)};
    for (size_t r = 0; r < 4; r++) memcpy(to + r * to_stride + (size_t)(x * channels), &rows[r], (size_t)channels);
  }
}

AVX2 static void horizontal_3_avx2(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                                   const cpixels_table *table) {
  horizontal_34_avx2(from, from_stride, to, to_stride, table, 3);
}

AVX2 static void horizontal_4_avx2(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                                   const cpixels_table *table) {
  horizontal_34_avx2(from, from_stride, to, to_stride, table, 4);
}

static inline int32_t weight_pair(const int16_t *weights, int32_t k, int32_t taps) {
  const uint32_t low = (uint16_t)weights[k], high = k + 1 < taps ? (uint16_t)weights[k + 1] : 0;
  return (int32_t)(high << 16 | low);
}

// 16 columns at a time, two source rows per multiply-add. SSE2 only. Returns the columns done.
static size_t vertical_sse2(const uint8_t *from, size_t stride, uint8_t *to, size_t count, const int16_t *weights,
                            int32_t taps, int32_t precision) {
  const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << (precision - 1));
  const __m128i shift = _mm_cvtsi32_si128(precision);
  size_t x = 0;
  for (; x + 16 <= count; x += 16) {
    __m128i a = half, b = half, c = half, d = half;
    for (int32_t k = 0; k < taps; k += 2) {
      const uint8_t *upper = from + (size_t)k * stride + x, *lower = k + 1 < taps ? upper + stride : upper;
      const __m128i w = _mm_set1_epi32(weight_pair(weights, k, taps));
      const __m128i p = _mm_loadu_si128((const __m128i *)(const void *)upper);
      const __m128i q = _mm_loadu_si128((const __m128i *)(const void *)lower);
      const __m128i low = _mm_unpacklo_epi8(p, q), high = _mm_unpackhi_epi8(p, q);
      a = _mm_add_epi32(a, _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), w));
      b = _mm_add_epi32(b, _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), w));
      c = _mm_add_epi32(c, _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), w));
      d = _mm_add_epi32(d, _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), w));
    }
    const __m128i low = _mm_packs_epi32(_mm_sra_epi32(a, shift), _mm_sra_epi32(b, shift));
    const __m128i high = _mm_packs_epi32(_mm_sra_epi32(c, shift), _mm_sra_epi32(d, shift));
    _mm_storeu_si128((__m128i *)(void *)(to + x), _mm_packus_epi16(low, high));
  }
  return x;
}

AVX2 static size_t vertical_avx2(const uint8_t *from, size_t stride, uint8_t *to, size_t count, const int16_t *weights,
                                 int32_t taps, int32_t precision) {
  const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(1 << (precision - 1));
  const __m128i shift = _mm_cvtsi32_si128(precision);
  size_t x = 0;
  for (; x + 32 <= count; x += 32) {
    __m256i a = half, b = half, c = half, d = half;
    for (int32_t k = 0; k < taps; k += 2) {
      const uint8_t *upper = from + (size_t)k * stride + x, *lower = k + 1 < taps ? upper + stride : upper;
      const __m256i w = _mm256_set1_epi32(weight_pair(weights, k, taps));
      const __m256i p = _mm256_loadu_si256((const __m256i *)(const void *)upper);
      const __m256i q = _mm256_loadu_si256((const __m256i *)(const void *)lower);
      const __m256i low = _mm256_unpacklo_epi8(p, q), high = _mm256_unpackhi_epi8(p, q);
      a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_unpacklo_epi8(low, zero), w));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(_mm256_unpackhi_epi8(low, zero), w));
      c = _mm256_add_epi32(c, _mm256_madd_epi16(_mm256_unpacklo_epi8(high, zero), w));
      d = _mm256_add_epi32(d, _mm256_madd_epi16(_mm256_unpackhi_epi8(high, zero), w));
    }
    // Unpacking and packing both work within 128-bit halves, so the order comes out right.
    const __m256i low = _mm256_packs_epi32(_mm256_sra_epi32(a, shift), _mm256_sra_epi32(b, shift));
    const __m256i high = _mm256_packs_epi32(_mm256_sra_epi32(c, shift), _mm256_sra_epi32(d, shift));
    _mm256_storeu_si256((__m256i *)(void *)(to + x), _mm256_packus_epi16(low, high));
  }
  return x + vertical_sse2(from + x, stride, to + x, count - x, weights, taps, precision);
}
#endif

void cpixels_horizontal_u8(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride, size_t rows,
                           int32_t channels, const cpixels_table *table, int32_t level) {
  size_t y = 0;
#ifdef CPIXELS_X86
  if (channels == 1 && level >= 1 && table->taps % 8 == 0) {
    for (; y + 4 <= rows; y += 4) {
      if (level >= 2 && table->taps >= 16) {
        horizontal_1_avx2(from + y * from_stride, from_stride, to + y * to_stride, to_stride, table);
      } else {
        horizontal_1_sse2(from + y * from_stride, from_stride, to + y * to_stride, to_stride, table);
      }
    }
  } else if ((channels == 3 || channels == 4) && level >= 1 && table->taps % 4 == 0) {
    // The last row is left to plain C, as the wide loads of RGB run 4 bytes past a row.
    if (level >= 2) {
      for (; y + 4 < rows; y += 4) {
        (channels == 3 ? horizontal_3_avx2 : horizontal_4_avx2)(from + y * from_stride, from_stride,
                                                                to + y * to_stride, to_stride, table);
      }
    }
    for (; y + 2 < rows; y += 2) {
      (channels == 3 ? horizontal_3_ssse3 : horizontal_4_ssse3)(from + y * from_stride, from_stride,
                                                                to + y * to_stride, to_stride, table);
    }
  }
#else
  (void)level;
#endif
  for (; y < rows; y++) horizontal_plain(from + y * from_stride, to + y * to_stride, channels, table);
}

void cpixels_vertical_u8(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride, size_t row_bytes,
                         const cpixels_table *table, int32_t level) {
  for (int32_t y = 0; y < table->count; y++) {
    const int16_t *weights = table->weights + (size_t)y * (size_t)table->taps;
    const uint8_t *start = from + (size_t)table->starts[y] * from_stride;
    uint8_t *row = to + (size_t)y * to_stride;
    size_t done = 0;
#ifdef CPIXELS_X86
    if (level >= 2) done = vertical_avx2(start, from_stride, row, row_bytes, weights, table->taps, table->precision);
    else if (level == 1)
      done = vertical_sse2(start, from_stride, row, row_bytes, weights, table->taps, table->precision);
#else
    (void)level;
#endif
    vertical_plain(start, from_stride, row, done, row_bytes, weights, table->taps, table->precision);
  }
}
