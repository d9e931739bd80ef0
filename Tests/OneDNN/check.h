/* Shared by the parts of the oneDNN check; check.sh says how it is built and run. */
#pragma once
#include "cdnn.h"

#define CHECK_COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

extern cdnn_engine *check_engine;
extern cdnn_stream *check_stream;

/* A convolution, transposed convolution or pooling. `c` and `k` count all groups' channels. */
typedef struct {
  const char *name;
  int64_t n, c, h, w, k, kernel[2], groups, stride, dilation, pad_low[2], pad_high[2];
} check_shape;

/* Sizes of a result, and the same window as the layer takes it. */
int64_t check_size(const check_shape *shape, int axis);
int64_t check_transposed_size(const check_shape *shape, int axis);
cdnn_window check_window(const check_shape *shape);

/* Reporting: one line a function, and one for each case that fails. */
void check_case(const char *function, const char *name, double error, double tolerance);
double check_error(const float *have, const double *want, int64_t count);

/* Repeatable numbers in low ..< high. */
float *check_random(int64_t count, float low, float high);

/* A tensor of the first `rank` sizes. */
cdnn_tensor check_tensor(int layout, int rank, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e);
int64_t check_count(const cdnn_tensor *tensor);

/* The operands of a convolution, row major, and the layouts that they are asked for in. */
typedef struct {
  cdnn_tensor src, weights, bias, dst;
} check_tensors;
typedef struct {
  const char *name;
  int src, weights, dst;
} check_layout;
enum {
  CHECK_ANY,
  CHECK_PLAIN,
  CHECK_PLAIN_WEIGHTS,
  CHECK_BLOCKED_8,
  CHECK_BLOCKED_16,
  CHECK_CHANNELS_LAST,
  CHECK_INTO_BLOCKS,
  CHECK_LAYOUTS
};
extern const check_layout check_layouts[CHECK_LAYOUTS];
check_tensors check_tensors_of(const check_shape *shape, int transposed);
check_tensors check_laid_out(check_tensors all, int layout);

typedef enum { CHECK_IN, CHECK_OUT, CHECK_UPDATED /* in and out */ } check_role;
typedef struct {
  int argument;
  check_role role;
  cdnn_tensor tensor; /* row major; a rank of 0 says that `values` are the argument's very bytes */
  float *values;
} check_operand;

/* Converts what goes in, runs `primitive`, converts what comes out. Memory is poisoned with NaN before and guarded
 * behind. 0 is success; -1 says that the primitive wrote where it must not. */
int check_run(cdnn_primitive *primitive, check_operand *operands, int count);

/* Plain loops in double precision. */
typedef enum { CHECK_FORWARD, CHECK_BACKWARD_DATA, CHECK_BACKWARD_WEIGHTS } check_mode;
void check_convolve(const check_shape *shape, check_mode mode, const float *a, const float *b, double *out);
void check_deconvolve(const check_shape *shape, const float *src, const float *weights, double *out);
void check_pool(const check_shape *shape, int algorithm, const float *src, double *dst, const float *diff_dst,
                double *diff_src);
void check_resample(const cdnn_tensor *src, const cdnn_tensor *dst, int linear, const float *values, int backward,
                    double *out);
double check_elementwise(int algorithm, double alpha, double beta, double x);
double check_slope(int algorithm, double alpha, double beta, double x);
/* `before` is what the result's memory held, for sums. */
void check_posts(const cdnn_post *posts, int post_count, const float *before, double *values, int64_t count);

void check_convolutions(void);
void check_poolings(void);
void check_pointwise(void);
void check_products(void);
void check_library(void);
int check_bench(void);
