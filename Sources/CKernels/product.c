#include "product.h"
#include "lanes.h"

#define RUN 256 /* rows */

#define LANES 8
#define TILE 6
#include "product_blocks.h"
#define LANES 16
#define TILE 14
#include "product_blocks.h"

CLONES void ckernels_product(int64_t block, const float *a, int64_t a_row, int64_t a_column, const float *b,
                             int64_t b_row, float *c, int64_t c_row, int64_t rows, int64_t columns, int64_t depth,
                             int adds) {
  if (block == 16)
    product_16(a, a_row, a_column, b, b_row, c, c_row, rows, columns, depth, adds);
  else
    product_8(a, a_row, a_column, b, b_row, c, c_row, rows, columns, depth, adds);
}

CLONES void ckernels_transposed_product(int64_t block, const float *a, int64_t a_row, const float *b, float *c,
                                        int64_t columns, int64_t depth, int64_t begin, int64_t end) {
  if (block == 16)
    transposed_product_16(a, a_row, b, c, columns, depth, begin, end);
  else
    transposed_product_8(a, a_row, b, c, columns, depth, begin, end);
}
