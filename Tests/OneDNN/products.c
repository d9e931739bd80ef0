/* Matrix products. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `weights_batch` of 1 is shared by all of `batch`. */
static void check_matmul(int rank, int64_t batch, int64_t weights_batch, int64_t m, int64_t k, int64_t n, int layout,
                         int with_bias, const cdnn_post *posts, int post_count) {
  cdnn_tensor src = check_tensor(CDNN_PLAIN, 3, batch, m, k, 1, 1);
  cdnn_tensor weights = check_tensor(CDNN_PLAIN, 3, weights_batch, k, n, 1, 1);
  cdnn_tensor bias = check_tensor(CDNN_PLAIN, 3, 1, 1, n, 1, 1), dst = check_tensor(CDNN_PLAIN, 3, batch, m, n, 1, 1);
  cdnn_tensor *all[] = {&src, &weights, &bias, &dst};
  for (int i = 0; rank == 2 && i < 4; i++)
    *all[i] = check_tensor(CDNN_PLAIN, 2, all[i]->dims[1], all[i]->dims[2], 1, 1, 1);
  int64_t count = check_count(&dst);
  float *a = check_random(check_count(&src), -1, 1), *b = check_random(check_count(&weights), -1, 1);
  float *c = check_random(n, -1, 1), *have = check_random(count, -1, 1), *before = malloc((size_t)count * 4);
  double *want = malloc((size_t)count * sizeof *want);
  memcpy(before, have, (size_t)count * 4);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = i / (m * n), row = i / n % m, column = i % n;
    want[i] = with_bias ? c[column] : 0;
    for (int64_t j = 0; j < k; j++)
      want[i] += (double)a[(at * m + row) * k + j] * b[((weights_batch == 1 ? 0 : at) * k + j) * n + column];
  }
  check_posts(posts, post_count, before, want, count);
  cdnn_tensor asked = weights;
  asked.layout = layout;
  cdnn_primitive *primitive;
  int status =
      cdnn_matmul_create(check_engine, &src, &asked, with_bias ? &bias : NULL, &dst, posts, post_count, &primitive);
  check_operand operands[] = {{CDNN_SRC, CHECK_IN, src, a},
                              {CDNN_WEIGHTS, CHECK_IN, weights, b},
                              {CDNN_DST, CHECK_UPDATED, dst, have},
                              {CDNN_BIAS, CHECK_IN, bias, c}};
  if (status == 0)
    status = check_run(primitive, operands, with_bias ? 4 : 3);
  char name[160];
  snprintf(name, sizeof name, "%dx%dx%d of %d and %d, layout %d, %d posts%s (%s)", (int)m, (int)k, (int)n, (int)batch,
           (int)weights_batch, layout, post_count, with_bias ? ", bias" : "",
           status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
  check_case("cdnn_matmul_create", name, status == 0 ? check_error(have, want, count) : 1e30, 2e-5);
  cdnn_primitive_destroy(primitive);
  free(a), free(b), free(c), free(have), free(before), free(want);
}

static void check_sgemm(int turned_a, int turned_b, int64_t m, int64_t n, int64_t k, float alpha, float beta) {
  int64_t lda = (turned_a ? m : k) + 3, ldb = (turned_b ? k : n) + 2, ldc = n + 1;
  float *a = check_random((turned_a ? k : m) * lda, -1, 1), *b = check_random((turned_b ? n : k) * ldb, -1, 1);
  float *c = check_random(m * ldc, -1, 1);
  double *want = malloc((size_t)(m * ldc) * sizeof *want);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < ldc; j++) {
      double sum = 0;
      want[i * ldc + j] = c[i * ldc + j]; /* what lies between two rows stays */
      if (j == n)
        continue;
      for (int64_t l = 0; l < k; l++)
        sum += (double)a[turned_a ? l * lda + i : i * lda + l] * b[turned_b ? j * ldb + l : l * ldb + j];
      want[i * ldc + j] = alpha * sum + (double)beta * c[i * ldc + j];
    }
  int status = cdnn_sgemm(turned_a, turned_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  char name[160];
  snprintf(name, sizeof name, "%dx%dx%d, turned %d %d, alpha %g, beta %g (%s)", (int)m, (int)k, (int)n, turned_a,
           turned_b, alpha, beta, cdnn_status_name(status));
  check_case("cdnn_sgemm", name, status == 0 ? check_error(c, want, m * ldc) : 1e30, 2e-5);
  free(a), free(b), free(c), free(want);
}

void check_products(void) {
  static const cdnn_post posts[] = {{CDNN_POST_ELEMENTWISE, CDNN_GELU_ERF, 0, 0},
                                    {CDNN_POST_SUM, 0, 0.5f, 0},
                                    {CDNN_POST_ELEMENTWISE, CDNN_RELU, 0, 0}};
  static const int64_t sizes[][3] = {{1, 64, 10}, {7, 33, 19}, {32, 128, 64}, {5, 1, 3}};
  for (int i = 0; i < CHECK_COUNT(sizes); i++)
    for (int way = 0; way < 4; way++)
      for (int post_count = 0; post_count <= 3; post_count++) {
        int layout = way & 1 ? CDNN_ANY : CDNN_PLAIN, with_bias = way >> 1;
        int64_t m = sizes[i][0], k = sizes[i][1], n = sizes[i][2];
        check_matmul(2, 1, 1, m, k, n, layout, with_bias, posts, post_count);
        check_matmul(3, 4, 4, m, k, n, CDNN_PLAIN, with_bias, posts, post_count);
        check_matmul(3, 4, 1, m, k, n, CDNN_PLAIN, with_bias, posts, post_count);
      }
  for (int turned = 0; turned < 4; turned++)
    for (int i = 0; i < CHECK_COUNT(sizes); i++) {
      check_sgemm(turned & 1, turned >> 1, sizes[i][0], sizes[i][2], sizes[i][1], 1, 0);
      check_sgemm(turned & 1, turned >> 1, sizes[i][0], sizes[i][2], sizes[i][1], 0.5f, 1);
    }
}
