#include "kernels.h"

#define WIDTH 64 /* columns of a piece of work */

void ctransformer_softmax_start(ctransformer_softmax *job) { job->next = 0; }

#if defined(__x86_64__)

/* Eight columns of `count` rows, `step` floats apart. */
INLINE void normalize(const float *x, float *y, int64_t count, int64_t step) {
  vector high = load(x);
  for (int64_t k = 1; k < count; k++) {
    vector value = load(x + k * step);
    high = select_lanes(value > high, value, high);
  }
  vector sum = all(0);
  for (int64_t k = 0; k < count; k++) {
    vector power = exponential(load(x + k * step) - high);
    store(y + k * step, power);
    sum += power;
  }
  vector factor = all(1) / sum;
  for (int64_t k = 0; k < count; k++)
    store(y + k * step, load(y + k * step) * factor);
}

TARGET void ctransformer_softmax_part(void *context, int index) {
  (void)index;
  ctransformer_softmax *job = context;
  const int64_t inner = job->inner, pieces = (inner + WIDTH - 1) / WIDTH;
  int64_t piece, end;
  while (take(&job->next, 1, job->outer * pieces, &piece, &end)) {
    const int64_t outer = piece / pieces * job->count * inner, first = piece % pieces * WIDTH;
    const int64_t last = first + WIDTH < inner ? first + WIDTH : inner;
    for (int64_t i = first; i < last; i += LANES) {
      /* The last eight columns may overlap those before: they come out the same. */
      const int64_t column = i + LANES <= inner ? i : inner - LANES;
      normalize(job->x + outer + column, job->y + outer + column, job->count, inner);
    }
  }
}

#else

void ctransformer_softmax_part(void *job, int index) { (void)job, (void)index; }

#endif
