/* What the layer tells of the library, of itself and of primitives, and what it refuses. */
#include "check.h"
#include <stdlib.h>
#include <string.h>

static void count_up(void *context, int index) { __atomic_add_fetch((int *)context + index, 1, __ATOMIC_SEQ_CST); }

static void check_true(const char *function, const char *name, int holds) {
  check_case(function, name, holds ? 0 : 1, 0);
}

static void check_statuses(void) {
  static const char *names[] = {"success", "out of memory", "invalid arguments", "not implemented"};
  for (int status = 0; status < 4; status++)
    check_true("cdnn_status_name", names[status], strcmp(cdnn_status_name(status), names[status]) == 0);
  check_true("cdnn_status_name", "no status", strcmp(cdnn_status_name(1000), "unexpected status") == 0);
}

static const check_shape dense = {"3x3", 2, 16, 8, 6, 32, {3, 3}, 1, 1, 1, {1, 1}, {1, 1}};

/* An error must leave no primitive behind, and be the same one whatever the version. */
static void check_refusals(void) {
  cdnn_window window = check_window(&dense);
  cdnn_tensor src = check_tensor(CDNN_PLAIN, 4, 2, 16, 8, 6, 1), dst = check_tensor(CDNN_PLAIN, 4, 2, 32, 8, 6, 1);
  cdnn_tensor weights = check_tensor(CDNN_ANY, 4, 32, 15, 3, 3, 1);
  cdnn_tensor flat = check_tensor(CDNN_BLOCKED_8, 2, 8, 8, 1, 1, 1);
  cdnn_primitive *primitive = (cdnn_primitive *)&window;
  int status = cdnn_convolution_create(check_engine, CDNN_INFERENCE, &src, &weights, NULL, &dst, &window, NULL, 0,
                                       &primitive);
  check_true("cdnn_convolution_create", "channels that do not fit", status == 2 && !primitive);
  primitive = (cdnn_primitive *)&window;
  status = cdnn_reorder_create(check_engine, &flat, &flat, &primitive);
  check_true("cdnn_reorder_create", "blocks of a matrix", status == 2 && !primitive);
  primitive = (cdnn_primitive *)&window;
  window.dilation[0] = 2;
  status = cdnn_pooling_create(check_engine, CDNN_INFERENCE, CDNN_MAX, &src, &src, &window, &primitive);
  check_true("cdnn_pooling_create", "dilated", status == 3 && !primitive);
  float numbers[4] = {0};
  check_true("cdnn_sgemm", "rows too short", cdnn_sgemm(0, 0, 2, 2, 2, 1, numbers, 1, numbers, 2, 0, numbers, 2) == 2);
}

/* Factors of bfloat16 with sums of single precision, forwards and for both gradients: the numbers are such that rounding
 * changes none, so that the results are those of single precision. */
static void check_halves(void) {
  if (!cdnn_has_bf16())
    return;
  static const check_mode modes[] = {CHECK_FORWARD, CHECK_BACKWARD_DATA, CHECK_BACKWARD_WEIGHTS};
  static const int directions[] = {CDNN_FORWARD, CDNN_BACKWARD_DATA, CDNN_BACKWARD_WEIGHTS};
  for (int i = 0; i < 3; i++) {
    cdnn_window window = check_window(&dense);
    check_tensors plain = check_tensors_of(&dense, 0), asked = check_laid_out(plain, CHECK_ANY);
    /* What is multiplied; what it sums up to stays single. */
    asked.src.type = directions[i] == CDNN_BACKWARD_DATA ? CDNN_F32 : CDNN_BF16;
    asked.weights.type = directions[i] == CDNN_BACKWARD_WEIGHTS ? CDNN_F32 : CDNN_BF16;
    asked.dst.type = directions[i] == CDNN_FORWARD ? CDNN_F32 : CDNN_BF16;
    cdnn_primitive *primitive = NULL;
    int status = cdnn_convolution_create(check_engine, directions[i], &asked.src, &asked.weights, NULL, &asked.dst,
                                         &window, NULL, 0, &primitive);
    if (status) {
      check_true("cdnn_convolution_create", "bfloat16", 0);
      continue;
    }
    float *values[3] = {check_random(check_count(&plain.src), -8, 8), check_random(check_count(&plain.weights), -8, 8),
                        check_random(check_count(&plain.dst), -8, 8)};
    const int64_t counts[3] = {check_count(&plain.src), check_count(&plain.weights), check_count(&plain.dst)};
    for (int k = 0; k < 3; k++)
      for (int64_t j = 0; j < counts[k]; j++)
        values[k][j] = (float)(int)values[k][j];
    const int wanted = i == 0 ? 2 : i - 1; /* of values: what is computed */
    double *expected = malloc((size_t)counts[wanted] * sizeof *expected);
    check_convolve(&dense, modes[i], values[i == 1 ? 2 : 0], values[i == 2 ? 2 : 1], expected);
    const int arguments[3][3] = {{CDNN_SRC, CDNN_WEIGHTS, CDNN_DST},
                                 {CDNN_DIFF_SRC, CDNN_WEIGHTS, CDNN_DIFF_DST},
                                 {CDNN_SRC, CDNN_DIFF_WEIGHTS, CDNN_DIFF_DST}};
    const cdnn_tensor tensors[3] = {plain.src, plain.weights, plain.dst};
    check_operand operands[3];
    for (int k = 0; k < 3; k++)
      operands[k] = (check_operand){arguments[i][k], k == wanted ? CHECK_OUT : CHECK_IN, tensors[k], values[k]};
    status = check_run(primitive, operands, 3);
    check_case("cdnn_convolution_create", "bfloat16",
               status ? 1 : check_error(values[wanted], expected, counts[wanted]), 1e-5);
    free(expected);
    for (int k = 0; k < 3; k++)
      free(values[k]);
    cdnn_primitive_destroy(primitive);
  }
}

static void check_bf16(void) {
  cdnn_window window = check_window(&dense);
  cdnn_tensor src = check_tensor(CDNN_PLAIN, 4, 2, 16, 8, 6, 1), dst = check_tensor(CDNN_PLAIN, 4, 2, 32, 8, 6, 1);
  cdnn_tensor weights = check_tensor(CDNN_ANY, 4, 32, 16, 3, 3, 1);
  for (int allows = 1; allows >= 0; allows--) {
    cdnn_engine_allow_bf16(check_engine, allows);
    for (int direction = CDNN_FORWARD; direction <= CDNN_BACKWARD_WEIGHTS; direction++) {
      cdnn_primitive *primitive;
      int status =
          cdnn_convolution_create(check_engine, direction, &src, &weights, NULL, &dst, &window, NULL, 0, &primitive);
      check_true("cdnn_engine_allow_bf16", allows ? "reaches convolutions" : "leaves convolutions alone",
                 status == 0 && cdnn_primitive_allows_bf16(primitive) == allows);
      cdnn_primitive_destroy(primitive);
    }
    cdnn_primitive *primitive;
    int status = cdnn_elementwise_create(check_engine, CDNN_INFERENCE, CDNN_TANH, &src, 0, 0, &primitive);
    check_true("cdnn_engine_allow_bf16", "leaves functions alone",
               status == 0 && !cdnn_primitive_allows_bf16(primitive));
    cdnn_primitive_destroy(primitive);
  }
}

static void check_arguments(void) {
  cdnn_window window = check_window(&dense);
  cdnn_tensor src = check_tensor(CDNN_PLAIN, 4, 2, 16, 8, 6, 1), dst = check_tensor(CDNN_PLAIN, 4, 2, 32, 8, 6, 1);
  cdnn_tensor weights = check_tensor(CDNN_PLAIN, 4, 32, 16, 3, 3, 1);
  cdnn_tensor bias = check_tensor(CDNN_PLAIN, 1, 32, 1, 1, 1, 1);
  cdnn_tensor flat = check_tensor(CDNN_BLOCKED_8, 2, 8, 8, 1, 1, 1), blocked = src, smaller = src;
  blocked.layout = CDNN_BLOCKED_8;
  smaller.dims[0] = 1;
  for (int with_bias = 0; with_bias < 2; with_bias++) {
    cdnn_primitive *primitive;
    int status = cdnn_convolution_create(check_engine, CDNN_INFERENCE, &src, &weights, with_bias ? &bias : NULL, &dst,
                                         &window, NULL, 0, &primitive);
    check_true("cdnn_primitive_implementation", "has a name",
               status == 0 && cdnn_primitive_implementation(primitive)[0] != 0);
    if (status != 0)
      return;
    static const int absent[] = {CDNN_WORKSPACE, CDNN_DIFF_SRC, CDNN_DIFF_WEIGHTS, CDNN_DIFF_BIAS,
                                 CDNN_DIFF_DST,  CDNN_SRC_1,    CDNN_ARGUMENTS,    -1};
    for (int i = 0; i < CHECK_COUNT(absent); i++) {
      check_true("cdnn_primitive_bytes", "absent", cdnn_primitive_bytes(primitive, absent[i]) == 0);
      check_true("cdnn_primitive_matches", "absent", cdnn_primitive_matches(primitive, absent[i], &src) == 0);
    }
    check_true("cdnn_primitive_bytes", "source", cdnn_primitive_bytes(primitive, CDNN_SRC) == 2 * 16 * 8 * 6 * 4);
    check_true("cdnn_primitive_bytes", "result", cdnn_primitive_bytes(primitive, CDNN_DST) == 2 * 32 * 8 * 6 * 4);
    check_true("cdnn_primitive_bytes", "weights", cdnn_primitive_bytes(primitive, CDNN_WEIGHTS) == 32 * 16 * 9 * 4);
    check_true("cdnn_primitive_bytes", "bias", cdnn_primitive_bytes(primitive, CDNN_BIAS) == (with_bias ? 32 * 4 : 0));
    cdnn_tensor own = {.layout = CDNN_FROM, .from = primitive, .from_argument = CDNN_SRC};
    check_true("cdnn_primitive_matches", "plain", cdnn_primitive_matches(primitive, CDNN_SRC, &src) == 1);
    check_true("cdnn_primitive_matches", "itself", cdnn_primitive_matches(primitive, CDNN_SRC, &own) == 1);
    check_true("cdnn_primitive_matches", "blocked", cdnn_primitive_matches(primitive, CDNN_SRC, &blocked) == 0);
    check_true("cdnn_primitive_matches", "other sizes", cdnn_primitive_matches(primitive, CDNN_SRC, &smaller) == 0);
    check_true("cdnn_primitive_matches", "impossible", cdnn_primitive_matches(primitive, CDNN_SRC, &flat) == 0);
    own.from_argument = CDNN_DIFF_SRC;
    check_true("cdnn_primitive_matches", "from absent", cdnn_primitive_matches(primitive, CDNN_SRC, &own) == 0);
    cdnn_primitive_destroy(primitive);
  }
  cdnn_primitive_destroy(NULL);
}

/* The same primitive on other memory each time, as tensors come and go. */
static void check_runs(void) {
  cdnn_tensor data = check_tensor(CDNN_PLAIN, 1, 100, 1, 1, 1, 1);
  cdnn_primitive *primitive;
  int status = cdnn_elementwise_create(check_engine, CDNN_INFERENCE, CDNN_LINEAR, &data, 2, 1, &primitive);
  for (int run = 0; run < 3 && status == 0; run++) {
    float *x = check_random(100, -1, 1), y[100];
    double want[100];
    for (int i = 0; i < 100; i++)
      want[i] = 2 * x[i] + 1;
    void *pointers[CDNN_ARGUMENTS] = {[CDNN_SRC] = x, [CDNN_DST] = y};
    pointers[CDNN_SCRATCHPAD] = malloc(cdnn_primitive_bytes(primitive, CDNN_SCRATCHPAD) + 1);
    status = cdnn_primitive_run(primitive, check_stream, pointers);
    check_case("cdnn_primitive_run", "other memory", status == 0 ? check_error(y, want, 100) : 1e30, 1e-6);
    free(pointers[CDNN_SCRATCHPAD]), free(x);
  }
  check_true("cdnn_primitive_run", cdnn_status_name(status), status == 0);
  cdnn_primitive_destroy(primitive);
}

void check_library(void) {
  int major = 0, minor = -1, patch = -1;
  cdnn_version(&major, &minor, &patch);
  check_true("cdnn_version", "2 or 3", (major == 2 || major == 3) && minor >= 0 && patch >= 0);
  int width = cdnn_vector_width();
  const char *name = cdnn_isa_name();
  __builtin_cpu_init();
  int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  int possible = avx512 ? 16 : __builtin_cpu_supports("avx2") ? 8 : 4;
  /* ONEDNN_MAX_CPU_ISA may ask for less than the processor has. */
  check_true("cdnn_vector_width", "what the processor has",
             getenv("ONEDNN_MAX_CPU_ISA") ? width <= possible : width == possible);
  check_true("cdnn_isa_name", "names the width",
             strcmp(name, width == 16 ? "AVX-512" : width == 8 ? "AVX2" : "SSE4.1") == 0);

  int before = cdnn_get_threads();
  cdnn_set_threads(1);
  check_true("cdnn_set_threads", "one", cdnn_get_threads() == 1);
  cdnn_set_threads(3);
  /* Without OpenMP there is always 1. */
  check_true("cdnn_get_threads", "three, or one", cdnn_get_threads() == 3 || cdnn_get_threads() == 1);
  cdnn_set_threads(before);
  for (int threads = 1; threads <= 5; threads += 2) {
    int counts[5] = {0}, right = 1;
    cdnn_parallel(threads, count_up, counts);
    for (int i = 0; i < 5; i++)
      right &= counts[i] == (i < threads);
    check_true("cdnn_parallel", "each index once", right);
  }

  check_statuses();
  check_refusals();
  check_halves();
  check_bf16();
  check_arguments();
  check_runs();
  cdnn_engine *engine;
  cdnn_stream *stream;
  check_true("cdnn_engine_create", "a second one", cdnn_engine_create(&engine) == 0);
  check_true("cdnn_stream_create", "a second one", cdnn_stream_create(engine, &stream) == 0);
  cdnn_stream_destroy(stream);
  cdnn_engine_destroy(engine);
}
