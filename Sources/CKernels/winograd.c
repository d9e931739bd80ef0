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

#define LANES 8
#include "winograd_blocks.h"
#define LANES 16
#include "winograd_blocks.h"

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
