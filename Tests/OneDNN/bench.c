/* Times of convolutions as residual networks have them, one line each: name, tab, milliseconds. */
#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK_REPETITIONS 400

/* Processor time where there is one thread: what else the machine does disturbs it less. Several threads wait for each
 * other, and that takes processor time too. */
static double now(void) {
  struct timespec time;
  clock_gettime(cdnn_get_threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median of as many runs as fit into a third of a second. */
static double time_of(cdnn_primitive *primitive) {
  void *pointers[CDNN_ARGUMENTS] = {0};
  for (int argument = 0; argument < CDNN_ARGUMENTS; argument++) {
    size_t bytes = cdnn_primitive_bytes(primitive, argument);
    if (bytes == 0)
      continue;
    pointers[argument] = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(pointers[argument], 0, bytes);
  }
  double times[CHECK_REPETITIONS], stop = 0;
  int count = 0;
  for (int run = -3; count < CHECK_REPETITIONS && (run < 3 || now() < stop); run++) {
    double start = now();
    cdnn_primitive_run(primitive, check_stream, pointers);
    if (run == 0)
      stop = start + 333;
    if (run >= 0)
      times[count++] = now() - start;
  }
  for (int argument = 0; argument < CDNN_ARGUMENTS; argument++)
    free(pointers[argument]);
  qsort(times, (size_t)count, sizeof *times, ascending);
  return times[count / 2];
}

int check_bench(void) {
  static const struct {
    check_shape shape;
    int trains;
  } cases[] = {{{"1x64x56x56", 1, 64, 56, 56, 64, {3, 3}, 1, 1, 1, {1, 1}, {1, 1}}, 0},
               {{"1x256x14x14", 1, 256, 14, 14, 256, {3, 3}, 1, 1, 1, {1, 1}, {1, 1}}, 0},
               {{"32x64x32x32", 32, 64, 32, 32, 64, {3, 3}, 1, 1, 1, {1, 1}, {1, 1}}, 1}};
  static const char *directions[] = {"forward", "forward", "to data", "to weights"};
  /* Training fixes the layout, compiled graphs let oneDNN choose. */
  int blocked = cdnn_vector_width() == 16 ? CDNN_BLOCKED_16 : CDNN_BLOCKED_8;
  for (int i = 0; i < 3; i++)
    for (int chosen = 0; chosen < 2; chosen++)
      for (int direction = cases[i].trains ? CDNN_FORWARD : CDNN_INFERENCE;
           direction <= (cases[i].trains ? CDNN_BACKWARD_WEIGHTS : CDNN_INFERENCE); direction++) {
        if (cases[i].trains && direction == CDNN_INFERENCE)
          continue;
        const check_shape *s = &cases[i].shape;
        cdnn_tensor src = check_tensor(chosen ? CDNN_ANY : blocked, 4, s->n, s->c, s->h, s->w, 1);
        cdnn_tensor dst = check_tensor(src.layout, 4, s->n, s->k, s->h, s->w, 1);
        cdnn_tensor weights = check_tensor(CDNN_ANY, 4, s->k, s->c, 3, 3, 1);
        cdnn_window window = check_window(s);
        cdnn_primitive *primitive;
        if (cdnn_convolution_create(check_engine, direction, &src, &weights, NULL, &dst, &window, NULL, 0,
                                    &primitive) != 0)
          return 1;
        printf("%s %s, %s\t%.4f\t%s\n", s->name, directions[direction], chosen ? "any layout" : "blocked",
               time_of(primitive), cdnn_primitive_implementation(primitive));
        cdnn_primitive_destroy(primitive);
      }
  return 0;
}
