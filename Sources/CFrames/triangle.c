#include "internal.h"

#ifdef CFRAMES_X86
#define LANES 32
#include "lanes.h"

// Cb and Cr of every second pixel's column and of those between, 16 bits each, as libjpeg's "fancy" upsampling has them.
typedef struct {
  __m256i even, odd;
} columns;

#define WIDE(pointer) _mm256_cvtepu8_epi16(LOAD16(pointer))

// 3 / 4 of the nearer sample and 1 / 4 of the farther one.
AVX2 INLINE columns halved_columns(const uint8_t *at) {
  const __m256i middle = WIDE(at), three = _mm256_add_epi16(_mm256_slli_epi16(middle, 1), middle);
  columns result;
  result.even = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(three, WIDE(at - 1)), _mm256_set1_epi16(1)), 2);
  result.odd = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(three, WIDE(at + 1)), _mm256_set1_epi16(2)), 2);
  return result;
}

// The same first down the rows.
AVX2 INLINE __m256i two_rows(const uint8_t *near, const uint8_t *far) {
  const __m256i value = WIDE(near);
  return _mm256_add_epi16(_mm256_add_epi16(_mm256_slli_epi16(value, 1), value), WIDE(far));
}
AVX2 INLINE columns halved_both(const uint8_t *near, const uint8_t *far) {
  const __m256i middle = two_rows(near, far), three = _mm256_add_epi16(_mm256_slli_epi16(middle, 1), middle);
  const __m256i left = two_rows(near - 1, far - 1), right = two_rows(near + 1, far + 1);
  columns result;
  result.even = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(three, left), _mm256_set1_epi16(8)), 4);
  result.odd = _mm256_srli_epi16(_mm256_add_epi16(_mm256_add_epi16(three, right), _mm256_set1_epi16(7)), 4);
  return result;
}

// 16 pixels by libjpeg's integer arithmetic: 1.402, 0.34414, 0.71414 and 1.772 times 65536, rounded.
AVX2 INLINE void converted(__m256i y, __m256i u, __m256i v, __m256i *red, __m256i *green, __m256i *blue) {
  const __m256i middle = _mm256_set1_epi16(128), one = _mm256_set1_epi16(1), half = _mm256_set1_epi32(32768);
  // -0.34414, and 1 - 0.71414, which fits 16 bits.
  const __m256i factors = _mm256_set1_epi32((int32_t)((uint32_t)18734 << 16 | (uint16_t)-22554));
  u = _mm256_sub_epi16(u, middle);
  v = _mm256_sub_epi16(v, middle);
  const __m256i more = _mm256_mulhi_epi16(_mm256_add_epi16(v, v), _mm256_set1_epi16(26345));
  *red = _mm256_add_epi16(_mm256_add_epi16(y, v), _mm256_srai_epi16(_mm256_add_epi16(more, one), 1));
  *blue = _mm256_add_epi16(_mm256_add_epi16(y, _mm256_add_epi16(u, u)),
                           _mm256_mulhrs_epi16(u, _mm256_set1_epi16(-7471)));
  const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(u, v), factors);
  const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(u, v), factors);
  const __m256i part = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_add_epi32(low, half), 16),
                                          _mm256_srai_epi32(_mm256_add_epi32(high, half), 16));
  *green = _mm256_add_epi16(y, _mm256_sub_epi16(part, v));
}

AVX2 INLINE __m256i interleaved(__m256i even, __m256i odd) {
  const __m256i order = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
  return _mm256_shuffle_epi8(_mm256_packus_epi16(even, odd), order);
}

AVX2 INLINE void block(const uint8_t *luma, columns u, columns v, uint8_t *rgb) {
  const __m256i y = LOAD32(luma);
  __m256i re, ge, be, ro, go, bo;
  converted(_mm256_and_si256(y, _mm256_set1_epi16(255)), u.even, v.even, &re, &ge, &be);
  converted(_mm256_srli_epi16(y, 8), u.odd, v.odd, &ro, &go, &bo);
  store_rgb_avx2(rgb, interleaved(re, ro), interleaved(ge, go), interleaved(be, bo));
}

AVX2 INLINE void triangle(const uint8_t *luma, const uint8_t *u, const uint8_t *v, const uint8_t *far_u,
                          const uint8_t *far_v, int is_vertical, size_t count, uint8_t *rgb) {
  uint8_t last[96];
  for (size_t x = 0; x < count; x += 32, rgb += 96) {
    const size_t c = x / 2;
    const columns cb = is_vertical ? halved_both(u + c, far_u + c) : halved_columns(u + c);
    const columns cr = is_vertical ? halved_both(v + c, far_v + c) : halved_columns(v + c);
    if (x + 32 <= count) {
      block(luma + x, cb, cr, rgb);
    } else {
      block(luma + x, cb, cr, last);
      memcpy(rgb, last, 3 * (count - x));
    }
  }
}

AVX2 void cframes_rgb_from_triangle(const uint8_t *luma, const uint8_t *u, const uint8_t *v, const uint8_t *far_u,
                                    const uint8_t *far_v, size_t count, uint8_t *rgb) {
  if (far_u) triangle(luma, u, v, far_u, far_v, 1, count, rgb);
  else triangle(luma, u, v, 0, 0, 0, count, rgb);
}
#else
void cframes_rgb_from_triangle(const uint8_t *luma, const uint8_t *u, const uint8_t *v, const uint8_t *far_u,
                               const uint8_t *far_v, size_t count, uint8_t *rgb) {
  (void)luma, (void)u, (void)v, (void)far_u, (void)far_v, (void)count, (void)rgb;
}
#endif
