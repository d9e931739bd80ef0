// Kernels of template matching and focus that need instructions Swift cannot name. Each picks AVX2 at run time where the
// processor has it. No allocation, no state, no threads.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Sum of gx^2 + gy^2 over `count` pixels of a row, by the 3x3 Sobel operator without scaling; the sum of the pixels is
/// added to `*levels`. The pointers are to the same column of three neighbouring rows; the columns before and after the
/// `count` pixels are read.
uint64_t clocating_sobel_energy(const uint8_t *above, const uint8_t *row, const uint8_t *below, size_t count,
                                uint64_t *levels);

/// Sums of bytes: `sums[i] += bytes[i]`. At most 257 rows fit.
void clocating_add_bytes(const uint8_t *bytes, uint16_t *sums, size_t count);

/// One row of a template: `count` values from column `start` of line `line`; `value` is where they begin.
typedef struct {
  int32_t line;
  int32_t start;
  int32_t count;
  int32_t value;
} clocating_run;

/// Sums of products of a template with an image at `columns` x `rows` places: place (i, j) has the template's corner at
/// `image[j * stride + i]`. The results are `out[j * out_stride + i]`. Up to 31 floats after the last one needed of each
/// row are read, and up to 31 results after the last of each row are written.
void clocating_products(const float *image, ptrdiff_t stride, const clocating_run *runs, size_t run_count,
                        const float *values, int32_t columns, int32_t rows, float *out, ptrdiff_t out_stride);

/// What is needed of a picture sampled at `count` template pixels: its sum, its sum of squares, and its products with
/// `lanes` planes (1...5, `planes[k * count + i]`) in `sums[0]`, `sums[1]` and `sums[2 + k]`. Template pixel `i` lies
/// at (`u[i]`, `v[i]`) from the template's centre, which `map` (a, b, c, d, e, f) takes to a place in the picture in
/// half-integer pixel centres. Bilinear; the edge is repeated outside.
void clocating_sample_u8(const uint8_t *image, int32_t width, int32_t height, const float *u, const float *v,
                         size_t count, const double *map, const float *planes, int32_t lanes, double *sums);
void clocating_sample_f32(const float *image, int32_t width, int32_t height, const float *u, const float *v,
                          size_t count, const double *map, const float *planes, int32_t lanes, double *sums);
