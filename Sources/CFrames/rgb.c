#include "internal.h"

#ifdef CFRAMES_X86
// 5 pixels by one shuffle; the 16th byte is written over by the next 5. Returns the pixels done.
SSE41 static size_t swapped_sse41(const uint8_t *bgr, size_t count, uint8_t *rgb) {
  const __m128i order = _mm_setr_epi8(2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, 14, 13, 12, 15);
  size_t x = 0;
  for (; x + 6 <= count; x += 5) STORE16(rgb + 3 * x, _mm_shuffle_epi8(LOAD16(bgr + 3 * x), order));
  return x;
}

// 4 pixels by one shuffle; the last 4 of the 16 bytes are written over by the next 4 pixels.
SSE41 static size_t four_sse41(const uint8_t *four, int red, int green, int blue, size_t count, uint8_t *rgb) {
  int8_t bytes[16] = {0};
  for (int i = 0; i < 4; i++) {
    bytes[3 * i] = (int8_t)(4 * i + red);
    bytes[3 * i + 1] = (int8_t)(4 * i + green);
    bytes[3 * i + 2] = (int8_t)(4 * i + blue);
  }
  const __m128i order = LOAD16(bytes);
  size_t x = 0;
  for (; x + 6 <= count; x += 4) STORE16(rgb + 3 * x, _mm_shuffle_epi8(LOAD16(four + 4 * x), order));
  return x;
}
#endif

void cframes_rgb_from_bgr(const uint8_t *bgr, size_t count, uint8_t *rgb, int32_t level) {
  size_t x = 0;
#ifdef CFRAMES_X86
  if (level >= 1) x = swapped_sse41(bgr, count, rgb);
#else
  (void)level;
#endif
  for (; x < count; x++) {
    rgb[3 * x] = bgr[3 * x + 2];
    rgb[3 * x + 1] = bgr[3 * x + 1];
    rgb[3 * x + 2] = bgr[3 * x];
  }
}

void cframes_rgb_from_four(const uint8_t *four, int32_t red, int32_t green, int32_t blue, size_t count, uint8_t *rgb,
                           int32_t level) {
  size_t x = 0;
#ifdef CFRAMES_X86
  if (level >= 1) x = four_sse41(four, red, green, blue, count, rgb);
#else
  (void)level;
#endif
  for (; x < count; x++) {
    rgb[3 * x] = four[4 * x + (size_t)red];
    rgb[3 * x + 1] = four[4 * x + (size_t)green];
    rgb[3 * x + 2] = four[4 * x + (size_t)blue];
  }
}

// value * 255 / largest, rounded, as (value * factor + 32768) >> 16, which is exact for 3 to 6 bits.
INLINE uint32_t factor_of(uint32_t bits) { return (255 * 65536 + ((1u << bits) - 1) / 2) / ((1u << bits) - 1); }

INLINE void words_loop(const uint8_t *words, const cframes_word_layout *layout, size_t count, uint8_t *rgb) {
  const uint32_t rs = layout->red_shift, gs = layout->green_shift, bs = layout->blue_shift;
  const uint32_t rm = (1u << layout->red_bits) - 1, gm = (1u << layout->green_bits) - 1, bm = (1u << layout->blue_bits) - 1;
  const uint32_t rf = factor_of(layout->red_bits), gf = factor_of(layout->green_bits), bf = factor_of(layout->blue_bits);
  const size_t low = layout->swaps_bytes ? 1 : 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t word = (uint32_t)words[2 * i + low] | (uint32_t)words[2 * i + 1 - low] << 8;
    rgb[3 * i] = (uint8_t)(((word >> rs & rm) * rf + 32768) >> 16);
    rgb[3 * i + 1] = (uint8_t)(((word >> gs & gm) * gf + 32768) >> 16);
    rgb[3 * i + 2] = (uint8_t)(((word >> bs & bm) * bf + 32768) >> 16);
  }
}
CFRAMES_VARIANTS(words, (const uint8_t *words, const cframes_word_layout *layout, size_t count, uint8_t *rgb),
                 (words, layout, count, rgb))

void cframes_rgb_from_words(const uint8_t *words, const cframes_word_layout *layout, size_t count, uint8_t *rgb,
                            int32_t level) {
  CFRAMES_DISPATCH(words, level, (words, layout, count, rgb));
}

// (b - 16) * 255 / 219, rounded: 76309 / 65536 is so close that no byte rounds differently.
INLINE void expand_loop(uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const int32_t value = ((int32_t)bytes[i] - 16) * 76309 + 32768;
    bytes[i] = (uint8_t)cframes_clamp(value >> 16);
  }
}
CFRAMES_VARIANTS(expand, (uint8_t *bytes, size_t count), (bytes, count))

void cframes_expand_range(uint8_t *bytes, size_t count, int32_t level) { CFRAMES_DISPATCH(expand, level, (bytes, count)); }
