/* What only AVX-512 with VNNI can do. */
#pragma once
#include "winograd.h"

#define WIDE_PIXELS 14 /* of one inner kernel: with two panels 28 sums; two weights and a factor leave one register */
#define WIDE_CHUNK (8 * WIDE_PIXELS) /* pixels that one piece of work has at most */

static inline int64_t wide_scratch(const cquantized_convolution *job) {
  /* A pointer for each pixel and each run of its window, and a pixel that is outside. */
  return (WIDE_CHUNK * job->kernel_height * runs(job) * (int64_t)sizeof(void *) + job->stride + 4 + 63) / 64 * 64;
}

/* Winograd: tiles that are transformed before any of them is multiplied. Where there are few, all, and threads share the
 * output channels; else as many as one inner kernel takes, since all weights are in the second-level cache or stream. */
static inline int64_t wide_chunks(const cquantized_convolution *job) {
  const int64_t strips = (job->batch * across(job) * down(job) + WIDE_PIXELS - 1) / WIDE_PIXELS;
  return strips < 4 ? 1 : strips;
}

static inline int64_t wide_winograd_scratch(const cquantized_convolution *job) {
  const int64_t tiles = job->batch * across(job) * down(job), chunks = wide_chunks(job);
  const int64_t chunk = (tiles + chunks - 1) / chunks;
  return (POINTS * chunk * (2 * job->stride + 2 * 4 * PANEL) + job->stride + 63) / 64 * 64;
}

void cquantized_wide_part(cquantized_convolution *job, int index);
void cquantized_wide_winograd_part(cquantized_convolution *job, int index);
