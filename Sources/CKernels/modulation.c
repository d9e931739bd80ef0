#include "internal.h"
#include "lanes.h"

#define LANES 1
#include "modulation_blocks.h"
#define LANES 8
#include "modulation_blocks.h"
#define LANES 16
#include "modulation_blocks.h"

CLONES void ckernels_modulate(const ckernels_activation *shape, const ckernels_modulation *of, float *y, int64_t begin,
                              int64_t end) {
  FOR_BLOCK(shape->block, modulate, shape, of, y, begin, end);
}

CLONES void ckernels_modulate_sums(const ckernels_activation *shape, const ckernels_modulation *of, const float *mean,
                                   const float *dy, float *sum, float *dot, int64_t begin, int64_t end) {
  FOR_BLOCK(shape->block, modulate_sums, shape, of, mean, dy, sum, dot, begin, end);
}

CLONES void ckernels_modulate_gradient(const ckernels_activation *shape, const ckernels_modulation *of, const float *dy,
                                       const float *a, const float *b, const float *c, float *dx, int64_t begin,
                                       int64_t end) {
  FOR_BLOCK(shape->block, modulate_gradient, shape, of, dy, a, b, c, dx, begin, end);
}
