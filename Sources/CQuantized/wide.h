/* What only AVX-512 with VNNI can do. */
#pragma once
#include "geometry.h"

#define WIDE_PIXELS 14 /* of one inner kernel: with two panels 28 sums; two weights and a factor leave one register */
#define WIDE_CHUNK (8 * WIDE_PIXELS) /* pixels that one piece of work has at most */

static inline int64_t wide_scratch(const cquantized_convolution *job) {
  /* A pointer for each pixel and each run of its window, and a pixel that is outside. */
  return (WIDE_CHUNK * job->kernel_height * runs(job) * (int64_t)sizeof(void *) + job->stride + 4 + 63) / 64 * 64;
}

void cquantized_wide_part(cquantized_convolution *job, int index);
void cquantized_wide_winograd_part(cquantized_convolution *job, int index);
