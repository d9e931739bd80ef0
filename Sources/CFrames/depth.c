#include "internal.h"

// `bits` and the byte order are constants in each call below, so that each loop is vectorised.
INLINE void widen_bits(const uint8_t *words, uint32_t bits, int swaps_bytes, size_t count, uint16_t *wide) {
  const uint32_t largest = (1u << bits) - 1;
  for (size_t i = 0; i < count; i++) {
    uint16_t word;
    memcpy(&word, words + 2 * i, 2);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (swaps_bytes) word = (uint16_t)(word << 8 | word >> 8);
#else
    if (!swaps_bytes) word = (uint16_t)(word << 8 | word >> 8);
#endif
    const uint32_t value = word < largest ? word : largest;
    wide[i] = (uint16_t)(value << (16 - bits) | value >> (2 * bits - 16));
  }
}
INLINE void widen_loop(const uint8_t *words, int32_t bits, int swaps_bytes, size_t count, uint16_t *wide) {
  switch (bits << 1 | (swaps_bytes != 0)) {
    case 20: widen_bits(words, 10, 0, count, wide); break;
    case 24: widen_bits(words, 12, 0, count, wide); break;
    case 28: widen_bits(words, 14, 0, count, wide); break;
    case 32: widen_bits(words, 16, 0, count, wide); break;
    case 33: widen_bits(words, 16, 1, count, wide); break;
    default: widen_bits(words, (uint32_t)bits, swaps_bytes, count, wide); break;
  }
}
CFRAMES_VARIANTS(widen, (const uint8_t *words, int32_t bits, int swaps_bytes, size_t count, uint16_t *wide),
                 (words, bits, swaps_bytes, count, wide))

void cframes_widen(const uint8_t *words, int32_t bits, int32_t swaps_bytes, size_t count, uint16_t *wide,
                   int32_t level) {
  CFRAMES_DISPATCH(widen, level, (words, bits, swaps_bytes, count, wide));
}

void cframes_widen_packed(const uint8_t *packed, int32_t bits, size_t count, uint16_t *wide) {
  const size_t samples = bits == 10 ? 4 : 2;
  for (size_t i = 0; i < count; i++) {
    const size_t place = i % samples;
    const uint8_t *group = packed + i / samples * (samples + 1);
    // The upper 8 bits are bytes of their own; the group's last byte holds the lower bits, first sample lowest.
    const uint32_t lower = group[samples] >> (place * (size_t)(bits - 8)) & ((1u << (bits - 8)) - 1);
    const uint32_t value = (uint32_t)group[place] << (bits - 8) | lower;
    wide[i] = (uint16_t)(value << (16 - bits) | value >> (2 * bits - 16));
  }
}

// (w - 16 * 257) * 255 / 219, within 0.54.
INLINE void expand_16_loop(uint16_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const int32_t value = (int32_t)words[i] - 4112;
    // 255 / 219 = 1 + 36 / 219: the fraction alone keeps within 32 bits.
    const int32_t more = value < 0 ? 0 : value > 56283 ? 56283 : value;
    const uint32_t sum = (uint32_t)more + (((uint32_t)more * 10773u + 32768u) >> 16);
    words[i] = (uint16_t)(sum > 65535 ? 65535 : sum);
  }
}
CFRAMES_VARIANTS(expand_16, (uint16_t *words, size_t count), (words, count))

void cframes_expand_range_16(uint16_t *words, size_t count, int32_t level) {
  CFRAMES_DISPATCH(expand_16, level, (words, count));
}
