// Pixel kernels that need instructions Swift cannot name. Each picks the widest variant that the processor has at run
// time, and all variants of one kernel give the same bytes (floating point: the same up to rounding). No allocation, no
// state, no threads.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bits after the point in fixed-point weights.
#define CPIXELS_PRECISION 22
/// Bits of a weight that its `low` part holds.
#define CPIXELS_LOW_BITS 12

/// Fixed-point weights of one axis: output `i` is the sum over `k < taps` of `weights[i * taps + k]` times source
/// `starts[i] + k`, rounded and shifted right by `CPIXELS_PRECISION`. All `starts[i] + taps` lie within the source.
/// Multiply-add instructions take 16 bits, so each weight is also given as `high * 4096 + low` with `low` in 0...4095.
typedef struct {
  const int32_t *starts;
  const int32_t *weights;
  const int16_t *high;
  const int16_t *low;
  int32_t taps;
  int32_t count;
} cpixels_table;

/// The same with floating-point weights.
typedef struct {
  const int32_t *starts;
  const float *weights;
  int32_t taps;
  int32_t count;
} cpixels_float_table;

/// 0 plain C, 1 SSSE3, 2 AVX2: what the processor allows.
int32_t cpixels_level(void);

/// Resamples each row: `rows` rows of interleaved 8-bit pixels with 1, 3 or 4 channels. `level` caps the variant.
void cpixels_horizontal_u8(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride, size_t rows,
                           int32_t channels, const cpixels_table *table, int32_t level);
/// Resamples columns: output row `i` mixes `taps` source rows; `row_bytes` components each.
void cpixels_vertical_u8(const uint8_t *from, size_t from_stride, uint8_t *to, size_t to_stride, size_t row_bytes,
                         const cpixels_table *table, int32_t level);

/// The floating-point twins; strides in components.
void cpixels_horizontal_f32(const float *from, size_t from_stride, float *to, size_t to_stride, size_t rows,
                            int32_t channels, const cpixels_float_table *table);
void cpixels_vertical_f32(const float *from, size_t from_stride, float *to, size_t to_stride, size_t row_count,
                          const cpixels_float_table *table);

/// Red, green, blue bytes to native-endian 0x00RRGGBB words, as Cairo wants them, and back.
void cpixels_words_from_rgb(const uint8_t *rgb, uint32_t *words, size_t count);
void cpixels_rgb_from_words(const uint32_t *words, uint8_t *rgb, size_t count);

/// Lays colours over 0x00RRGGBB words: `heat` in 0...1 picks one of 256 colours and makes it opaque by `heat * most`
/// 256ths, `most` in 0...256.
void cpixels_overlay(uint32_t *words, const float *heat, size_t count, const uint32_t *colors, float most);

/// ITU-R BT.601 luma as Pillow rounds it: (r * 19595 + g * 38470 + b * 7471 + 32768) >> 16.
void cpixels_gray_from_rgb(const uint8_t *rgb, uint8_t *gray, size_t count);
