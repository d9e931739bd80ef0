/* Where a convolution finds its bytes, and how threads share it. */
#pragma once
#include "cquantized.h"
#include <string.h>

#define PANEL 16 /* output channels of one inner kernel */
#define BLOCK (PANEL * 4) /* bytes: the 16 outputs' weights for one step of four bytes */
#define UNITS 8           /* pieces of work at least, so that threads end together */
#define UNROLLED _Pragma("clang loop unroll(full)")

/* Hands out [*first, *last) of `count` pieces of work, `size` at a time; 0 when there is none left. */
static inline int take(int64_t *next, int64_t size, int64_t count, int64_t *first, int64_t *last) {
  *first = __atomic_fetch_add(next, size, __ATOMIC_RELAXED);
  if (*first >= count)
    return 0;
  *last = *first + size < count ? *first + size : count;
  return 1;
}

/* Whether pixels are so small that whole rows of a window are read at once. */
static inline int is_narrow(const cquantized_convolution *job) { return job->stride % 16 != 0; }

/* Bytes that lie side by side in one row of a window, and how many such runs a row has. */
static inline int is_whole(const cquantized_convolution *job) {
  return job->dilation_x == 1 && job->stride == job->channels && (!job->is_wide || job->is_tiled || is_narrow(job));
}
static inline int64_t run_bytes(const cquantized_convolution *job) {
  return is_whole(job) ? job->kernel_width * job->channels : job->channels;
}
static inline int64_t runs(const cquantized_convolution *job) { return is_whole(job) ? 1 : job->kernel_width; }
static inline int64_t run_steps(const cquantized_convolution *job) { return (run_bytes(job) + 3) / 4; }

/* The input with its edges. */
static inline int64_t padded_width(const cquantized_convolution *job) {
  const int64_t reach = (job->output_width - 1) * job->stride_x + (job->kernel_width - 1) * job->dilation_x + 1;
  return reach > job->pad_left + job->width ? reach : job->pad_left + job->width;
}
static inline int64_t padded_height(const cquantized_convolution *job) {
  const int64_t reach = (job->output_height - 1) * job->stride_y + (job->kernel_height - 1) * job->dilation_y + 1;
  return reach > job->pad_top + job->height ? reach : job->pad_top + job->height;
}
