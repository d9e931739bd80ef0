#pragma once
#include "internal.h"

/* c [rows][columns] = a b, or c += a b where `adds`: for matrices that fit into the cache. a's element (i, k) lies at
 * i a_row + k a_column; b [depth][columns] and c have contiguous rows. `block` (8 or 16) divides columns. */
void ckernels_product(int64_t block, const float *a, int64_t a_row, int64_t a_column, const float *b, int64_t b_row,
                      float *c, int64_t c_row, int64_t rows, int64_t columns, int64_t depth, int adds);
