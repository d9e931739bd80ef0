/* Convolutions of 8-bit images with 8-bit weights, for AVX2, for AVX-512 with VNNI and for AMX.
 *
 * Images are unsigned bytes in rows of pixels, the channels of a pixel side by side ("NHWC"), `stride` bytes from one pixel
 * to the next. A byte q stands for scale (q - zero point).
 *
 * Exact: products are summed in 32 bits. AVX2's instruction that multiplies bytes adds pairs of products in 16 bits and
 * saturates; where weights are so large that it could, they are multiplied in two halves. Where they are so small that
 * sums of four products fit, two such instructions share what widens their sums. VNNI's adds four products in 32 bits.
 *
 * No allocation, no threads of its own, no globals. Threads share a job as in ctransformer.h. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int cquantized_supported(void);
/* Whether there is AVX-512 with VNNI, for `is_wide`. */
int cquantized_wide_supported(void);
/* Whether there is AMX beside that, for `is_tiled`. Asks the kernel for it, once for the process. */
int cquantized_tiles_supported(void);

typedef struct {
  int64_t batch;
  int64_t height, width, channels, stride; /* of the input */
  int64_t output_height, output_width, outputs, output_stride;
  int64_t kernel_height, kernel_width;
  int64_t stride_y, stride_x, dilation_y, dilation_x;
  int64_t pad_top, pad_left;
  int32_t zero_point;         /* of the input: what lies beyond its edges */
  int32_t output_zero_point;
  float output_scale;
  int32_t has_inner;          /* whether the sum is rounded to bytes before the residual is added */
  int32_t inner_zero_point;
  float inner_scale;
  int32_t residual_zero_point;
  float residual_scale;
  int64_t residual_stride;
  int32_t rectifies;          /* whether what is below 0 becomes 0 */

  int32_t is_wide;            /* whether AVX-512 and VNNI are used; what packs weights must know it too */
  int32_t is_tiled;           /* direct: whether AMX is, which takes `is_wide` too; what packs weights must know it too */
  int64_t groups;             /* Winograd: how many threads may share the output channels of the same tiles */

  int64_t next;
  const uint8_t *x;
  const void *weights;     /* as cquantized_pack or cquantized_winograd_pack left them */
  /* For every column of every panel: what a sum starts with (direct), what a unit of it stands for, and what is added to
   * the result (Winograd). */
  const int32_t *bias;
  const float *scales, *shifts;
  const int32_t *offsets, *ends; /* direct: from a window's first byte to each block's four, and cquantized_pack's */
  const uint8_t *residual; /* null for none; may be y */
  uint8_t *y;
  uint8_t *padded;         /* direct: cquantized_padded bytes; or x, where cquantized_has_edges says no */
  uint8_t *scratch;        /* cquantized_scratch or cquantized_winograd_scratch bytes for each thread */
} cquantized_convolution;

/* Steps of four bytes that a sum has. */
int64_t cquantized_steps(const cquantized_convolution *job);
/* Where each step's bytes are, from a window's first. */
void cquantized_offsets(const cquantized_convolution *job, int32_t *offsets);
/* The most blocks of 64 bytes that packed weights can have, and entries of `order`. */
int64_t cquantized_packed(const cquantized_convolution *job);
/* Packs weights [outputs][channels][kernel_height][kernel_width] and says which step each block is for, where each panel's
 * blocks end (first those that are multiplied two by two, then the others: two entries of `ends`), and what each output's
 * weights sum up to. Returns the number of blocks. Wide or tiled, steps keep their order: `order` and `ends` are left alone. */
int64_t cquantized_pack(const cquantized_convolution *job, const int8_t *weights, int8_t *packed, int32_t *order,
                        int32_t *ends, int32_t *sums);
/* Whether the input must be copied for the sake of its edges, and the bytes that it then takes. */
int cquantized_has_edges(const cquantized_convolution *job);
int64_t cquantized_padded(const cquantized_convolution *job);
int64_t cquantized_scratch(const cquantized_convolution *job);
/* Before the parts of each phase: with edges, the first fills them up, the second multiplies. */
void cquantized_start(cquantized_convolution *job);
void cquantized_edges_part(void *job, int index);
void cquantized_multiply_part(void *job, int index);

/* For 3x3 windows at a stride of 1 on images whose `stride` is a multiple of 16. Rounds the transformed weights, each to
 * about a thousandth of the largest; a result can differ from the exact one by the last bit. */
int64_t cquantized_winograd_tiles(const cquantized_convolution *job);
/* 16-bit numbers of packed weights. */
int64_t cquantized_winograd_packed(const cquantized_convolution *job);
/* `factors`, for each output: what its scale must be multiplied with. */
void cquantized_winograd_pack(const cquantized_convolution *job, const int8_t *weights, int16_t *packed,
                              float *factors);
int64_t cquantized_winograd_scratch(const cquantized_convolution *job);
void cquantized_winograd_part(void *job, int index);

/* An image of bytes. */
typedef struct {
  int64_t batch, height, width, channels, stride;
} cquantized_image;

typedef struct {
  int64_t output_height, output_width, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left;
} cquantized_window;

/* Floats to bytes, shared by threads. `block` is how many channels lie side by side: 1 for row-major images, all channels
 * where these come last, 8 or 16 for blocks with zeros beside the last. Above 1, `stride` must be a multiple of 16. */
typedef struct {
  cquantized_image image;
  int64_t block;
  float scale;
  int32_t zero_point;
  int64_t next;   /* 0 at first */
  int32_t is_bad; /* 0 at first; afterwards whether something was not a number */
  const float *x;
  uint8_t *y;
} cquantized_quantization;
void cquantized_quantize_part(void *job, int index);

void cquantized_to_floats(const cquantized_image *image, const uint8_t *x, int64_t block, float scale,
                          int32_t zero_point, float *y);

/* The largest byte of each window, or `factor` times their mean plus `shift`, rounded; padding does not count. `stride`
 * must be a multiple of 16, and a window of which the mean is taken has at most 257 pixels. */
typedef struct {
  cquantized_image image;
  cquantized_window window;
  int32_t takes_maximum;
  float factor, shift;
  int64_t next; /* 0 at first */
  const uint8_t *x;
  uint8_t *y;
} cquantized_pooling;
void cquantized_pool_part(void *job, int index);

/* Pixel (rows[i], columns[j]) for each i and j. */
void cquantized_pick(const cquantized_image *image, const uint8_t *x, const int32_t *rows, int64_t row_count,
                     const int32_t *columns, int64_t column_count, uint8_t *y);

#ifdef __cplusplus
}
#endif
