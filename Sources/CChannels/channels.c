#include "cchannels.h"
#include <string.h>

#define LANES 16
#define PIECE (12 << 10) /* floats that a thread takes at once */

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))
#pragma clang diagnostic ignored "-Wpsabi"

typedef float lanes __attribute__((ext_vector_type(LANES)));

INLINE lanes load(const float *from) {
  lanes v;
  memcpy(&v, from, sizeof v);
  return v;
}
INLINE void store(float *to, lanes v) { memcpy(to, &v, sizeof v); }

static int64_t blocks(const cchannels_job *job) { return (job->channels + job->block - 1) / job->block; }

/* Pixels of a piece, and pieces of a plane: by the sizes alone. */
static int64_t piece_pixels(const cchannels_job *job) {
  int64_t pixels = PIECE / job->block;
  return pixels < 1 ? 1 : pixels;
}
static int64_t pieces(const cchannels_job *job) {
  int64_t size = piece_pixels(job);
  return (job->pixels + size - 1) / size;
}

static int take(int64_t *next, int64_t count, int64_t *item) {
  *item = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
  return *item < count;
}

int64_t cchannels_scratch(const cchannels_job *job) {
  return job->batch * blocks(job) * pieces(job) * job->block;
}

void cchannels_start(cchannels_job *job) { job->next = 0; }

/* The sum over the pixels of `count` times LANES channels that lie side by side. */
INLINE void sum_lanes(const int count, const float *x, int64_t stride, int64_t pixels, float *sums) {
  lanes sum[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++)
    sum[i] = (lanes)0;
  for (int64_t p = 0; p < pixels; p++, x += stride)
#pragma clang loop unroll(full)
    for (int i = 0; i < count; i++)
      sum[i] += load(x + i * LANES);
#pragma clang loop unroll(full)
  for (int i = 0; i < count; i++)
    store(sums + i * LANES, sum[i]);
}

INLINE void sum_block(const float *x, int64_t block, int64_t pixels, float *sums) {
  int64_t lane = 0;
  for (; lane + 4 * LANES <= block; lane += 4 * LANES)
    sum_lanes(4, x + lane, block, pixels, sums + lane);
  for (; lane + LANES <= block; lane += LANES)
    sum_lanes(1, x + lane, block, pixels, sums + lane);
  for (; lane < block; lane++) {
    float sum = 0;
    for (int64_t p = 0; p < pixels; p++)
      sum += x[p * block + lane];
    sums[lane] = sum;
  }
}

CLONES static void sum_piece(const float *x, int64_t block, int64_t pixels, float *sums) {
  sum_block(x, block, pixels, sums);
}

void cchannels_sums_part(void *context, int index) {
  (void)index;
  cchannels_job *job = context;
  const int64_t count = pieces(job), size = piece_pixels(job);
  int64_t item;
  while (take(&job->next, job->batch * blocks(job) * count, &item)) {
    const int64_t first = item % count * size;
    const int64_t pixels = job->pixels - first < size ? job->pixels - first : size;
    sum_piece(job->x + (item / count * job->pixels + first) * job->block, job->block, pixels,
              job->scratch + item * job->block);
  }
}

void cchannels_means_part(void *context, int index) {
  (void)index;
  cchannels_job *job = context;
  const int64_t count = pieces(job), planes = blocks(job);
  int64_t plane;
  while (take(&job->next, job->batch * planes, &plane)) {
    const int64_t channel = plane % planes * job->block;
    const int64_t used = job->channels - channel < job->block ? job->channels - channel : job->block;
    const float *sums = job->scratch + plane * count * job->block;
    float *y = job->y + plane / planes * job->channels + channel;
    for (int64_t lane = 0; lane < used; lane++) {
      float sum = sums[lane];
      for (int64_t piece = 1; piece < count; piece++)
        sum += sums[piece * job->block + lane];
      y[lane] = sum / (float)job->pixels;
    }
  }
}

INLINE void gate_block(const float *x, const float *gates, int64_t block, int64_t pixels, float *y) {
  if (block == LANES) {
    const lanes gate = load(gates);
    for (int64_t p = 0; p < pixels; p++)
      store(y + p * LANES, load(x + p * LANES) * gate);
    return;
  }
  for (int64_t p = 0; p < pixels; p++, x += block, y += block) {
    int64_t lane = 0;
    for (; lane + LANES <= block; lane += LANES)
      store(y + lane, load(x + lane) * load(gates + lane));
    for (; lane < block; lane++)
      y[lane] = x[lane] * gates[lane];
  }
}

CLONES static void gate_piece(const float *x, const float *gates, int64_t block, int64_t pixels, float *y) {
  gate_block(x, gates, block, pixels, y);
}

void cchannels_gate_part(void *context, int index) {
  (void)index;
  cchannels_job *job = context;
  const int64_t count = pieces(job), size = piece_pixels(job), planes = blocks(job);
  int64_t item;
  while (take(&job->next, job->batch * planes * count, &item)) {
    const int64_t plane = item / count, channel = plane % planes * job->block, first = item % count * size;
    const int64_t used = job->channels - channel < job->block ? job->channels - channel : job->block;
    const int64_t pixels = job->pixels - first < size ? job->pixels - first : size;
    const int64_t offset = (plane * job->pixels + first) * job->block;
    const float *gates = job->gates + plane / planes * job->gate_stride + channel;
    float filled[LANES] = {0};
    /* Zeros beside the channels stay zeros. Only blocks of 8 or 16 channels can be short. */
    if (used < job->block) {
      memcpy(filled, gates, (size_t)used * sizeof(float));
      gates = filled;
    }
    gate_piece(job->x + offset, gates, job->block, pixels, job->y + offset);
  }
}
