// Y'CbCr to RGB by vectors; see lanes.h.

typedef struct {
  V luma, own, green, bias;
} NAME(factors);

TARGET INLINE NAME(factors) NAME(factors_of)(const cframes_matrix *m, int is_v_first) {
  NAME(factors) f;
  const int16_t even = is_v_first ? m->red : m->blue, odd = is_v_first ? m->blue : m->red;
  const int16_t green_even = is_v_first ? m->green_v : m->green_u, green_odd = is_v_first ? m->green_u : m->green_v;
  f.luma = OP(set1_epi16)(m->luma);
  f.bias = OP(set1_epi16)(m->bias);
  f.own = OP(set1_epi32)((int32_t)((uint32_t)(uint16_t)odd << 16 | (uint16_t)even));
  f.green = OP(set1_epi32)((int32_t)((uint32_t)(uint16_t)green_odd << 16 | (uint16_t)green_even));
  return f;
}

// Words of luma and chroma of LANES / 2 pixels to colors minus 128, 16 bits each.
TARGET INLINE void NAME(colors)(V words, int is_luma_high, int is_v_first, const NAME(factors) *f, V *red, V *green,
                                V *blue) {
  const V high = OP(set1_epi16)((int16_t)0xff00), middle = OP(set1_epi16)((int16_t)0x8000);
  const V upper = XOR(AND(words, high), middle), lower = XOR(OP(slli_epi16)(words, 8), middle);
  const V luma = OP(add_epi16)(OP(mulhrs_epi16)(is_luma_high ? upper : lower, f->luma), f->bias);
  const V chroma = is_luma_high ? lower : upper;
  const V own = OP(mulhrs_epi16)(chroma, f->own), part = OP(mulhrs_epi16)(chroma, f->green);
  const V even = BROADCAST(_mm_setr_epi8(0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9, 12, 13, 12, 13));
  const V odd = BROADCAST(_mm_setr_epi8(2, 3, 2, 3, 6, 7, 6, 7, 10, 11, 10, 11, 14, 15, 14, 15));
  const V swapped = BROADCAST(_mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  const V first = OP(srai_epi16)(OP(add_epi16)(luma, OP(shuffle_epi8)(own, even)), 6);
  const V second = OP(srai_epi16)(OP(add_epi16)(luma, OP(shuffle_epi8)(own, odd)), 6);
  *green = OP(srai_epi16)(OP(add_epi16)(luma, OP(add_epi16)(part, OP(shuffle_epi8)(part, swapped))), 6);
  *blue = is_v_first ? second : first;
  *red = is_v_first ? first : second;
}

// LANES pixels; `a` and `b` hold them so that packing gives their order.
TARGET INLINE void NAME(block)(V a, V b, int is_luma_high, int is_v_first, const NAME(factors) *f, uint8_t *rgb) {
  V ra, ga, ba, rb, gb, bb;
  const V middle = OP(set1_epi8)((int8_t)0x80);
  NAME(colors)(a, is_luma_high, is_v_first, f, &ra, &ga, &ba);
  NAME(colors)(b, is_luma_high, is_v_first, f, &rb, &gb, &bb);
  NAME(store_rgb)(rgb, XOR(OP(packs_epi16)(ra, rb), middle), XOR(OP(packs_epi16)(ga, gb), middle),
                  XOR(OP(packs_epi16)(ba, bb), middle));
}

// Whole blocks from a group on. Returns the pixels done.
TARGET INLINE size_t NAME(packed)(const uint8_t *from, int is_luma_high, int is_v_first, size_t count, uint8_t *rgb,
                                  const cframes_matrix *m) {
  const NAME(factors) f = NAME(factors_of)(m, is_v_first);
  size_t x = 0;
  for (; x + LANES <= count; x += LANES, from += 2 * LANES, rgb += 3 * LANES) {
#if LANES == 32
    const V a = _mm256_inserti128_si256(_mm256_castsi128_si256(LOAD16(from)), LOAD16(from + 32), 1);
    const V b = _mm256_inserti128_si256(_mm256_castsi128_si256(LOAD16(from + 16)), LOAD16(from + 48), 1);
#else
    const V a = LOAD16(from), b = LOAD16(from + 16);
#endif
    NAME(block)(a, b, is_luma_high, is_v_first, &f, rgb);
  }
  return x;
}

TARGET static size_t NAME(packed_any)(const uint8_t *from, cframes_order order, size_t count, uint8_t *rgb,
                                      const cframes_matrix *m) {
  switch (order) {
    case CFRAMES_YUYV: return NAME(packed)(from, 0, 0, count, rgb, m);
    case CFRAMES_YVYU: return NAME(packed)(from, 0, 1, count, rgb, m);
    case CFRAMES_UYVY: return NAME(packed)(from, 1, 0, count, rgb, m);
    default: return NAME(packed)(from, 1, 1, count, rgb, m);
  }
}

#if LANES == 32
#define LOAD_LANES LOAD32
// 16 bytes each of `u` and `v` as 16 pairs, in the order that unpacking with 32 luma bytes wants.
#define PAIRS(u, v) \
  _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(LOAD16(u), LOAD16(v))), \
                          _mm_unpackhi_epi8(LOAD16(u), LOAD16(v)), 1)
#else
#define LOAD_LANES LOAD16
#define PAIRS(u, v) _mm_unpacklo_epi8(LOAD8(u), LOAD8(v))
#endif

TARGET static size_t NAME(pairs)(const uint8_t *luma, const uint8_t *chroma, int is_v_first, size_t count, uint8_t *rgb,
                                 const cframes_matrix *m) {
  const NAME(factors) f = NAME(factors_of)(m, is_v_first);
  size_t x = 0;
  for (; x + LANES <= count; x += LANES, rgb += 3 * LANES) {
    const V y = LOAD_LANES(luma + x), c = LOAD_LANES(chroma + x);
    const V a = OP(unpacklo_epi8)(y, c), b = OP(unpackhi_epi8)(y, c);
    if (is_v_first) NAME(block)(a, b, 0, 1, &f, rgb);
    else NAME(block)(a, b, 0, 0, &f, rgb);
  }
  return x;
}

TARGET static size_t NAME(planes)(const uint8_t *luma, const uint8_t *u, const uint8_t *v, size_t count, uint8_t *rgb,
                                  const cframes_matrix *m) {
  const NAME(factors) f = NAME(factors_of)(m, 0);
  size_t x = 0;
  for (; x + LANES <= count; x += LANES, rgb += 3 * LANES) {
    const V y = LOAD_LANES(luma + x), c = PAIRS(u + x / 2, v + x / 2);
    NAME(block)(OP(unpacklo_epi8)(y, c), OP(unpackhi_epi8)(y, c), 0, 0, &f, rgb);
  }
  return x;
}
#undef LOAD_LANES
#undef PAIRS
