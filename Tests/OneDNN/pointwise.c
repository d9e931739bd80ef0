/* Elementwise functions, arithmetic of two tensors, softmax and reorders. */
#include "check.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_function(int algorithm, const char *what, float alpha, float beta, int has_slope) {
  /* 1027 leaves a remainder behind every vector width; logarithm and root need what is above 0. */
  int64_t count = 1027;
  float low = algorithm == CDNN_LOG || algorithm == CDNN_SQRT ? 0.05f : -8;
  cdnn_tensor plain = check_tensor(CDNN_PLAIN, 1, count, 1, 1, 1, 1);
  float *x = check_random(count, low, 8), *dy = check_random(count, -1, 1);
  float *y = malloc((size_t)count * 4), *dx = malloc((size_t)count * 4);
  double *want = malloc((size_t)count * sizeof *want), *want_dx = malloc((size_t)count * sizeof *want);
  for (int64_t i = 0; i < count; i++) {
    want[i] = check_elementwise(algorithm, alpha, beta, x[i]);
    want_dx[i] = dy[i] * check_slope(algorithm, alpha, beta, x[i]);
  }
  static const int directions[] = {CDNN_INFERENCE, CDNN_FORWARD, CDNN_BACKWARD_DATA};
  static const char *ways[] = {"", " in training", " backwards"};
  for (int i = 0; i < (has_slope ? 3 : 2); i++) {
    int backward = directions[i] == CDNN_BACKWARD_DATA;
    cdnn_primitive *primitive;
    int status = cdnn_elementwise_create(check_engine, directions[i], algorithm, &plain, alpha, beta, &primitive);
    check_operand operands[] = {{CDNN_SRC, CHECK_IN, plain, x}, {CDNN_DST, CHECK_OUT, plain, y}, {0}};
    if (backward) {
      operands[1] = (check_operand){CDNN_DIFF_DST, CHECK_IN, plain, dy};
      operands[2] = (check_operand){CDNN_DIFF_SRC, CHECK_OUT, plain, dx};
    }
    if (status == 0)
      status = check_run(primitive, operands, backward ? 3 : 2);
    char name[160];
    snprintf(name, sizeof name, "%s%s, alpha %g, beta %g (%s)", what, ways[i], alpha, beta,
             status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
    check_case("cdnn_elementwise_create", name,
               status == 0 ? backward ? check_error(dx, want_dx, count) : check_error(y, want, count) : 1e30, 2e-5);
    cdnn_primitive_destroy(primitive);
  }
  free(x), free(dy), free(y), free(dx), free(want), free(want_dx);
}

static void check_binary(int algorithm, int src_layout, int dst_layout, const int64_t sizes[4], const cdnn_post *posts,
                         int post_count) {
  static const char *names[] = {"add", "multiply", "subtract", "divide", "maximum"};
  cdnn_tensor a = check_tensor(CDNN_PLAIN, 4, 2, 16, 5, 3, 1);
  cdnn_tensor b = check_tensor(CDNN_PLAIN, 4, sizes[0], sizes[1], sizes[2], sizes[3], 1);
  int64_t count = check_count(&a);
  float *x = check_random(count, -1, 1), *y = check_random(check_count(&b), 0.5f, 1.5f);
  float *have = check_random(count, -1, 1), *before = malloc((size_t)count * 4);
  double *want = malloc((size_t)count * sizeof *want);
  memcpy(before, have, (size_t)count * 4);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = 0, rest = i, scale = count;
    for (int axis = 0; axis < 4; axis++) {
      scale /= a.dims[axis];
      at = at * b.dims[axis] + (b.dims[axis] == 1 ? 0 : rest / scale);
      rest %= scale;
    }
    double u = x[i], v = y[at], values[] = {u + v, u * v, u - v, u / v, fmax(u, v)};
    want[i] = values[algorithm];
  }
  check_posts(posts, post_count, before, want, count);
  cdnn_tensor asked = a, asked_dst = a, asked_1 = b;
  asked.layout = src_layout;
  asked_dst.layout = dst_layout;
  if (sizes[1] == 16 && src_layout != CDNN_PLAIN)
    asked_1.layout = src_layout;
  cdnn_primitive *primitive;
  int status =
      cdnn_binary_create(check_engine, algorithm, &asked, &asked_1, &asked_dst, posts, post_count, &primitive);
  check_operand operands[] = {
      {CDNN_SRC, CHECK_IN, a, x}, {CDNN_SRC_1, CHECK_IN, b, y}, {CDNN_DST, CHECK_UPDATED, a, have}};
  if (status == 0)
    status = check_run(primitive, operands, 3);
  char name[160];
  snprintf(name, sizeof name, "%s with %dx%dx%dx%d, layout %d, %d posts (%s)", names[algorithm], (int)sizes[0],
           (int)sizes[1], (int)sizes[2], (int)sizes[3], src_layout, post_count,
           status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
  check_case("cdnn_binary_create", name, status == 0 ? check_error(have, want, count) : 1e30, 2e-6);
  cdnn_primitive_destroy(primitive);
  free(x), free(y), free(have), free(before), free(want);
}

static void check_softmax(int rank, int axis, int layout) {
  cdnn_tensor plain = check_tensor(CDNN_PLAIN, rank, 3, 16, 7, 5, 2), asked = plain;
  asked.layout = layout;
  int64_t count = check_count(&plain), size = plain.dims[axis], stride = 1;
  for (int i = axis + 1; i < rank; i++)
    stride *= plain.dims[i];
  /* Far from 0, so that an implementation that does not subtract the greatest value overflows. */
  float *x = check_random(count, 90, 110), *have = malloc((size_t)count * 4);
  double *want = malloc((size_t)count * sizeof *want);
  for (int64_t i = 0; i < count; i++) {
    int64_t start = i - i / stride % size * stride;
    double sum = 0;
    for (int64_t j = 0; j < size; j++)
      sum += exp((double)x[start + j * stride] - x[i]);
    want[i] = 1 / sum;
  }
  cdnn_primitive *primitive;
  int status = cdnn_softmax_create(check_engine, &asked, &asked, axis, &primitive);
  check_operand operands[] = {{CDNN_SRC, CHECK_IN, plain, x}, {CDNN_DST, CHECK_OUT, plain, have}};
  if (status == 0)
    status = check_run(primitive, operands, 2);
  char name[160];
  snprintf(name, sizeof name, "axis %d of %d, layout %d (%s)", axis, rank, layout,
           status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
  check_case("cdnn_softmax_create", name, status == 0 ? check_error(have, want, count) : 1e30, 2e-6);
  cdnn_primitive_destroy(primitive);
  free(x), free(have), free(want);
}

/* Where element (n, c, y, x) lies in a layout, from its definition. */
static int64_t place(int layout, const int64_t *dims, int64_t n, int64_t c, int64_t y, int64_t x) {
  int64_t block = layout == CDNN_BLOCKED_8 ? 8 : layout == CDNN_BLOCKED_16 ? 16 : layout == CDNN_PLAIN ? 1 : dims[1];
  int64_t blocks = (dims[1] + block - 1) / block;
  return (((n * blocks + c / block) * dims[2] + y) * dims[3] + x) * block + c % block;
}

static void check_reorder(int from, int to, int64_t channels) {
  const int64_t dims[] = {2, channels, 5, 3};
  cdnn_tensor src = check_tensor(from, 4, 2, channels, 5, 3, 1), dst = src;
  dst.layout = to;
  cdnn_primitive *primitive;
  int status = cdnn_reorder_create(check_engine, &src, &dst, &primitive);
  double error = 1e30;
  if (status == 0) {
    size_t source_bytes = cdnn_primitive_bytes(primitive, CDNN_SRC), bytes = cdnn_primitive_bytes(primitive, CDNN_DST);
    float *x = calloc(1, source_bytes), *have = malloc(bytes), *values = check_random(check_count(&src), -1, 1);
    double *want = calloc(bytes / 4, sizeof *want); /* what fills a block up is 0 */
    memset(have, 0xff, bytes);
    for (int64_t i = 0; i < check_count(&src); i++) {
      int64_t n = i / (channels * 15), c = i / 15 % channels, y = i / 3 % 5, column = i % 3;
      x[place(from, dims, n, c, y, column)] = values[i];
      want[place(to, dims, n, c, y, column)] = values[i];
    }
    void *pointers[CDNN_ARGUMENTS] = {[CDNN_SRC] = x, [CDNN_DST] = have};
    pointers[CDNN_SCRATCHPAD] = malloc(cdnn_primitive_bytes(primitive, CDNN_SCRATCHPAD) + 1);
    status = cdnn_primitive_run(primitive, check_stream, pointers);
    if (status == 0 && cdnn_primitive_matches(primitive, CDNN_DST, &dst))
      error = check_error(have, want, (int64_t)bytes / 4);
    free(pointers[CDNN_SCRATCHPAD]), free(x), free(have), free(values), free(want);
  }
  char name[160];
  snprintf(name, sizeof name, "%d channels from layout %d to %d (%s)", (int)channels, from, to,
           cdnn_status_name(status));
  check_case("cdnn_reorder_create", name, error, 0);
  cdnn_primitive_destroy(primitive);
}

void check_pointwise(void) {
  static const struct {
    int algorithm;
    const char *name;
    float alpha, beta;
  } functions[] = {{CDNN_RELU, "relu", 0, 0},
                   {CDNN_RELU, "leaky relu", 0.1f, 0},
                   {CDNN_TANH, "tanh", 0, 0},
                   {CDNN_SIGMOID, "sigmoid", 0, 0},
                   {CDNN_SILU, "silu", 1, 0},
                   {CDNN_SILU, "silu", 1.702f, 0},
                   {CDNN_GELU_ERF, "gelu", 0, 0},
                   {CDNN_GELU_TANH, "gelu by tanh", 0, 0},
                   {CDNN_HARDSWISH, "hard swish", 1.0f / 6, 0.5f},
                   {CDNN_HARDSWISH, "hard swish", 1, 0},
                   {CDNN_CLIP, "clip", -1, 2},
                   {CDNN_EXP, "exp", 0, 0},
                   {CDNN_LOG, "log", 0, 0},
                   {CDNN_SQRT, "sqrt", 0, 0},
                   {CDNN_SQUARE, "square", 0, 0},
                   {CDNN_ABS, "abs", 0, 0},
                   {CDNN_LINEAR, "linear", 0.3f, -2},
                   {CDNN_SOFTPLUS, "softplus", 0, 0},
                   {CDNN_SOFTPLUS, "softplus", 2, 1}};
  for (int i = 0; i < CHECK_COUNT(functions); i++)
    check_function(functions[i].algorithm, functions[i].name, functions[i].alpha, functions[i].beta, 1);

  static const int64_t sizes[][4] = {{2, 16, 5, 3}, {1, 16, 1, 1}, {1, 1, 1, 1}, {1, 1, 5, 3}, {2, 16, 1, 1}};
  static const int pairs[][2] = {{CDNN_PLAIN, CDNN_PLAIN}, {CDNN_PLAIN, CDNN_ANY}, {CDNN_BLOCKED_8, CDNN_BLOCKED_8},
                                 {CDNN_CHANNELS_LAST, CDNN_CHANNELS_LAST}};
  static const cdnn_post posts[] = {{CDNN_POST_SUM, 0, 0.5f, 0}, {CDNN_POST_ELEMENTWISE, CDNN_RELU, 0, 0}};
  for (int algorithm = CDNN_ADD; algorithm <= CDNN_MAXIMUM; algorithm++)
    for (int i = 0; i < CHECK_COUNT(sizes); i++)
      for (int pair = 0; pair < CHECK_COUNT(pairs); pair++)
        for (int post_count = 0; post_count <= 2; post_count += 2)
          check_binary(algorithm, pairs[pair][0], pairs[pair][1], sizes[i], posts, post_count);

  for (int rank = 1; rank <= 5; rank++)
    for (int axis = 0; axis < rank; axis++)
      check_softmax(rank, axis, CDNN_PLAIN);
  for (int axis = 0; axis < 4; axis++) {
    check_softmax(4, axis, CDNN_BLOCKED_8);
    check_softmax(4, axis, CDNN_CHANNELS_LAST);
  }
  for (int from = CDNN_PLAIN; from <= CDNN_CHANNELS_LAST; from++)
    for (int to = CDNN_PLAIN; to <= CDNN_CHANNELS_LAST; to++)
      for (int64_t channels = 3; channels <= 35; channels += 13)
        check_reorder(from, to, channels);
}
