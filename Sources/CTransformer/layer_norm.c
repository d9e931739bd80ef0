#include "kernels.h"

void ctransformer_layer_norm_start(ctransformer_layer_norm *job) { job->next = 0; }

#if defined(__x86_64__)

INLINE float total(vector v) {
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++)
    sum += v[lane];
  return sum;
}

/* Two passes: squares of differences from the mean do not cancel. */
TARGET static void normalize(const ctransformer_layer_norm *job, const float *x, float *y) {
  const int64_t count = job->columns, whole = count / LANES * LANES;
  vector sums = all(0);
  for (int64_t i = 0; i < whole; i += LANES)
    sums += load(x + i);
  float sum = total(sums);
  for (int64_t i = whole; i < count; i++)
    sum += x[i];
  const float mean = sum / (float)count;
  vector squares = all(0);
  for (int64_t i = 0; i < whole; i += LANES) {
    vector d = load(x + i) - all(mean);
    squares += d * d;
  }
  float square = total(squares);
  for (int64_t i = whole; i < count; i++)
    square += (x[i] - mean) * (x[i] - mean);
  const float factor = 1 / __builtin_sqrtf(square / (float)count + job->epsilon);
  for (int64_t i = 0; i < whole; i += LANES)
    store(y + i, (load(x + i) - all(mean)) * all(factor) * load(job->scale + i) + load(job->shift + i));
  for (int64_t i = whole; i < count; i++)
    y[i] = (x[i] - mean) * factor * job->scale[i] + job->shift[i];
}

TARGET void ctransformer_layer_norm_part(void *context, int index) {
  (void)index;
  ctransformer_layer_norm *job = context;
  int64_t first, last;
  while (take(&job->next, 16, job->rows, &first, &last))
    for (int64_t row = first; row < last; row++)
      normalize(job, job->x + row * job->columns, job->y + row * job->columns);
}

#else

void ctransformer_layer_norm_part(void *job, int index) { (void)job, (void)index; }

#endif
