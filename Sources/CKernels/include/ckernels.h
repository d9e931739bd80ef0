/* Numeric kernels that neither oneDNN nor plain Swift does well: fused normalisation, reductions, optimiser updates.
 *
 * Single precision. A kernel is compiled for several instruction sets and the best one is chosen when the program is
 * loaded. No allocation, no threads: a kernel works on the units begin ..< end of its outermost loop, and the caller
 * gives different units to different threads. The order of every sum depends on the sizes alone, never on the number
 * of threads.
 *
 * Activations are [batch][channels / block][pixels][block]; block is 1 for plain NCHW, 8 or 16 for blocked layouts. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  int64_t batch, channels, pixels;
  int64_t block; /* 1, 8 or 16; divides channels */
} ckernels_activation;

/* Mean and biased variance of each channel. Units: channels / block. */
void ckernels_moments(const ckernels_activation *shape, const float *x, float *mean, float *variance, int64_t begin,
                      int64_t end);
/* y = x scale + shift (+ residual), and max(y, 0) if relu. Residual may be null. Units: channels / block. */
void ckernels_scale_shift(const ckernels_activation *shape, const float *x, const float *scale, const float *shift,
                          const float *residual, int relu, float *y, int64_t begin, int64_t end);
/* y = x scale + shift with a scale and a shift for each channel of each image, [batch][channels] (plain), then a leaky
 * ReLU. Units of its three functions: batch x channels / block. */
typedef struct {
  const float *x;
  const float *scale, *shift;
  float slope; /* 1 for none */
} ckernels_modulation;
void ckernels_modulate(const ckernels_activation *shape, const ckernels_modulation *of, float *y, int64_t begin,
                       int64_t end);
/* Sums over each channel's pixels in each image, [batch][channels], of g and of g (x - mean), where g is dy or, where
 * y < 0, slope dy; mean [channels]. */
void ckernels_modulate_sums(const ckernels_activation *shape, const ckernels_modulation *of, const float *mean,
                            const float *dy, float *sum, float *dot, int64_t begin, int64_t end);
/* dx = a g + b x + c; a [batch][channels], b and c [channels]. */
void ckernels_modulate_gradient(const ckernels_activation *shape, const ckernels_modulation *of, const float *dy,
                                const float *a, const float *b, const float *c, float *dx, int64_t begin,
                                int64_t end);
/* What the gradients of a normalisation y = x scale + shift (+ residual) need to know. With a ReLU after it, the
 * gradient flows where y > 0: `y` holds it or, without a residual, `scale` and `shift` do, and it is computed again. */
typedef struct {
  const float *x;
  const float *mean, *inverse_deviation;
  const float *y;             /* or null */
  const float *scale, *shift; /* or null; only without y */
} ckernels_normalization;
/* Sums over batch and pixels of g and of g (x - mean) inverse_deviation, where g is dy where it flows, or 0.
 * Units: channels / block. */
void ckernels_normalize_sums(const ckernels_activation *shape, const ckernels_normalization *of, const float *dy,
                             float *sum, float *sum_normalized, int64_t begin, int64_t end);
/* dx = a g + b x + c for each channel, with g as above; dresidual = g if it is not null. dx or dresidual may be dy.
 * Units: channels / block. */
void ckernels_normalize_gradient(const ckernels_activation *shape, const ckernels_normalization *of, const float *dy,
                                 const float *a, const float *b, const float *c, float *dx, float *dresidual,
                                 int64_t begin, int64_t end);
/* Sum of each channel. Units: channels / block. */
void ckernels_channel_sums(const ckernels_activation *shape, const float *x, float *sum, int64_t begin, int64_t end);

/* Global pooling to [batch][channels] (plain). Units: batch. `index` gets the pixel of each maximum. */
void ckernels_global_average(const ckernels_activation *shape, const float *x, float *y, int64_t begin, int64_t end);
void ckernels_global_average_gradient(const ckernels_activation *shape, const float *dy, float *dx, int64_t begin,
                                      int64_t end);
void ckernels_global_maximum(const ckernels_activation *shape, const float *x, float *y, int32_t *index, int64_t begin,
                             int64_t end);

/* Pooling by windows of size x size, and resizing by the nearest pixel centre (which has no window). Averages leave out
 * what lies outside the image. `index` gets the pixel of each maximum, the first of equal ones; a NaN is larger than
 * anything. Every window must hold a pixel. Units: batch x channels / block. */
typedef struct {
  int64_t height, width, out_height, out_width;
  int64_t size, stride, padding;
  int64_t block; /* 1, 8 or 16 */
} ckernels_pooling;
void ckernels_maximum(const ckernels_pooling *shape, const float *x, float *y, int32_t *index, int64_t begin,
                      int64_t end);
void ckernels_maximum_gradient(const ckernels_pooling *shape, const int32_t *index, const float *dy, float *dx,
                               int64_t begin, int64_t end);
void ckernels_average(const ckernels_pooling *shape, const float *x, float *y, int64_t begin, int64_t end);
void ckernels_average_gradient(const ckernels_pooling *shape, const float *dy, float *dx, int64_t begin, int64_t end);
void ckernels_nearest(const ckernels_pooling *shape, const float *x, float *y, int64_t begin, int64_t end);
void ckernels_nearest_gradient(const ckernels_pooling *shape, const float *dy, float *dx, int64_t begin, int64_t end);

/* Weight gradient of a convolution whose input has few channels (plain NCHW) and whose output is blocked.
 * dw is [out_channels][in_channels][kernel_h][kernel_w] (plain); kernel_w is at most 8.
 * Units: out_channels / block x in_channels x kernel_h. */
typedef struct {
  int64_t batch, in_channels, in_height, in_width, out_channels, out_height, out_width;
  int64_t kernel_height, kernel_width, stride, padding, block;
} ckernels_thin_convolution;
void ckernels_thin_weight_gradient(const ckernels_thin_convolution *shape, const float *x, const float *dy, float *dw,
                                   int64_t begin, int64_t end);

/* Convolution with 3x3 weights, stride 1, blocked on both sides, by Winograd's F(4x4, 3x3): its results are a few units
 * in the last place further from the exact ones than the direct way's. */
typedef struct {
  int64_t batch, in_channels, out_channels, height, width, out_height, out_width;
  int64_t padding; /* 0, 1 or 2 */
  int64_t block;   /* 8 or 16; divides both channels */
} ckernels_winograd;
/* Parts of the tiles that the weights' gradient is summed over. */
int64_t ckernels_winograd_parts(const ckernels_winograd *shape);
/* Groups of tiles: the units of the forward function. */
int64_t ckernels_winograd_groups(const ckernels_winograd *shape);
/* Floats of scratch memory that each thread needs. */
int64_t ckernels_winograd_scratch(const ckernels_winograd *shape);
/* Transforms w [out][in][3][3] (plain) to u, 36 in out floats; `flipped` makes it the convolution that gives the data
 * gradient, with w [in][out][3][3]. Units: panels. */
void ckernels_winograd_weights(const ckernels_winograd *shape, const float *w, int flipped, float *u, int64_t begin,
                               int64_t end);
/* y = x * w + bias; bias [out] may be null. Units: groups. */
void ckernels_winograd_forward(const ckernels_winograd *shape, const float *x, const float *u, const float *bias,
                               float *y, float *scratch, int64_t begin, int64_t end);
/* The weights' gradient: first the sums, parts times 36 in out floats (units: parts), then
 * dw [out][in][3][3] from them (units: out_channels / block). */
void ckernels_winograd_weight_gradient_sums(const ckernels_winograd *shape, const float *x, const float *dy,
                                            float *sums, float *scratch, int64_t begin, int64_t end);
void ckernels_winograd_weight_gradient(const ckernels_winograd *shape, const float *sums, float *dw, int64_t begin,
                                       int64_t end);
/* Both in another order, for many channels and few tiles: whether it is measured to be the quicker one. First all tiles are transformed
 * (units: rows); then follows what no longer has to pass through memory: y (units: panels), or sums and weights (units:
 * gather units). */
int ckernels_winograd_gathers_forward(const ckernels_winograd *shape);
int ckernels_winograd_gathers_gradient(const ckernels_winograd *shape);
/* Tiles, and zeros up to a whole step of the product. */
int64_t ckernels_winograd_rows(const ckernels_winograd *shape);
/* Floats of all transformed tiles of x and of dy. */
int64_t ckernels_winograd_entered(const ckernels_winograd *shape);
int64_t ckernels_winograd_entered_gradients(const ckernels_winograd *shape);
/* `gradients` may be null. */
void ckernels_winograd_enter(const ckernels_winograd *shape, const float *x, const float *dy, float *entered,
                             float *gradients, int64_t begin, int64_t end);
/* Pairs of blocks of output channels, the last perhaps a single one. */
int64_t ckernels_winograd_panels(const ckernels_winograd *shape);
int64_t ckernels_winograd_gather_units(const ckernels_winograd *shape);
/* Floats of scratch memory that each thread needs. */
int64_t ckernels_winograd_gather_scratch(const ckernels_winograd *shape);
void ckernels_winograd_gather_forward(const ckernels_winograd *shape, const float *entered, const float *w, int flipped,
                                      const float *bias, float *y, float *scratch, int64_t begin, int64_t end);
void ckernels_winograd_gather_gradient(const ckernels_winograd *shape, const float *entered, const float *gradients,
                                       float *dw, float *scratch, int64_t begin, int64_t end);

/* a += b; y = s x; y += s x; y = a b; y = x or, below 0, slope x; dx = dy or, where x is not above 0, slope dy.
 * Units: elements. */
void ckernels_add(float *a, const float *b, int64_t begin, int64_t end);
void ckernels_scale(const float *x, float s, float *y, int64_t begin, int64_t end);
void ckernels_axpy(const float *x, float s, float *y, int64_t begin, int64_t end);
void ckernels_multiply(const float *a, const float *b, float *y, int64_t begin, int64_t end);
void ckernels_relu(const float *x, float slope, float *y, int64_t begin, int64_t end);
void ckernels_relu_gradient(const float *x, float slope, const float *dy, float *dx, int64_t begin, int64_t end);
double ckernels_sum(const float *x, int64_t count);
double ckernels_sum_of_squares(const float *x, int64_t count);
double ckernels_dot(const float *a, const float *b, int64_t count);

/* One AdamW step (Loshchilov and Hutter 2019, arXiv 1711.05101), and the moving average of the weights where
 * `average` is not null. `scale` multiplies the gradient (clipping). Units: elements. */
typedef struct {
  float rate, beta1, beta2, epsilon, decay, correction1, correction2, scale, average_decay;
} ckernels_adam;
void ckernels_adam_step(const ckernels_adam *step, const float *gradient, float *value, float *first, float *second,
                        float *average, int64_t begin, int64_t end);

/* Rows of `width` numbers: tokens, or the pictures of a batch.
 *
 * Sums over rows are taken in chunks of CKERNELS_CHUNK rows, so that their order does not depend on the threads. */
#define CKERNELS_CHUNK 64
/* y = x + row for each row; x may be y, or null for zeros. Units: rows. */
void ckernels_add_row(const float *x, const float *row, int64_t width, float *y, int64_t begin, int64_t end);
/* partial[chunk][width]: sums of each column over a chunk of the rows. Units: chunks. */
void ckernels_column_sums(const float *x, int64_t rows, int64_t width, float *partial, int64_t begin, int64_t end);
/* sum[j] of `count` rows of numbers, `stride` apart. Units: columns. */
void ckernels_sum_rows(const float *x, int64_t count, int64_t stride, float *sum, int64_t begin, int64_t end);

/* Layer normalisation of each row: y = (x - mean) inverse scale + shift, where inverse is 1 / sqrt(variance + epsilon).
 * Units: rows. The gradient's units are chunks; partial is [chunk][2][width], sums for the scale's and the shift's
 * gradients. */
typedef struct {
  int64_t rows, width;
  float epsilon;
} ckernels_layer;
void ckernels_layer_normalization(const ckernels_layer *shape, const float *x, const float *scale, const float *shift,
                                  float *y, float *mean, float *inverse, int64_t begin, int64_t end);
void ckernels_layer_normalization_gradient(const ckernels_layer *shape, const float *x, const float *scale,
                                           const float *mean, const float *inverse, const float *dy, float *dx,
                                           float *partial, int64_t begin, int64_t end);

/* [rows][width] to [columns][pairs of rows]. Units: blocks of 16 columns. */
void ckernels_to_half_rows(const float *x, int64_t rows, int64_t width, uint32_t *y, int64_t begin, int64_t end);

/* c [rows][columns] = a b, or c += a b where `adds`: for matrices that fit into the cache. a's element (i, k) lies at
 * i a_row + k a_column; b [depth][columns] and c have contiguous rows. `block` (8 or 16) divides columns. */
void ckernels_product(int64_t block, const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row,
                      float *c, int64_t c_row, int64_t rows, int64_t columns, int64_t depth, int adds);

/* c [a_row][columns] = a' b for a [depth][a_row] and b [depth][columns] with many rows and few columns; `block` (8 or 16)
 * divides columns. What the weights of a dense layer get. Units: rows of c. */
void ckernels_transposed_product(int64_t block, const float *a, int64_t a_row, const float *b, float *c, int64_t columns,
                                 int64_t depth, int64_t begin, int64_t end);

/* c [rows][columns] = a w + row, or c += a w, for a [rows][depth]; `block` (8 or 16) divides columns. First the weights,
 * whose element [k][j] is at k * row_step + j * column_step, are packed (units: pairs of blocks of columns, the last
 * perhaps a single one), then multiplied (units: rows). `row` may be null. */
typedef struct {
  int64_t block, columns, depth;
  int adds;
} ckernels_dense;
int64_t ckernels_dense_packed(int64_t block, int64_t depth, int64_t columns);
void ckernels_dense_pack(int64_t block, const float *w, int64_t row_step, int64_t column_step, int64_t depth,
                         int64_t columns, float *packed, int64_t begin, int64_t end);
void ckernels_dense_multiply(const ckernels_dense *product, const float *a, const float *packed, const float *row,
                             float *c, int64_t begin, int64_t end);

/* y = x Phi(x) for x = h + bias, the Gaussian error linear unit with the error function (within 5e-7 of it), and its
 * derivative Phi(x) + x phi(x) in place of h: a backward pass then only multiplies. Units: rows. */
void ckernels_bias_gelu(float *h, const float *bias, int64_t width, float *y, int64_t begin, int64_t end);
/* y = a b, and partial[chunk][width]: sums of each of its columns. Units: chunks. */
void ckernels_product_sums(const float *a, const float *b, int64_t rows, int64_t width, float *y, float *partial,
                           int64_t begin, int64_t end);

/* Multi-head scaled dot-product attention from one packed projection: qkv [batch][tokens][3][heads][size] to
 * y [batch][tokens][heads][size]; y = softmax(Q K' / sqrt(size)) V for each head (Vaswani et al. 2017, arXiv 1706.03762).
 * Attention weights are never stored whole: `logsum` [batch][heads][tokens], the logarithm of each query's sum of
 * exponentials, is enough to compute them again (Dao et al. 2022, arXiv 2205.14135). Units: batch x heads. */
typedef struct {
  int64_t batch, tokens, heads, size;
  int64_t block; /* 8 or 16: lanes of the vectors */
} ckernels_attention;
/* Floats of scratch memory that each thread needs; 64-byte aligned. */
int64_t ckernels_attention_scratch(const ckernels_attention *shape);
void ckernels_attend(const ckernels_attention *shape, const float *qkv, float *y, float *logsum, float *scratch,
                     int64_t begin, int64_t end);
void ckernels_attend_gradient(const ckernels_attention *shape, const float *qkv, const float *y, const float *logsum,
                              const float *dy, float *dqkv, float *scratch, int64_t begin, int64_t end);

/* Images [batch][channels / block][pixels][block] to tokens [batch][pixels][channels] and back. Units: batch. */
void ckernels_tokens(const ckernels_activation *shape, const float *image, float *tokens, int64_t begin, int64_t end);
void ckernels_image(const ckernels_activation *shape, const float *tokens, float *image, int64_t begin, int64_t end);
/* The mean of each picture's tokens. Units: batch. */
void ckernels_token_mean(const float *x, int64_t tokens, int64_t width, float *y, int64_t begin, int64_t end);
void ckernels_token_mean_gradient(const float *dy, int64_t tokens, int64_t width, float *dx, int64_t begin,
                                  int64_t end);

/* Numbers of bfloat16: single precision with the lower half of its bits rounded away, to the nearest, ties to even.
 * Products of them take their factors in pairs: two neighbours of the inner dimension in one 32-bit number, the first in
 * its lower half; a last one without a neighbour has a zero there. */
void ckernels_to_half(const float *x, uint16_t *y, int64_t begin, int64_t end);
/* Images in blocks of 16 channels, [batch][channels / 16][pixels][16], to [batch][pixels][channels], and back from those of
 * single precision. Units: pixels of all images. */
void ckernels_to_half_pixels(const float *x, int64_t channels, int64_t pixels, uint16_t *y, int64_t begin, int64_t end);
void ckernels_from_pixels(const float *x, int64_t channels, int64_t pixels, float *y, int adds, int64_t begin,
                          int64_t end);
/* [rows][width] to [pairs of rows][width]. Units: pairs. */
void ckernels_to_half_pairs(const float *x, int64_t rows, int64_t width, uint32_t *y, int64_t begin, int64_t end);
/* [rows][width] to [pairs of columns][rows]. Units: pairs. */
void ckernels_to_half_columns(const float *x, int64_t rows, int64_t width, uint32_t *y, int64_t begin, int64_t end);

/* c [rows][columns] = a b, or c += a b, for pairs a, whose pair k of row i is at i * a_row + k * a_pair, and
 * b [pairs][columns]; columns are a multiple of 16, sums in single precision. Only where ckernels_has_half. Units: rows. */
typedef struct {
  int64_t columns, pairs;
  int64_t a_row, a_pair;
  int adds;
} ckernels_half_product;
int ckernels_has_half(void);
void ckernels_half_multiply(const ckernels_half_product *product, const uint32_t *a, const uint32_t *b, float *c,
                            int64_t begin, int64_t end);

/* The same in AMX's tiles, where `a_pair` is 1. Only where ckernels_has_tiles, which asks the kernel for them. */
int ckernels_has_tiles(void);
void ckernels_half_multiply_tiles(const ckernels_half_product *product, const uint32_t *a, const uint32_t *b, float *c,
                                  int64_t begin, int64_t end);

/* The weight gradient of a convolution as such a product, by copies ("columns", im2col) of what lies under its window:
 * x [batch][pixels][channels] of bfloat16. Channels of both sides are multiples of 16, results of an image of 2. `taps`
 * stands for kernel_height kernel_width. */
typedef struct {
  int64_t batch, in_channels, out_channels, height, width, out_height, out_width, kernel_height, kernel_width, stride,
      dilation, padding;
} ckernels_columns;
/* To [pairs of results][taps][in_channels], each number beside the next result's. Units: such pairs. */
void ckernels_columns_gather(const ckernels_columns *columns, const uint16_t *x, uint32_t *to, int64_t begin,
                             int64_t end);
/* Of an image in blocks of 16 channels, [channels][pairs of pixels of all images]. Units: blocks. */
void ckernels_columns_channels(const float *x, int64_t batch, int64_t channels, int64_t pixels, uint32_t *to,
                               int64_t begin, int64_t end);
/* [out_channels][taps][in_channels] to [out_channels][in_channels][taps]. Units: output channels. */
void ckernels_columns_finish(const ckernels_columns *columns, const float *sums, float *weights, int64_t begin,
                             int64_t end);

/* y = exp(x), within 2 units in the last place where the result is a normal number. */
void ckernels_exp(const float *x, float *y, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif
