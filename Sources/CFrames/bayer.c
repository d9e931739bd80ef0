#include "internal.h"

#ifdef CFRAMES_X86
#define LANES 16
#include "lanes.h"
#include "bayer_blocks.h"
#undef LANES
#define LANES 32
#include "lanes.h"
#include "bayer_blocks.h"
#endif

// A column mirrored at the edges, so that it keeps its color.
INLINE size_t mirrored(ptrdiff_t x, ptrdiff_t width) {
  if (x < 0) x = -x;
  if (x >= width) x = 2 * (width - 1) - x;
  // Narrower than the filter: any column of that color, or the only one.
  if (x < 0) x = x & 1;
  return (size_t)(x < width ? x : width - 1);
}

// One pixel; `at` gives a sample by row and column. The sums are sixteenths of the paper's weights.
#define PIXEL(SAMPLE, CLAMP) \
  const int32_t c = SAMPLE(2, 0); \
  const int32_t across = SAMPLE(2, -1) + SAMPLE(2, 1), along = SAMPLE(1, 0) + SAMPLE(3, 0); \
  const int32_t far_across = SAMPLE(2, -2) + SAMPLE(2, 2), far_along = SAMPLE(0, 0) + SAMPLE(4, 0); \
  const int32_t corners = SAMPLE(1, -1) + SAMPLE(1, 1) + SAMPLE(3, -1) + SAMPLE(3, 1); \
  if (is_color) { \
    row_color = c; \
    green = CLAMP((8 * c + 4 * (across + along) - 2 * (far_across + far_along) + 8) >> 4); \
    other_color = CLAMP((12 * c + 4 * corners - 3 * (far_across + far_along) + 8) >> 4); \
  } else { \
    green = c; \
    row_color = CLAMP((10 * c + 8 * across - 2 * corners - 2 * far_across + far_along + 8) >> 4); \
    other_color = CLAMP((10 * c + 8 * along - 2 * corners - 2 * far_along + far_across + 8) >> 4); \
  }

INLINE int32_t clamp_16(int32_t value) { return value < 0 ? 0 : value > 65535 ? 65535 : value; }

#define AT_EDGE(row, shift) (int32_t)rows[row][mirrored((ptrdiff_t)x + (shift), (ptrdiff_t)width)]
#define INSIDE(row, shift) (int32_t)rows[row][(ptrdiff_t)x + (shift)]

static void edge(const uint8_t *const rows[5], size_t width, int is_red_row, int color_is_even, size_t x, size_t end,
                 uint8_t *rgb) {
  for (; x < end; x++, rgb += 3) {
    int32_t row_color, green, other_color;
    const int is_color = (x % 2 == 0) == (color_is_even != 0);
    PIXEL(AT_EDGE, cframes_clamp)
    rgb[0] = (uint8_t)(is_red_row ? row_color : other_color);
    rgb[1] = (uint8_t)green;
    rgb[2] = (uint8_t)(is_red_row ? other_color : row_color);
  }
}

void cframes_demosaic(const uint8_t *const rows[5], size_t width, int32_t is_red_row, int32_t color_is_even, size_t x,
                      size_t count, uint8_t *rgb, int32_t level) {
  const size_t end = x + count;
#ifdef CFRAMES_X86
  if (level >= 1) {
    size_t start = x < 2 ? 2 : (x + 1) / 2 * 2;
    if (start > end) start = end;
    edge(rows, width, is_red_row, color_is_even, x, start, rgb);
    rgb += 3 * (start - x), x = start;
    // Columns beyond `end` may be read where the picture goes on.
    const size_t most = end + 2 <= width ? end + 2 : width;
    const size_t done = level >= 2 ? demosaic_avx2(rows, is_red_row, color_is_even, x, most, rgb)
                                   : demosaic_sse41(rows, is_red_row, color_is_even, x, most, rgb);
    rgb += 3 * done, x += done;
  }
#else
  (void)level;
#endif
  edge(rows, width, is_red_row, color_is_even, x, end, rgb);
}

INLINE void inner_16_loop(const uint16_t *const rows[5], int is_red_row, int color_is_even, size_t x, size_t end,
                          uint16_t *rgb) {
  for (; x < end; x++, rgb += 3) {
    int32_t row_color, green, other_color;
    const int is_color = (x % 2 == 0) == (color_is_even != 0);
    PIXEL(INSIDE, clamp_16)
    rgb[0] = (uint16_t)(is_red_row ? row_color : other_color);
    rgb[1] = (uint16_t)green;
    rgb[2] = (uint16_t)(is_red_row ? other_color : row_color);
  }
}
CFRAMES_VARIANTS(inner_16,
                 (const uint16_t *const rows[5], int is_red_row, int color_is_even, size_t x, size_t end, uint16_t *rgb),
                 (rows, is_red_row, color_is_even, x, end, rgb))

static void edge_16(const uint16_t *const rows[5], size_t width, int is_red_row, int color_is_even, size_t x,
                    size_t end, uint16_t *rgb) {
  for (; x < end; x++, rgb += 3) {
    int32_t row_color, green, other_color;
    const int is_color = (x % 2 == 0) == (color_is_even != 0);
    PIXEL(AT_EDGE, clamp_16)
    rgb[0] = (uint16_t)(is_red_row ? row_color : other_color);
    rgb[1] = (uint16_t)green;
    rgb[2] = (uint16_t)(is_red_row ? other_color : row_color);
  }
}

void cframes_demosaic_16(const uint16_t *const rows[5], size_t width, int32_t is_red_row, int32_t color_is_even,
                         size_t x, size_t count, uint16_t *rgb, int32_t level) {
  const size_t end = x + count;
  const size_t inner = x < 2 ? (2 < end ? 2 : end) : x;
  size_t inner_end = width < 2 ? 0 : width - 2;
  inner_end = inner_end > end ? end : inner_end < inner ? inner : inner_end;
  edge_16(rows, width, is_red_row, color_is_even, x, inner, rgb);
  CFRAMES_DISPATCH(inner_16, level, (rows, is_red_row, color_is_even, inner, inner_end, rgb + 3 * (inner - x)));
  edge_16(rows, width, is_red_row, color_is_even, inner_end, end, rgb + 3 * (inner_end - x));
}
