#include "internal.h"
#include "lanes.h"

/* Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308), points 0, 1, -1, 2, -2 and
 * infinity: tiles of 6x6 of the input, overlapping by two, become 36 numbers each, which are multiplied with 36 numbers
 * of the weights as matrices over the channels, a quarter of the multiplications of the direct way. The weights'
 * gradient is F(3x3, 4x4) over the same points: the input's tiles are transformed in the same way. */

INLINE int64_t winograd_tiles(const ckernels_winograd *s) {
  return s->batch * ((s->out_height + 3) / 4) * ((s->out_width + 3) / 4);
}

/* Tiles that are worked on together: as many as keep the transformed numbers in the second-level cache. */
INLINE int64_t winograd_group(const ckernels_winograd *s) {
  int64_t fitting = 120000 / (36 * (s->in_channels + s->out_channels)) / 12 * 12;
  return fitting < 12 ? 12 : (fitting > 60 ? 60 : fitting);
}

/* Parts of the tiles over which the weights' gradient is summed each on its own: by the sizes alone, so that the result
 * does not depend on the number of threads, and with enough tiles in each to be worth the memory. */
INLINE int64_t winograd_parts(const ckernels_winograd *s) {
  int64_t worth = winograd_tiles(s) / 64;
  return worth < 1 ? 1 : (worth > 8 ? 8 : worth);
}

/* Rows of a product over all tiles: up to a whole step of it. */
INLINE int64_t winograd_rows(const ckernels_winograd *s) { return (winograd_tiles(s) + 3) / 4 * 4; }

#define WINOGRAD_RUN 48 /* inputs whose sums with a panel of outputs stay in the second-level cache */

#define LANES 8
#include "winograd_blocks.h"
#include "winograd_weights.h"
#define LANES 16
#include "winograd_blocks.h"
#include "winograd_weights.h"

int64_t ckernels_winograd_groups(const ckernels_winograd *shape) {
  int64_t group = winograd_group(shape);
  return (winograd_tiles(shape) + group - 1) / group;
}

int64_t ckernels_winograd_parts(const ckernels_winograd *shape) { return winograd_parts(shape); }

int64_t ckernels_winograd_scratch(const ckernels_winograd *shape) {
  return 36 * winograd_group(shape) * (shape->in_channels + shape->out_channels);
}

CLONES void ckernels_winograd_weights(const ckernels_winograd *shape, const float *w, int flipped, float *u,
                                      int64_t begin, int64_t end) {
  if (shape->block == 16)
    weights_16(shape, w, flipped, u, begin, end);
  else
    weights_8(shape, w, flipped, u, begin, end);
}

CLONES void ckernels_winograd_forward(const ckernels_winograd *shape, const float *x, const float *u,
                                      const float *bias, float *y, float *scratch, int64_t begin, int64_t end) {
  if (shape->block == 16)
    forward_16(shape, x, u, bias, y, scratch, begin, end);
  else
    forward_8(shape, x, u, bias, y, scratch, begin, end);
}

CLONES void ckernels_winograd_weight_gradient_sums(const ckernels_winograd *shape, const float *x, const float *dy,
                                                   float *sums, float *scratch, int64_t begin, int64_t end) {
  if (shape->block == 16)
    weight_gradient_sums_16(shape, x, dy, sums, scratch, begin, end);
  else
    weight_gradient_sums_8(shape, x, dy, sums, scratch, begin, end);
}

CLONES void ckernels_winograd_weight_gradient(const ckernels_winograd *shape, const float *sums, float *dw,
                                              int64_t begin, int64_t end) {
  if (shape->block == 16)
    weight_gradient_16(shape, sums, dw, begin, end);
  else
    weight_gradient_8(shape, sums, dw, begin, end);
}

int ckernels_winograd_gathers_forward(const ckernels_winograd *shape) {
  return winograd_tiles(shape) * 100 < shape->in_channels * shape->out_channels;
}

int ckernels_winograd_gathers_gradient(const ckernels_winograd *shape) {
  return winograd_tiles(shape) * 16 < shape->in_channels * shape->out_channels;
}

int64_t ckernels_winograd_rows(const ckernels_winograd *shape) { return winograd_rows(shape); }

int64_t ckernels_winograd_panels(const ckernels_winograd *shape) {
  return (shape->out_channels + 2 * shape->block - 1) / (2 * shape->block);
}

int64_t ckernels_winograd_entered(const ckernels_winograd *shape) {
  return (shape->in_channels + WINOGRAD_RUN - 1) / WINOGRAD_RUN * WINOGRAD_RUN * 36 * winograd_rows(shape);
}

int64_t ckernels_winograd_entered_gradients(const ckernels_winograd *shape) {
  return ckernels_winograd_panels(shape) * 2 * shape->block * 36 * winograd_rows(shape);
}

int64_t ckernels_winograd_gather_units(const ckernels_winograd *shape) {
  return ckernels_winograd_panels(shape) * ((shape->in_channels + WINOGRAD_RUN - 1) / WINOGRAD_RUN);
}

int64_t ckernels_winograd_gather_scratch(const ckernels_winograd *shape) {
  return 36 * (WINOGRAD_RUN + winograd_rows(shape)) * 2 * shape->block;
}

CLONES void ckernels_winograd_gather_forward(const ckernels_winograd *shape, const float *entered, const float *w,
                                             int flipped, const float *bias, float *y, float *scratch, int64_t begin,
                                             int64_t end) {
  if (shape->block == 16)
    gather_forward_16(shape, entered, w, flipped, bias, y, scratch, begin, end);
  else
    gather_forward_8(shape, entered, w, flipped, bias, y, scratch, begin, end);
}

CLONES void ckernels_winograd_enter(const ckernels_winograd *shape, const float *x, const float *dy, float *entered,
                                    float *gradients, int64_t begin, int64_t end) {
  if (shape->block == 16)
    enter_all_16(shape, x, dy, entered, gradients, begin, end);
  else
    enter_all_8(shape, x, dy, entered, gradients, begin, end);
}

CLONES void ckernels_winograd_gather_gradient(const ckernels_winograd *shape, const float *entered,
                                              const float *gradients, float *dw, float *scratch, int64_t begin,
                                              int64_t end) {
  if (shape->block == 16)
    gather_gradient_16(shape, entered, gradients, dw, scratch, begin, end);
  else
    gather_gradient_8(shape, entered, gradients, dw, scratch, begin, end);
}
