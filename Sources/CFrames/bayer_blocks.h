// Demosaicing by vectors of 16-bit words; see lanes.h. LANES / 2 pixels make a step's half.
#if LANES == 32
#define WORDS(pointer) _mm256_cvtepu8_epi16(LOAD16(pointer))
#else
#define WORDS(pointer) _mm_cvtepu8_epi16(LOAD8(pointer))
#endif

// Colors of LANES / 2 pixels from column x on, 16 bits each, not yet clamped. `own` is set in the lanes that hold the
// row's color; `row_color` and `other_color` are red and blue in a red row.
TARGET INLINE void NAME(demosaic_half)(const uint8_t *const rows[5], size_t x, V own, V *row_color, V *green,
                                       V *other_color) {
  const V half = OP(set1_epi16)(8);
  const uint8_t *middle = rows[2] + x, *upper = rows[1] + x, *lower = rows[3] + x;
  const V c = WORDS(middle);
  const V across = OP(add_epi16)(WORDS(middle - 1), WORDS(middle + 1));
  const V along = OP(add_epi16)(WORDS(upper), WORDS(lower));
  const V far_across = OP(add_epi16)(WORDS(middle - 2), WORDS(middle + 2));
  const V far_along = OP(add_epi16)(WORDS(rows[0] + x), WORDS(rows[4] + x));
  const V corners = OP(add_epi16)(OP(add_epi16)(WORDS(upper - 1), WORDS(upper + 1)),
                                  OP(add_epi16)(WORDS(lower - 1), WORDS(lower + 1)));
  const V far = OP(add_epi16)(far_across, far_along), twice = OP(slli_epi16)(corners, 1);
  const V c8 = OP(slli_epi16)(c, 3), c2 = OP(slli_epi16)(c, 1);
  // Sixteenths of the paper's weights: green at a color; the other color there; each color at green.
  const V at_color = OP(sub_epi16)(OP(add_epi16)(c8, OP(slli_epi16)(OP(add_epi16)(across, along), 2)),
                                   OP(add_epi16)(far, far));
  const V other = OP(sub_epi16)(OP(add_epi16)(OP(add_epi16)(c8, OP(slli_epi16)(c2, 1)), OP(slli_epi16)(corners, 2)),
                                OP(add_epi16)(far, OP(add_epi16)(far, far)));
  const V base = OP(sub_epi16)(OP(add_epi16)(c8, c2), twice);
  const V from_row = OP(add_epi16)(
      base, OP(add_epi16)(OP(sub_epi16)(OP(slli_epi16)(across, 3), OP(add_epi16)(far_across, far_across)), far_along));
  const V from_column = OP(add_epi16)(
      base, OP(add_epi16)(OP(sub_epi16)(OP(slli_epi16)(along, 3), OP(add_epi16)(far_along, far_along)), far_across));
  *row_color = OP(blendv_epi8)(OP(srai_epi16)(OP(add_epi16)(from_row, half), 4), c, own);
  *green = OP(blendv_epi8)(c, OP(srai_epi16)(OP(add_epi16)(at_color, half), 4), own);
  *other_color = OP(srai_epi16)(OP(add_epi16)(OP(blendv_epi8)(from_column, other, own), half), 4);
}

// From an even column on, with 2 columns on either side. Returns the pixels done.
TARGET static size_t NAME(demosaic)(const uint8_t *const rows[5], int is_red_row, int color_is_even, size_t x,
                                    size_t end, uint8_t *rgb) {
  const V own = OP(set1_epi32)((int32_t)(color_is_even ? 0x0000ffffu : 0xffff0000u));
  const size_t first = x;
  // Loads run 2 columns past the block.
  for (; x + LANES + 2 <= end; x += LANES, rgb += 3 * LANES) {
    V a[3], b[3];
    NAME(demosaic_half)(rows, x, own, &a[0], &a[1], &a[2]);
    NAME(demosaic_half)(rows, x + LANES / 2, own, &b[0], &b[1], &b[2]);
    V packed[3];
    for (int i = 0; i < 3; i++) {
      packed[i] = OP(packus_epi16)(a[i], b[i]);
#if LANES == 32
      packed[i] = _mm256_permute4x64_epi64(packed[i], 0xd8);
#endif
    }
    if (is_red_row) NAME(store_rgb)(rgb, packed[0], packed[1], packed[2]);
    else NAME(store_rgb)(rgb, packed[2], packed[1], packed[0]);
  }
  return x - first;
}
#undef WORDS
