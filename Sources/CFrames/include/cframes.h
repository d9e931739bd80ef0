// Kernels that turn rows of raw camera frames into rows of pixels. Each picks the widest variant that the processor has
// at run time, and all variants of one kernel give the same bytes. No allocation, no state, no threads.
//
// `x` is the first column wanted, counted from the start of the row that is passed, and `count` the number of columns;
// both may be odd. `level` caps the variant.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// 0 plain C, 1 SSE4.1, 2 AVX2: what the processor allows.
int32_t cframes_level(void);

/// Y'CbCr to R'G'B' in fixed point. Coefficients are times 8192, `bias` is times 64:
/// red = (luma * (Y - 128) + red * (Cr - 128) + bias) / 64 + 128, and so on; each product is rounded to 1/64, so that the
/// result is within 0.56 of the exact value.
typedef struct {
  int16_t luma, red, green_u, green_v, blue, bias;
} cframes_matrix;

/// Which byte of a two-pixel group is what.
typedef enum {
  CFRAMES_YUYV = 0,
  CFRAMES_YVYU = 1,
  CFRAMES_UYVY = 2,
  CFRAMES_VYUY = 3,
} cframes_order;

/// Packed 4:2:2 to RGB. The two pixels of a group share their chroma. `row` holds whole groups of 4 bytes.
void cframes_rgb_from_packed(const uint8_t *row, cframes_order order, size_t x, size_t count, uint8_t *rgb,
                             const cframes_matrix *matrix, int32_t level);
/// A row of luma with a row of chroma pairs, each for two pixels. `is_v_first`: Cr before Cb.
void cframes_rgb_from_pairs(const uint8_t *luma, const uint8_t *chroma, int32_t is_v_first, size_t x, size_t count,
                            uint8_t *rgb, const cframes_matrix *matrix, int32_t level);
/// A row of luma with a row of Cb and one of Cr, each sample for two pixels.
void cframes_rgb_from_planes(const uint8_t *luma, const uint8_t *u, const uint8_t *v, size_t x, size_t count,
                             uint8_t *rgb, const cframes_matrix *matrix, int32_t level);
/// A row of a decoded JPEG with halved chroma, by libjpeg's own arithmetic: 3 / 4 of the nearer and 1 / 4 of the farther
/// chroma sample along the row and, where `far_u` and `far_v` are given, also between the nearer and the farther row;
/// BT.601 of full range. The same bytes as libjpeg's "fancy" upsampling and color conversion. For level 2 only.
/// One sample before each chroma row and one behind it repeat its ends; 64 more bytes behind each row are readable.
void cframes_rgb_from_triangle(const uint8_t *luma, const uint8_t *u, const uint8_t *v, const uint8_t *far_u,
                               const uint8_t *far_v, size_t count, uint8_t *rgb);
/// Luma to grey by the matrix's `luma` and `bias`. `step` is 1 for a plane, 2 within packed 4:2:2 (from the first
/// luma byte on).
void cframes_gray_from_luma(const uint8_t *luma, size_t step, size_t count, uint8_t *gray, const cframes_matrix *matrix,
                            int32_t level);
/// Every second byte, from `from[0]` on.
void cframes_every_second(const uint8_t *from, size_t count, uint8_t *to, int32_t level);

/// Blue, green, red to red, green, blue.
void cframes_rgb_from_bgr(const uint8_t *bgr, size_t count, uint8_t *rgb, int32_t level);
/// Pixels of four bytes, of which `red`, `green` and `blue` say which is what (0...3).
void cframes_rgb_from_four(const uint8_t *four, int32_t red, int32_t green, int32_t blue, size_t count, uint8_t *rgb,
                           int32_t level);
/// Red, green and blue within 16-bit words (after swapping their bytes where `swaps_bytes`), 3 to 6 bits each.
typedef struct {
  uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits, swaps_bytes;
} cframes_word_layout;
/// Each component is the nearest to value * 255 / largest.
void cframes_rgb_from_words(const uint8_t *words, const cframes_word_layout *layout, size_t count, uint8_t *rgb,
                            int32_t level);
/// Limited range (16...235) to full range, in place.
void cframes_expand_range(uint8_t *bytes, size_t count, int32_t level);

/// Little-endian words of `bits` (8...16) to the full range 0...65535, the lower bits filled with the upper ones; values
/// beyond the range become 65535. `swaps_bytes` for big-endian words.
void cframes_widen(const uint8_t *words, int32_t bits, int32_t swaps_bytes, size_t count, uint16_t *wide, int32_t level);
/// The same for MIPI CSI-2 packing: 10 bits (4 samples in 5 bytes) or 12 bits (2 samples in 3 bytes). `packed` starts
/// at a group.
void cframes_widen_packed(const uint8_t *packed, int32_t bits, size_t count, uint16_t *wide);
/// Limited range (16...235, times 257) to full range, in place.
void cframes_expand_range_16(uint16_t *words, size_t count, int32_t level);

/// Demosaics one row by Malvar, He and Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned
/// color images", ICASSP 2004. `rows` are the rows y - 2 ... y + 2, mirrored at the picture's edges without repeating
/// the edge row, each `width` samples. `is_red_row`: the row's color that is not green is red. `color_is_even`: that
/// color sits in even columns.
void cframes_demosaic(const uint8_t *const rows[5], size_t width, int32_t is_red_row, int32_t color_is_even, size_t x,
                      size_t count, uint8_t *rgb, int32_t level);
void cframes_demosaic_16(const uint16_t *const rows[5], size_t width, int32_t is_red_row, int32_t color_is_even,
                         size_t x, size_t count, uint16_t *rgb, int32_t level);
