/* Convolution and transposed convolution, and what is fused to them. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_TOLERANCE 2e-5

static const check_shape shapes[] = {
    /* name, n, c, h, w, k, kernel, groups, stride, dilation, padding before, after */
    {"3x3", 2, 16, 9, 7, 32, {3, 3}, 1, 1, 1, {1, 1}, {1, 1}},
    {"3x3 of odd channels", 1, 19, 8, 11, 21, {3, 3}, 1, 1, 1, {1, 1}, {1, 1}},
    {"3x3 with stride", 2, 16, 10, 12, 16, {3, 3}, 1, 2, 1, {0, 1}, {1, 0}},
    {"3x3 dilated", 1, 8, 13, 12, 16, {3, 3}, 1, 1, 2, {2, 2}, {2, 2}},
    {"5x3", 1, 16, 9, 9, 8, {5, 3}, 1, 1, 1, {2, 1}, {2, 1}},
    {"1x1", 3, 32, 6, 5, 48, {1, 1}, 1, 1, 1, {0, 0}, {0, 0}},
    {"1x1 with stride", 1, 16, 8, 8, 32, {1, 1}, 1, 2, 1, {0, 0}, {0, 0}},
    {"7x7 of a picture", 1, 3, 21, 23, 16, {7, 7}, 1, 2, 1, {3, 3}, {3, 3}},
    {"grouped", 2, 16, 7, 7, 32, {3, 3}, 4, 1, 1, {1, 1}, {1, 1}},
    {"depthwise", 2, 24, 9, 8, 24, {3, 3}, 24, 1, 1, {1, 1}, {1, 1}},
};
const check_layout check_layouts[CHECK_LAYOUTS] = {
    [CHECK_ANY] = {"any", CDNN_ANY, CDNN_ANY, CDNN_ANY},
    [CHECK_PLAIN] = {"plain", CDNN_PLAIN, CDNN_ANY, CDNN_PLAIN},
    [CHECK_PLAIN_WEIGHTS] = {"plain weights", CDNN_PLAIN, CDNN_PLAIN, CDNN_PLAIN},
    [CHECK_BLOCKED_8] = {"blocks of 8", CDNN_BLOCKED_8, CDNN_ANY, CDNN_BLOCKED_8},
    [CHECK_BLOCKED_16] = {"blocks of 16", CDNN_BLOCKED_16, CDNN_ANY, CDNN_BLOCKED_16},
    [CHECK_CHANNELS_LAST] = {"channels last", CDNN_CHANNELS_LAST, CDNN_ANY, CDNN_CHANNELS_LAST},
    [CHECK_INTO_BLOCKS] = {"plain to blocks of 8", CDNN_PLAIN, CDNN_ANY, CDNN_BLOCKED_8},
};

check_tensors check_tensors_of(const check_shape *s, int transposed) {
  int64_t oh = transposed ? check_transposed_size(s, 0) : check_size(s, 0);
  int64_t ow = transposed ? check_transposed_size(s, 1) : check_size(s, 1);
  check_tensors all = {
      check_tensor(CDNN_PLAIN, 4, s->n, s->c, s->h, s->w, 1),
      check_tensor(CDNN_PLAIN, 4, s->k, s->c, s->kernel[0], s->kernel[1], 1),
      check_tensor(CDNN_PLAIN, 1, s->k, 1, 1, 1, 1),
      check_tensor(CDNN_PLAIN, 4, s->n, s->k, oh, ow, 1),
  };
  if (s->groups > 1)
    all.weights =
        check_tensor(CDNN_PLAIN, 5, s->groups, s->k / s->groups, s->c / s->groups, s->kernel[0], s->kernel[1]);
  return all;
}

check_tensors check_laid_out(check_tensors all, int layout) {
  all.src.layout = check_layouts[layout].src;
  all.weights.layout = check_layouts[layout].weights;
  all.dst.layout = check_layouts[layout].dst;
  return all;
}

static void add_bias(double *values, const float *bias, const cdnn_tensor *dst) {
  int64_t area = dst->dims[2] * dst->dims[3];
  for (int64_t i = 0; i < check_count(dst); i++)
    values[i] += bias[i / area % dst->dims[1]];
}

/* A forward convolution, or a transposed one, with what follows it. */
static void check_forward(const check_shape *shape, int transposed, int direction, int layout, int with_bias,
                          const cdnn_post *posts, int post_count, const char *what) {
  check_tensors plain = check_tensors_of(shape, transposed), asked = check_laid_out(plain, layout);
  cdnn_window window = check_window(shape);
  int64_t count = check_count(&plain.dst);
  float *src = check_random(check_count(&plain.src), -1, 1);
  float *weights = check_random(check_count(&plain.weights), -1, 1);
  float *bias = check_random(shape->k, -1, 1), *dst = check_random(count, -2, 2), *before = malloc((size_t)count * 4);
  double *want = malloc((size_t)count * sizeof *want);
  memcpy(before, dst, (size_t)count * 4);
  if (transposed)
    check_deconvolve(shape, src, weights, want);
  else
    check_convolve(shape, CHECK_FORWARD, src, weights, want);
  if (with_bias)
    add_bias(want, bias, &plain.dst);
  check_posts(posts, post_count, before, want, count);

  cdnn_primitive *primitive;
  int status =
      transposed ? cdnn_deconvolution_create(check_engine, &asked.src, &asked.weights, with_bias ? &asked.bias : NULL,
                                             &asked.dst, &window, posts, post_count, &primitive)
                 : cdnn_convolution_create(check_engine, direction, &asked.src, &asked.weights,
                                           with_bias ? &asked.bias : NULL, &asked.dst, &window, posts, post_count,
                                           &primitive);
  check_operand operands[] = {{CDNN_SRC, CHECK_IN, plain.src, src},
                              {CDNN_WEIGHTS, CHECK_IN, plain.weights, weights},
                              {CDNN_DST, CHECK_UPDATED, plain.dst, dst},
                              {CDNN_BIAS, CHECK_IN, plain.bias, bias}};
  if (status == 0)
    status = check_run(primitive, operands, with_bias ? 4 : 3);
  char name[160];
  snprintf(name, sizeof name, "%s%s, %s%s (%s)", shape->name, what, check_layouts[layout].name,
           with_bias ? ", bias" : "",
           status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
  check_case(transposed ? "cdnn_deconvolution_create" : "cdnn_convolution_create", name,
             status == 0 ? check_error(dst, want, count) : 1e30, CHECK_TOLERANCE);
  cdnn_primitive_destroy(primitive);
  free(src), free(weights), free(bias), free(dst), free(before), free(want);
}

static void check_backward(const check_shape *shape, check_mode mode, int layout, int with_bias) {
  check_tensors plain = check_tensors_of(shape, 0), asked = check_laid_out(plain, layout);
  cdnn_window window = check_window(shape);
  int to_data = mode == CHECK_BACKWARD_DATA;
  cdnn_tensor result = to_data ? plain.src : plain.weights;
  float *diff_dst = check_random(check_count(&plain.dst), -1, 1);
  float *other = check_random(check_count(to_data ? &plain.weights : &plain.src), -1, 1);
  float *have = malloc((size_t)check_count(&result) * 4), *have_bias = malloc((size_t)shape->k * 4);
  double *want = malloc((size_t)check_count(&result) * sizeof *want);
  double *want_bias = calloc((size_t)shape->k, sizeof *want_bias);
  if (to_data)
    check_convolve(shape, mode, diff_dst, other, want);
  else
    check_convolve(shape, mode, other, diff_dst, want);
  for (int64_t i = 0; i < check_count(&plain.dst); i++)
    want_bias[i / (plain.dst.dims[2] * plain.dst.dims[3]) % shape->k] += diff_dst[i];

  cdnn_primitive *primitive;
  int status = cdnn_convolution_create(check_engine, to_data ? CDNN_BACKWARD_DATA : CDNN_BACKWARD_WEIGHTS, &asked.src,
                                       &asked.weights, with_bias ? &asked.bias : NULL, &asked.dst, &window, NULL, 0,
                                       &primitive);
  check_operand operands[] = {
      {CDNN_DIFF_DST, CHECK_IN, plain.dst, diff_dst},
      {to_data ? CDNN_WEIGHTS : CDNN_SRC, CHECK_IN, to_data ? plain.weights : plain.src, other},
      {to_data ? CDNN_DIFF_SRC : CDNN_DIFF_WEIGHTS, CHECK_OUT, result, have},
      {CDNN_DIFF_BIAS, CHECK_OUT, plain.bias, have_bias}};
  if (status == 0)
    status = check_run(primitive, operands, with_bias ? 4 : 3);
  char name[160];
  snprintf(name, sizeof name, "%s backwards to %s, %s%s (%s)", shape->name, to_data ? "data" : "weights",
           check_layouts[layout].name, with_bias ? ", bias" : "",
           status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
  double error = status == 0 ? check_error(have, want, check_count(&result)) : 1e30;
  if (status == 0 && with_bias && !(check_error(have_bias, want_bias, shape->k) <= error))
    error = check_error(have_bias, want_bias, shape->k);
  check_case("cdnn_convolution_create", name, error, CHECK_TOLERANCE);
  cdnn_primitive_destroy(primitive);
  free(diff_dst), free(other), free(have), free(have_bias), free(want), free(want_bias);
}

/* Everything that may follow a convolution in a compiled graph. */
static void check_fusions(const check_shape *shape, int transposed) {
  static const struct {
    const char *name;
    cdnn_post posts[3];
    int count;
  } fusions[] = {
      {" + relu", {{CDNN_POST_ELEMENTWISE, CDNN_RELU, 0, 0}}, 1},
      {" + leaky relu", {{CDNN_POST_ELEMENTWISE, CDNN_RELU, 0.1f, 0}}, 1},
      {" + tanh", {{CDNN_POST_ELEMENTWISE, CDNN_TANH, 0, 0}}, 1},
      {" + sigmoid", {{CDNN_POST_ELEMENTWISE, CDNN_SIGMOID, 0, 0}}, 1},
      {" + silu", {{CDNN_POST_ELEMENTWISE, CDNN_SILU, 1, 0}}, 1},
      {" + gelu", {{CDNN_POST_ELEMENTWISE, CDNN_GELU_ERF, 0, 0}}, 1},
      {" + gelu by tanh", {{CDNN_POST_ELEMENTWISE, CDNN_GELU_TANH, 0, 0}}, 1},
      {" + hard swish", {{CDNN_POST_ELEMENTWISE, CDNN_HARDSWISH, 1.0f / 6, 0.5f}}, 1},
      {" + hard swish without parameters", {{CDNN_POST_ELEMENTWISE, CDNN_HARDSWISH, 0, 0}}, 1},
      {" + softplus", {{CDNN_POST_ELEMENTWISE, CDNN_SOFTPLUS, 0, 0}}, 1},
      {" + clip", {{CDNN_POST_ELEMENTWISE, CDNN_CLIP, -0.5f, 2}}, 1},
      {" + abs + linear + sqrt", /* not near 0, where a root makes errors large */
       {{CDNN_POST_ELEMENTWISE, CDNN_ABS, 0, 0},
        {CDNN_POST_ELEMENTWISE, CDNN_LINEAR, 1, 0.5f},
        {CDNN_POST_ELEMENTWISE, CDNN_SQRT, 0, 0}},
       3},
      {" + linear + clip",
       {{CDNN_POST_ELEMENTWISE, CDNN_LINEAR, 0.2f, 0.5f}, {CDNN_POST_ELEMENTWISE, CDNN_CLIP, 0, 1}},
       2},
      {" + sum", {{CDNN_POST_SUM, 0, 1, 0}}, 1},
      {" + scaled sum + relu", {{CDNN_POST_SUM, 0, 0.5f, 0}, {CDNN_POST_ELEMENTWISE, CDNN_RELU, 0, 0}}, 2},
      {" + relu + sum", {{CDNN_POST_ELEMENTWISE, CDNN_RELU, 0, 0}, {CDNN_POST_SUM, 0, 1, 0}}, 2},
      {" + silu + sum + relu",
       {{CDNN_POST_ELEMENTWISE, CDNN_SILU, 1, 0}, {CDNN_POST_SUM, 0, 1, 0}, {CDNN_POST_ELEMENTWISE, CDNN_RELU, 0, 0}},
       3},
  };
  static const int chosen[] = {CHECK_ANY, CHECK_PLAIN, CHECK_BLOCKED_8};
  for (int layout = 0; layout < CHECK_COUNT(chosen); layout++)
    for (int i = 0; i < CHECK_COUNT(fusions); i++)
      check_forward(shape, transposed, CDNN_INFERENCE, chosen[layout], 1, fusions[i].posts, fusions[i].count,
                    fusions[i].name);
}

void check_convolutions(void) {
  for (int i = 0; i < CHECK_COUNT(shapes); i++)
    for (int layout = 0; layout < CHECK_LAYOUTS; layout++) {
      check_forward(&shapes[i], 0, CDNN_FORWARD, layout, 1, NULL, 0, " in training");
      check_forward(&shapes[i], 0, CDNN_INFERENCE, layout, 0, NULL, 0, "");
      check_backward(&shapes[i], CHECK_BACKWARD_DATA, layout, 0);
      check_backward(&shapes[i], CHECK_BACKWARD_WEIGHTS, layout, 0);
      check_backward(&shapes[i], CHECK_BACKWARD_WEIGHTS, layout, 1);
    }
  check_fusions(&shapes[0], 0);
  check_fusions(&shapes[5], 0);
  check_fusions(&shapes[9], 0);

  static const check_shape transposed[] = {
      {"2x2 with stride", 2, 16, 5, 6, 8, {2, 2}, 1, 2, 1, {0, 0}, {0, 0}},
      {"4x4 with stride", 1, 16, 5, 6, 16, {4, 4}, 1, 2, 1, {1, 1}, {1, 1}},
      {"3x3 with a column more", 1, 7, 5, 6, 9, {3, 3}, 1, 2, 1, {1, 1}, {0, 0}},
      {"3x3 dilated", 1, 8, 6, 5, 8, {3, 3}, 1, 1, 2, {1, 1}, {1, 1}},
      {"grouped", 1, 16, 5, 5, 8, {3, 3}, 2, 2, 1, {1, 1}, {1, 1}},
  };
  for (int i = 0; i < CHECK_COUNT(transposed); i++)
    for (int layout = 0; layout <= CHECK_BLOCKED_16; layout++)
      for (int with_bias = 0; with_bias < 2; with_bias++)
        check_forward(&transposed[i], 1, CDNN_INFERENCE, layout, with_bias, NULL, 0, "");
  check_fusions(&transposed[1], 1);
}
