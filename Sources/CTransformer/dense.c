#include "kernels.h"

#define DEPTH 384 /* of one block: a panel of it, 24 KB, stays in the first-level cache */
#define CHUNK 4   /* panels that a thread takes at once */

int64_t ctransformer_dense_packed(int64_t inner, int64_t columns) {
  return (columns + PANEL - 1) / PANEL * PANEL * inner;
}

/* [panel][k][16], zeros beyond the last column. */
void ctransformer_dense_pack(const float *weights, int64_t row_stride, int64_t column_stride, int64_t inner,
                             int64_t columns, float *packed) {
  for (int64_t start = 0; start < columns; start += PANEL)
    for (int64_t k = 0; k < inner; k++)
      for (int64_t column = start; column < start + PANEL; column++)
        *packed++ = column < columns ? weights[k * row_stride + column * column_stride] : 0;
}

int64_t ctransformer_dense_scratch(int64_t rows, int64_t inner) { return rows * inner; }

void ctransformer_dense_start(ctransformer_dense *job) { job->next = 0; }

#if defined(__x86_64__)

int ctransformer_supported(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/* [block of k][strip of 6 rows][k][row]: what the inner kernel reads one after the other. */
INLINE void lay_out(const int rows, const float *x, int64_t stride, int64_t depth, float *to) {
  for (int64_t k = 0; k < depth; k++)
    UNROLLED
    for (int r = 0; r < rows; r++)
      to[k * rows + r] = x[r * stride + k];
}

TARGET void ctransformer_dense_layout_part(void *context, int index) {
  (void)index;
  ctransformer_dense *job = context;
  const int64_t strips = (job->rows + ROWS - 1) / ROWS;
  int64_t first, last;
  while (take(&job->next, 4, strips, &first, &last))
    for (int64_t strip = first; strip < last; strip++) {
      const int64_t row = strip * ROWS, rows = job->rows - row < ROWS ? job->rows - row : ROWS;
      for (int64_t k = 0; k < job->inner; k += DEPTH) {
        const int64_t depth = job->inner - k < DEPTH ? job->inner - k : DEPTH;
        const float *x = job->x + row * job->x_stride + k;
        float *to = job->scratch + k * job->rows + row * depth;
#define LAY_OUT(n) lay_out(n, x, job->x_stride, depth, to)
        FOR_ROWS(rows, LAY_OUT)
      }
    }
}

/* One strip by one panel by one block of k. */
INLINE void tile(const int rows, const ctransformer_dense *job, const float *x, const float *w, int64_t depth,
                 int64_t row, int64_t column, int is_first, int is_last) {
  vector sums[ROWS][2];
  float edge[ROWS][PANEL];
  float *y = job->y + row * job->y_stride + column;
  int64_t stride = job->y_stride;
  const int64_t width = job->columns - column;
  const float *residual = job->residual ? job->residual + row * job->residual_stride + column : NULL;
  const int is_edge = width < PANEL;
  if (is_edge) {
    memset(edge, 0, sizeof edge);
    UNROLLED
    for (int r = 0; r < rows; r++)
      memcpy(edge[r], is_first ? (residual ? residual + r * job->residual_stride : edge[r]) : y + r * stride,
             (size_t)(is_first && !residual ? 0 : width) * sizeof(float));
  }
  UNROLLED
  for (int r = 0; r < rows; r++)
    UNROLLED
    for (int b = 0; b < 2; b++) {
      vector start = is_edge                  ? load(edge[r] + b * LANES)
                     : !is_first              ? load(y + r * stride + b * LANES)
                     : residual               ? load(residual + r * job->residual_stride + b * LANES)
                                              : all(0);
      sums[r][b] = is_first ? start + load(job->bias + column + b * LANES) : start;
    }
  multiply(rows, sums, x, 1, rows, w, depth, PANEL);
  if (is_last && job->activation == CTRANSFORMER_RELU)
    UNROLLED
    for (int r = 0; r < rows; r++)
      UNROLLED
      for (int b = 0; b < 2; b++)
        sums[r][b] = select_lanes(sums[r][b] < all(0), all(0), sums[r][b]);
  if (is_last && job->activation == CTRANSFORMER_GELU)
    UNROLLED
    for (int r = 0; r < rows; r++)
      UNROLLED
      for (int b = 0; b < 2; b++)
        sums[r][b] = gelu(sums[r][b]);
  UNROLLED
  for (int r = 0; r < rows; r++)
    UNROLLED
    for (int b = 0; b < 2; b++)
      store(is_edge ? edge[r] + b * LANES : y + r * stride + b * LANES, sums[r][b]);
  if (is_edge)
    UNROLLED
    for (int r = 0; r < rows; r++)
      memcpy(y + r * stride, edge[r], (size_t)width * sizeof(float));
}

TARGET void ctransformer_dense_multiply_part(void *context, int index) {
  (void)index;
  ctransformer_dense *job = context;
  const int64_t panels = (job->columns + PANEL - 1) / PANEL;
  int64_t first, last;
  while (take(&job->next, CHUNK, panels, &first, &last))
    for (int64_t k = 0; k < job->inner; k += DEPTH) {
      const int64_t depth = job->inner - k < DEPTH ? job->inner - k : DEPTH;
      for (int64_t panel = first; panel < last; panel++) {
        const float *w = job->weights + (panel * job->inner + k) * PANEL;
        for (int64_t row = 0; row < job->rows; row += ROWS) {
          const int64_t rows = job->rows - row < ROWS ? job->rows - row : ROWS;
          const float *x = job->scratch + k * job->rows + row * depth;
#define TILE(n) tile(n, job, x, w, depth, row, panel * PANEL, k == 0, k + depth == job->inner)
          FOR_ROWS(rows, TILE)
        }
      }
    }
}

#else

int ctransformer_supported(void) { return 0; }
void ctransformer_dense_layout_part(void *job, int index) { (void)job, (void)index; }
void ctransformer_dense_multiply_part(void *job, int index) { (void)job, (void)index; }

#endif
