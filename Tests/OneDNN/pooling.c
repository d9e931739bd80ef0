/* Pooling and resampling. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_pooling(const check_shape *shape, int algorithm, int layout) {
  static const char *names[] = {"maximum", "average", "average with padding"};
  check_tensors plain = check_tensors_of(shape, 0), asked = check_laid_out(plain, layout);
  plain.dst.dims[1] = asked.dst.dims[1] = shape->c;
  cdnn_window window = check_window(shape);
  int64_t inputs = check_count(&plain.src), outputs = check_count(&plain.dst);
  float *src = check_random(inputs, -1, 1), *diff_dst = check_random(outputs, -1, 1);
  float *dst = malloc((size_t)outputs * 4), *diff_src = malloc((size_t)inputs * 4);
  double *want = malloc((size_t)outputs * sizeof *want), *want_diff = malloc((size_t)inputs * sizeof *want);
  check_pool(shape, algorithm, src, want, diff_dst, want_diff);
  void *workspace = NULL;
  cdnn_tensor bytes = {0};
  static const int directions[] = {CDNN_INFERENCE, CDNN_FORWARD, CDNN_BACKWARD_DATA};
  static const char *ways[] = {"", " in training", " backwards"};
  for (int i = 0; i < 3; i++) {
    int backward = directions[i] == CDNN_BACKWARD_DATA, count = 2;
    cdnn_primitive *primitive;
    int status =
        cdnn_pooling_create(check_engine, directions[i], algorithm, &asked.src, &asked.dst, &window, &primitive);
    check_operand operands[3] = {{CDNN_SRC, CHECK_IN, plain.src, src}, {CDNN_DST, CHECK_OUT, plain.dst, dst}};
    if (backward) {
      operands[0] = (check_operand){CDNN_DIFF_DST, CHECK_IN, plain.dst, diff_dst};
      operands[1] = (check_operand){CDNN_DIFF_SRC, CHECK_OUT, plain.src, diff_src};
    }
    /* Only training keeps a workspace, and only a maximum needs one. */
    if (status == 0 && cdnn_primitive_bytes(primitive, CDNN_WORKSPACE) > 0) {
      if (directions[i] == CDNN_FORWARD)
        workspace = calloc(1, cdnn_primitive_bytes(primitive, CDNN_WORKSPACE));
      operands[count++] = (check_operand){CDNN_WORKSPACE, CHECK_UPDATED, bytes, workspace};
      if (directions[i] == CDNN_INFERENCE || algorithm != CDNN_MAX)
        status = -1;
    }
    if (status == 0)
      status = check_run(primitive, operands, count);
    char name[160];
    snprintf(name, sizeof name, "%s of %s%s, %s (%s)", names[algorithm], shape->name, ways[i],
             check_layouts[layout].name,
             status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
    double error = status == 0 ? backward ? check_error(diff_src, want_diff, inputs) : check_error(dst, want, outputs)
                               : 1e30;
    check_case("cdnn_pooling_create", name, error, 2e-6);
    cdnn_primitive_destroy(primitive);
  }
  free(src), free(dst), free(diff_dst), free(diff_src), free(want), free(want_diff), free(workspace);
}

static void check_resampling(int64_t h, int64_t w, int64_t oh, int64_t ow, int linear, int backward, int layout) {
  cdnn_tensor src = check_tensor(CDNN_PLAIN, 4, 2, 16, h, w, 1), dst = check_tensor(CDNN_PLAIN, 4, 2, 16, oh, ow, 1);
  cdnn_tensor from = backward ? dst : src, to = backward ? src : dst, asked_src = src, asked_dst = dst;
  asked_src.layout = asked_dst.layout = check_layouts[layout].src;
  float *values = check_random(check_count(&from), -1, 1), *have = malloc((size_t)check_count(&to) * 4);
  double *want = malloc((size_t)check_count(&to) * sizeof *want);
  check_resample(&src, &dst, linear, values, backward, want);
  cdnn_primitive *primitive;
  int status = cdnn_resampling_create(check_engine, backward ? CDNN_BACKWARD_DATA : CDNN_INFERENCE, linear, &asked_src,
                                      &asked_dst, &primitive);
  check_operand operands[] = {{backward ? CDNN_DIFF_DST : CDNN_SRC, CHECK_IN, from, values},
                              {backward ? CDNN_DIFF_SRC : CDNN_DST, CHECK_OUT, to, have}};
  if (status == 0)
    status = check_run(primitive, operands, 2);
  char name[160];
  snprintf(name, sizeof name, "%s %dx%d to %dx%d%s, %s (%s)", linear ? "linear" : "nearest", (int)h, (int)w, (int)oh,
           (int)ow, backward ? " backwards" : "", check_layouts[layout].name,
           status == 0 ? cdnn_primitive_implementation(primitive) : cdnn_status_name(status));
  check_case("cdnn_resampling_create", name, status == 0 ? check_error(have, want, check_count(&to)) : 1e30, 2e-6);
  cdnn_primitive_destroy(primitive);
  free(values), free(have), free(want);
}

void check_poolings(void) {
  static const check_shape pools[] = {
      {"2x2", 2, 16, 8, 10, 16, {2, 2}, 1, 2, 1, {0, 0}, {0, 0}},
      {"3x3 with padding", 1, 16, 9, 11, 16, {3, 3}, 1, 2, 1, {1, 1}, {1, 1}},
      {"3x2 of odd channels", 2, 5, 7, 6, 5, {3, 2}, 1, 1, 1, {1, 0}, {0, 1}},
      {"all", 2, 24, 7, 5, 24, {7, 5}, 1, 1, 1, {0, 0}, {0, 0}},
  };
  static const int pool_layouts[] = {CHECK_PLAIN, CHECK_BLOCKED_8, CHECK_BLOCKED_16, CHECK_CHANNELS_LAST};
  for (int i = 0; i < CHECK_COUNT(pools); i++)
    for (int algorithm = CDNN_MAX; algorithm <= CDNN_AVERAGE_WITH_PADDING; algorithm++)
      for (int layout = 0; layout < CHECK_COUNT(pool_layouts); layout++)
        check_pooling(&pools[i], algorithm, pool_layouts[layout]);

  static const int64_t sizes[][4] = {{4, 5, 8, 10}, {7, 9, 5, 4}, {6, 6, 9, 15}, {3, 4, 3, 4}};
  for (int i = 0; i < CHECK_COUNT(sizes); i++)
    for (int way = 0; way < 4; way++)
      for (int layout = 0; layout < CHECK_COUNT(pool_layouts); layout++)
        check_resampling(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], way & 1, way >> 1, pool_layouts[layout]);
}
