#include "internal.h"
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

int64_t ckernels_dense_packed(int64_t block, int64_t depth, int64_t columns) {
  return (columns + 2 * block - 1) / (2 * block) * 2 * block * depth;
}

CLONES void ckernels_dense_pack(int64_t block, const float *w, int64_t row_step, int64_t column_step, int64_t depth,
                                int64_t columns, float *packed, int64_t begin, int64_t end) {
  if (block == 16)
    dense_pack_16(w, row_step, column_step, depth, columns, packed, begin, end);
  else
    dense_pack_8(w, row_step, column_step, depth, columns, packed, begin, end);
}

CLONES void ckernels_dense_multiply(const ckernels_dense *product, const float *a, const float *packed,
                                    const float *row, float *c, int64_t begin, int64_t end) {
  if (product->block == 16)
    dense_multiply_16(product, a, packed, row, c, begin, end);
  else
    dense_multiply_8(product, a, packed, row, c, begin, end);
}
