/* Compares every function of CDNN with plain loops; `bench` as argument times convolutions instead. */
#include "check.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_GUARD 64

cdnn_engine *check_engine;
cdnn_stream *check_stream;

static struct {
  const char *function;
  int cases, failures;
  double worst;
} lines[64];
static int line_count;

void check_case(const char *function, const char *name, double error, double tolerance) {
  int at = 0;
  while (at < line_count && strcmp(lines[at].function, function) != 0)
    at++;
  if (at == line_count)
    lines[line_count++].function = function;
  lines[at].cases++;
  /* Written so that a NaN fails. */
  if (!(error <= tolerance)) {
    lines[at].failures++;
    printf("FAIL  %s: %s: error %g, allowed %g\n", function, name, error, tolerance);
  } else if (error > lines[at].worst)
    lines[at].worst = error;
}

double check_error(const float *have, const double *want, int64_t count) {
  double worst = 0;
  for (int64_t i = 0; i < count; i++) {
    double error = fabs(have[i] - want[i]) / (1 + fabs(want[i]));
    if (!(error <= worst))
      worst = error;
    if (isnan(worst))
      break;
  }
  return worst;
}

float *check_random(int64_t count, float low, float high) {
  static uint64_t state = 42;
  float *values = malloc((size_t)count * sizeof *values);
  for (int64_t i = 0; i < count; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    values[i] = low + (high - low) * (float)(state >> 40) * 0x1p-24f;
  }
  return values;
}

cdnn_tensor check_tensor(int layout, int rank, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e) {
  return (cdnn_tensor){.rank = rank, .layout = layout, .dims = {a, b, c, d, e}};
}

int64_t check_count(const cdnn_tensor *tensor) {
  int64_t count = 1;
  for (int axis = 0; axis < tensor->rank; axis++)
    count *= tensor->dims[axis];
  return count;
}

static unsigned char *guarded(size_t bytes) {
  unsigned char *memory = aligned_alloc(64, (bytes + CHECK_GUARD + 63) / 64 * 64);
  memset(memory, 0xff, bytes); /* all ones are a NaN */
  memset(memory + bytes, 0xa5, CHECK_GUARD);
  return memory;
}

static int intact(const unsigned char *memory, size_t bytes) {
  for (size_t i = 0; i < CHECK_GUARD; i++)
    if (memory[bytes + i] != 0xa5)
      return 0;
  return 1;
}

static int reorder(const cdnn_tensor *src, const cdnn_tensor *dst, void *from, void *to) {
  cdnn_primitive *primitive;
  int status = cdnn_reorder_create(check_engine, src, dst, &primitive);
  if (status != 0)
    return status;
  void *pointers[CDNN_ARGUMENTS] = {0};
  pointers[CDNN_SRC] = from;
  pointers[CDNN_DST] = to;
  pointers[CDNN_SCRATCHPAD] = guarded(cdnn_primitive_bytes(primitive, CDNN_SCRATCHPAD));
  status = cdnn_primitive_run(primitive, check_stream, pointers);
  free(pointers[CDNN_SCRATCHPAD]);
  cdnn_primitive_destroy(primitive);
  return status;
}

int check_run(cdnn_primitive *primitive, check_operand *operands, int count) {
  void *pointers[CDNN_ARGUMENTS] = {0};
  unsigned char *owned[CDNN_ARGUMENTS] = {0};
  size_t bytes[CDNN_ARGUMENTS];
  int status = 0;
  for (int argument = 0; argument < CDNN_ARGUMENTS; argument++) {
    bytes[argument] = cdnn_primitive_bytes(primitive, argument);
    if (bytes[argument] > 0)
      pointers[argument] = owned[argument] = guarded(bytes[argument]);
  }
  for (int i = 0; i < count && status == 0; i++) {
    int argument = operands[i].argument;
    cdnn_tensor chosen = {.layout = CDNN_FROM, .from = primitive, .from_argument = argument};
    if (bytes[argument] == 0)
      status = -1;
    else if (operands[i].tensor.rank == 0)
      pointers[argument] = operands[i].values;
    else if (operands[i].role != CHECK_OUT)
      status = reorder(&operands[i].tensor, &chosen, operands[i].values, pointers[argument]);
  }
  if (status == 0)
    status = cdnn_primitive_run(primitive, check_stream, pointers);
  for (int i = 0; i < count && status == 0; i++) {
    int argument = operands[i].argument;
    cdnn_tensor chosen = {.layout = CDNN_FROM, .from = primitive, .from_argument = argument};
    if (operands[i].tensor.rank > 0 && operands[i].role != CHECK_IN)
      status = reorder(&chosen, &operands[i].tensor, pointers[argument], operands[i].values);
  }
  for (int argument = 0; argument < CDNN_ARGUMENTS; argument++) {
    if (owned[argument] && !intact(owned[argument], bytes[argument]))
      status = -1;
    free(owned[argument]);
  }
  return status;
}

int main(int count, char **arguments) {
  if (cdnn_engine_create(&check_engine) != 0 || cdnn_stream_create(check_engine, &check_stream) != 0) {
    printf("oneDNN does not start\n");
    return 2;
  }
  if (count > 1 && strcmp(arguments[1], "bench") == 0)
    return check_bench();
  int major, minor, patch;
  cdnn_version(&major, &minor, &patch);
  printf("oneDNN %d.%d.%d, %s, %d threads\n", major, minor, patch, cdnn_isa_name(), cdnn_get_threads());
  check_library();
  check_convolutions();
  check_poolings();
  check_pointwise();
  check_products();
  cdnn_stream_destroy(check_stream);
  cdnn_engine_destroy(check_engine);
  cdnn_stream_destroy(NULL);
  cdnn_engine_destroy(NULL);
  int failures = 0;
  for (int i = 0; i < line_count; i++) {
    printf("%s  %-30s %4d cases, largest error %.1e\n", lines[i].failures ? "FAIL" : "pass", lines[i].function,
           lines[i].cases, lines[i].worst);
    failures += lines[i].failures;
  }
  if (failures)
    printf("%d cases fail\n", failures);
  else
    printf("all pass\n");
  return failures != 0;
}
