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

static inline uint8_t clamp(int32_t sum) {
  sum >>= CPIXELS_PRECISION;
  return sum < 0 ? 0 : sum > 255 ? 255 : (uint8_t)sum;
}

static void horizontal_plain(const uint8_t *from, uint8_t *to, int32_t channels, const cpixels_table *table) {
  for (int32_t x = 0; x < table->count; x++) {
    const int32_t *weights = table->weights + (size_t)x * (size_t)table->taps;
    const uint8_t *start = from + (size_t)table->starts[x] * (size_t)channels;
    for (int32_t c = 0; c < channels; c++) {
      int32_t sum = 1 << (CPIXELS_PRECISION - 1);
      for (int32_t k = 0; k < table->taps; k++) sum += start[k * channels + c] * weights[k];
      to[x * channels + c] = clamp(sum);
    }
  }
}

static void vertical_plain(const uint8_t *from, size_t stride, uint8_t *to, size_t first, size_t count,
                           const int32_t *weights, int32_t taps) {
  for (size_t x = first; x < count; x++) {
    int32_t sum = 1 << (CPIXELS_PRECISION - 1);
    for (int32_t k = 0; k < taps; k++) sum += from[(size_t)k * stride + x] * weights[k];
    to[x] = clamp(sum);
  }
}

#ifdef CPIXELS_X86
#define LOAD16(pointer) _mm_loadu_si128((const __m128i *)(const void *)(pointer))
#define LOAD8(pointer) _mm_loadl_epi64((const __m128i *)(const void *)(pointer))
#define LOAD32(pointer) _mm256_loadu_si256((const __m256i *)(const void *)(pointer))

// The high and the low products of one sum together.
static inline __m128i whole(__m128i high, __m128i low) {
  return _mm_add_epi32(_mm_slli_epi32(high, CPIXELS_LOW_BITS), low);
}
AVX2 static inline __m256i whole_avx2(__m256i high, __m256i low) {
  return _mm256_add_epi32(_mm256_slli_epi32(high, CPIXELS_LOW_BITS), low);
}

// Four sums of four lanes each become one vector of four sums.
static inline __m128i sums(__m128i a, __m128i b, __m128i c, __m128i d) {
  __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
  __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
  return _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
}

// Four sums to four bytes.
static inline uint32_t narrow(__m128i sum) {
  sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (CPIXELS_PRECISION - 1))), CPIXELS_PRECISION);
  sum = _mm_packs_epi32(sum, sum);
  return (uint32_t)_mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
}

static inline void scatter(uint32_t four, uint8_t *to, size_t stride) {
  to[0] = (uint8_t)four;
  to[stride] = (uint8_t)(four >> 8);
  to[2 * stride] = (uint8_t)(four >> 16);
  to[3 * stride] = (uint8_t)(four >> 24);
}

// Grey, 4 rows at a time, taps a multiple of 8. SSE2 only.
static void horizontal_1_sse2(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                              const cpixels_table *table) {
  const __m128i zero = _mm_setzero_si128();
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *high = table->high + (size_t)x * (size_t)taps, *low = table->low + (size_t)x * (size_t)taps;
    const uint8_t *start = from + table->starts[x];
    __m128i ah = zero, bh = zero, ch = zero, dh = zero, al = zero, bl = zero, cl = zero, dl = zero;
    for (int32_t k = 0; k < taps; k += 8) {
      const __m128i wh = LOAD16(high + k), wl = LOAD16(low + k);
      const __m128i a = _mm_unpacklo_epi8(LOAD8(start + k), zero);
      const __m128i b = _mm_unpacklo_epi8(LOAD8(start + from_stride + k), zero);
      const __m128i c = _mm_unpacklo_epi8(LOAD8(start + 2 * from_stride + k), zero);
      const __m128i d = _mm_unpacklo_epi8(LOAD8(start + 3 * from_stride + k), zero);
      ah = _mm_add_epi32(ah, _mm_madd_epi16(a, wh)), al = _mm_add_epi32(al, _mm_madd_epi16(a, wl));
      bh = _mm_add_epi32(bh, _mm_madd_epi16(b, wh)), bl = _mm_add_epi32(bl, _mm_madd_epi16(b, wl));
      ch = _mm_add_epi32(ch, _mm_madd_epi16(c, wh)), cl = _mm_add_epi32(cl, _mm_madd_epi16(c, wl));
      dh = _mm_add_epi32(dh, _mm_madd_epi16(d, wh)), dl = _mm_add_epi32(dl, _mm_madd_epi16(d, wl));
    }
    scatter(narrow(sums(whole(ah, al), whole(bh, bl), whole(ch, cl), whole(dh, dl))), to + x, to_stride);
  }
}

// The same, 16 taps at a time.
AVX2 static void horizontal_1_avx2(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride,
                                   const cpixels_table *table) {
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *high = table->high + (size_t)x * (size_t)taps, *low = table->low + (size_t)x * (size_t)taps;
    const uint8_t *start = from + table->starts[x];
    __m128i row[4];
    __m256i ah = _mm256_setzero_si256(), bh = ah, ch = ah, dh = ah, al = ah, bl = ah, cl = ah, dl = ah;
    int32_t k = 0;
    for (; k + 16 <= taps; k += 16) {
      const __m256i wh = LOAD32(high + k), wl = LOAD32(low + k);
      const __m256i a = _mm256_cvtepu8_epi16(LOAD16(start + k));
      const __m256i b = _mm256_cvtepu8_epi16(LOAD16(start + from_stride + k));
      const __m256i c = _mm256_cvtepu8_epi16(LOAD16(start + 2 * from_stride + k));
      const __m256i d = _mm256_cvtepu8_epi16(LOAD16(start + 3 * from_stride + k));
      ah = _mm256_add_epi32(ah, _mm256_madd_epi16(a, wh)), al = _mm256_add_epi32(al, _mm256_madd_epi16(a, wl));
      bh = _mm256_add_epi32(bh, _mm256_madd_epi16(b, wh)), bl = _mm256_add_epi32(bl, _mm256_madd_epi16(b, wl));
      ch = _mm256_add_epi32(ch, _mm256_madd_epi16(c, wh)), cl = _mm256_add_epi32(cl, _mm256_madd_epi16(c, wl));
      dh = _mm256_add_epi32(dh, _mm256_madd_epi16(d, wh)), dl = _mm256_add_epi32(dl, _mm256_madd_epi16(d, wl));
    }
    const __m256i all[4] = {whole_avx2(ah, al), whole_avx2(bh, bl), whole_avx2(ch, cl), whole_avx2(dh, dl)};
    for (size_t r = 0; r < 4; r++) {
      row[r] = _mm_add_epi32(_mm256_castsi256_si128(all[r]), _mm256_extracti128_si256(all[r], 1));
      if (k < taps) {
        const __m128i p = _mm_cvtepu8_epi16(LOAD8(start + r * from_stride + k));
        row[r] = _mm_add_epi32(row[r], whole(_mm_madd_epi16(p, LOAD16(high + k)), _mm_madd_epi16(p, LOAD16(low + k))));
      }
    }
    scatter(narrow(sums(row[0], row[1], row[2], row[3])), to + x, to_stride);
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
  const __m128i first = channels == 3 ? CPIXELS_PAIR_3(0) : CPIXELS_PAIR_4(0);
  const __m128i second = channels == 3 ? CPIXELS_PAIR_3(6) : CPIXELS_PAIR_4(8);
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *high = table->high + (size_t)x * (size_t)taps, *low = table->low + (size_t)x * (size_t)taps;
    const uint8_t *start = from + (size_t)table->starts[x] * (size_t)channels;
    __m128i ph = _mm_setzero_si128(), pl = ph, qh = ph, ql = ph;
    for (int32_t k = 0; k < taps; k += 4) {
      const __m128i wh = LOAD8(high + k), wl = LOAD8(low + k);
      const __m128i h01 = _mm_shuffle_epi32(wh, 0x00), h23 = _mm_shuffle_epi32(wh, 0x55);
      const __m128i l01 = _mm_shuffle_epi32(wl, 0x00), l23 = _mm_shuffle_epi32(wl, 0x55);
      const __m128i p = LOAD16(start + k * channels), q = LOAD16(start + from_stride + k * channels);
      const __m128i p01 = _mm_shuffle_epi8(p, first), p23 = _mm_shuffle_epi8(p, second);
      const __m128i q01 = _mm_shuffle_epi8(q, first), q23 = _mm_shuffle_epi8(q, second);
      ph = _mm_add_epi32(ph, _mm_add_epi32(_mm_madd_epi16(p01, h01), _mm_madd_epi16(p23, h23)));
      pl = _mm_add_epi32(pl, _mm_add_epi32(_mm_madd_epi16(p01, l01), _mm_madd_epi16(p23, l23)));
      qh = _mm_add_epi32(qh, _mm_add_epi32(_mm_madd_epi16(q01, h01), _mm_madd_epi16(q23, h23)));
      ql = _mm_add_epi32(ql, _mm_add_epi32(_mm_madd_epi16(q01, l01), _mm_madd_epi16(q23, l23)));
    }
    const uint32_t top = narrow(whole(ph, pl)), bottom = narrow(whole(qh, ql));
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
  const __m256i half = _mm256_set1_epi32(1 << (CPIXELS_PRECISION - 1));
  const __m256i first = _mm256_broadcastsi128_si256(channels == 3 ? CPIXELS_PAIR_3(0) : CPIXELS_PAIR_4(0));
  const __m256i second = _mm256_broadcastsi128_si256(channels == 3 ? CPIXELS_PAIR_3(6) : CPIXELS_PAIR_4(8));
  const int32_t taps = table->taps;
  for (int32_t x = 0; x < table->count; x++) {
    const int16_t *high = table->high + (size_t)x * (size_t)taps, *low = table->low + (size_t)x * (size_t)taps;
    const uint8_t *start = from + (size_t)table->starts[x] * (size_t)channels;
    __m256i ph = _mm256_setzero_si256(), pl = ph, qh = ph, ql = ph;
    for (int32_t k = 0; k < taps; k += 4) {
      int32_t h[2], l[2];
      memcpy(h, high + k, 8);
      memcpy(l, low + k, 8);
      const __m256i h01 = _mm256_set1_epi32(h[0]), h23 = _mm256_set1_epi32(h[1]);
      const __m256i l01 = _mm256_set1_epi32(l[0]), l23 = _mm256_set1_epi32(l[1]);
      const uint8_t *at = start + k * channels;
      const __m256i p =
          _mm256_inserti128_si256(_mm256_castsi128_si256(LOAD16(at)), LOAD16(at + from_stride), 1);
      const __m256i q = _mm256_inserti128_si256(_mm256_castsi128_si256(LOAD16(at + 2 * from_stride)),
                                                LOAD16(at + 3 * from_stride), 1);
      const __m256i p01 = _mm256_shuffle_epi8(p, first), p23 = _mm256_shuffle_epi8(p, second);
      const __m256i q01 = _mm256_shuffle_epi8(q, first), q23 = _mm256_shuffle_epi8(q, second);
      ph = _mm256_add_epi32(ph, _mm256_add_epi32(_mm256_madd_epi16(p01, h01), _mm256_madd_epi16(p23, h23)));
      pl = _mm256_add_epi32(pl, _mm256_add_epi32(_mm256_madd_epi16(p01, l01), _mm256_madd_epi16(p23, l23)));
      qh = _mm256_add_epi32(qh, _mm256_add_epi32(_mm256_madd_epi16(q01, h01), _mm256_madd_epi16(q23, h23)));
      ql = _mm256_add_epi32(ql, _mm256_add_epi32(_mm256_madd_epi16(q01, l01), _mm256_madd_epi16(q23, l23)));
    }
    const __m256i top = _mm256_srai_epi32(_mm256_add_epi32(whole_avx2(ph, pl), half), CPIXELS_PRECISION);
    const __m256i bottom = _mm256_srai_epi32(_mm256_add_epi32(whole_avx2(qh, ql), half), CPIXELS_PRECISION);
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
  const uint32_t first = (uint16_t)weights[k], second = k + 1 < taps ? (uint16_t)weights[k + 1] : 0;
  return (int32_t)(second << 16 | first);
}

// 16 columns at a time, two source rows per multiply-add. SSE2 only. Returns the columns done.
static size_t vertical_sse2(const uint8_t *from, size_t stride, uint8_t *to, size_t count, const int16_t *high,
                            const int16_t *low, int32_t taps) {
  const __m128i zero = _mm_setzero_si128(), half = _mm_set1_epi32(1 << (CPIXELS_PRECISION - 1));
  size_t x = 0;
  for (; x + 16 <= count; x += 16) {
    __m128i ah = zero, bh = zero, ch = zero, dh = zero, al = half, bl = half, cl = half, dl = half;
    for (int32_t k = 0; k < taps; k += 2) {
      const uint8_t *upper = from + (size_t)k * stride + x, *lower = k + 1 < taps ? upper + stride : upper;
      const __m128i wh = _mm_set1_epi32(weight_pair(high, k, taps)), wl = _mm_set1_epi32(weight_pair(low, k, taps));
      const __m128i p = LOAD16(upper), q = LOAD16(lower);
      const __m128i left = _mm_unpacklo_epi8(p, q), right = _mm_unpackhi_epi8(p, q);
      const __m128i a = _mm_unpacklo_epi8(left, zero), b = _mm_unpackhi_epi8(left, zero);
      const __m128i c = _mm_unpacklo_epi8(right, zero), d = _mm_unpackhi_epi8(right, zero);
      ah = _mm_add_epi32(ah, _mm_madd_epi16(a, wh)), al = _mm_add_epi32(al, _mm_madd_epi16(a, wl));
      bh = _mm_add_epi32(bh, _mm_madd_epi16(b, wh)), bl = _mm_add_epi32(bl, _mm_madd_epi16(b, wl));
      ch = _mm_add_epi32(ch, _mm_madd_epi16(c, wh)), cl = _mm_add_epi32(cl, _mm_madd_epi16(c, wl));
      dh = _mm_add_epi32(dh, _mm_madd_epi16(d, wh)), dl = _mm_add_epi32(dl, _mm_madd_epi16(d, wl));
    }
    const __m128i left = _mm_packs_epi32(_mm_srai_epi32(whole(ah, al), CPIXELS_PRECISION),
                                         _mm_srai_epi32(whole(bh, bl), CPIXELS_PRECISION));
    const __m128i right = _mm_packs_epi32(_mm_srai_epi32(whole(ch, cl), CPIXELS_PRECISION),
                                          _mm_srai_epi32(whole(dh, dl), CPIXELS_PRECISION));
    _mm_storeu_si128((__m128i *)(void *)(to + x), _mm_packus_epi16(left, right));
  }
  return x;
}

// The same, 32 columns at a time.
AVX2 static size_t vertical_avx2(const uint8_t *from, size_t stride, uint8_t *to, size_t count, const int16_t *high,
                                 const int16_t *low, int32_t taps) {
  const __m256i zero = _mm256_setzero_si256(), half = _mm256_set1_epi32(1 << (CPIXELS_PRECISION - 1));
  size_t x = 0;
  for (; x + 32 <= count; x += 32) {
    __m256i ah = zero, bh = zero, ch = zero, dh = zero, al = half, bl = half, cl = half, dl = half;
    for (int32_t k = 0; k < taps; k += 2) {
      const uint8_t *upper = from + (size_t)k * stride + x, *lower = k + 1 < taps ? upper + stride : upper;
      const __m256i wh = _mm256_set1_epi32(weight_pair(high, k, taps));
      const __m256i wl = _mm256_set1_epi32(weight_pair(low, k, taps));
      const __m256i p = LOAD32(upper), q = LOAD32(lower);
      const __m256i left = _mm256_unpacklo_epi8(p, q), right = _mm256_unpackhi_epi8(p, q);
      const __m256i a = _mm256_unpacklo_epi8(left, zero), b = _mm256_unpackhi_epi8(left, zero);
      const __m256i c = _mm256_unpacklo_epi8(right, zero), d = _mm256_unpackhi_epi8(right, zero);
      ah = _mm256_add_epi32(ah, _mm256_madd_epi16(a, wh)), al = _mm256_add_epi32(al, _mm256_madd_epi16(a, wl));
      bh = _mm256_add_epi32(bh, _mm256_madd_epi16(b, wh)), bl = _mm256_add_epi32(bl, _mm256_madd_epi16(b, wl));
      ch = _mm256_add_epi32(ch, _mm256_madd_epi16(c, wh)), cl = _mm256_add_epi32(cl, _mm256_madd_epi16(c, wl));
      dh = _mm256_add_epi32(dh, _mm256_madd_epi16(d, wh)), dl = _mm256_add_epi32(dl, _mm256_madd_epi16(d, wl));
    }
    // Unpacking and packing both work within 128-bit halves, so the order comes out right.
    const __m256i left = _mm256_packs_epi32(_mm256_srai_epi32(whole_avx2(ah, al), CPIXELS_PRECISION),
                                            _mm256_srai_epi32(whole_avx2(bh, bl), CPIXELS_PRECISION));
    const __m256i right = _mm256_packs_epi32(_mm256_srai_epi32(whole_avx2(ch, cl), CPIXELS_PRECISION),
                                             _mm256_srai_epi32(whole_avx2(dh, dl), CPIXELS_PRECISION));
    _mm256_storeu_si256((__m256i *)(void *)(to + x), _mm256_packus_epi16(left, right));
  }
  return x + vertical_sse2(from + x, stride, to + x, count - x, high, low, taps);
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
    const size_t first = (size_t)y * (size_t)table->taps;
    const uint8_t *start = from + (size_t)table->starts[y] * from_stride;
    uint8_t *row = to + (size_t)y * to_stride;
    size_t done = 0;
#ifdef CPIXELS_X86
    if (level >= 1) {
      done = (level >= 2 ? vertical_avx2 : vertical_sse2)(start, from_stride, row, row_bytes, table->high + first,
                                                          table->low + first, table->taps);
    }
#else
    (void)level;
#endif
    vertical_plain(start, from_stride, row, done, row_bytes, table->weights + first, table->taps);
  }
}
