/* How Winograd's convolution sees images: as tiles of 4x4 results, each from 6x6 pixels, which become 36 points. */
#pragma once
#include "geometry.h"

#define POINTS 36

static inline int64_t across(const cquantized_convolution *job) { return (job->output_width + 3) / 4; }
static inline int64_t down(const cquantized_convolution *job) { return (job->output_height + 3) / 4; }

/* Where the 36 pixels of a tile are; `outside` for those beyond the edges. */
static inline void locate_tile(const cquantized_convolution *job, int64_t tile, const uint8_t *outside,
                   const uint8_t *pixels[POINTS]) {
  const int64_t image = tile / (across(job) * down(job)) * job->height;
  const int64_t top = tile / across(job) % down(job) * 4 - job->pad_top;
  const int64_t left = tile % across(job) * 4 - job->pad_left;
  for (int64_t y = top; y < top + 6; y++) {
    int64_t offset = ((image + y) * job->width + left) * job->stride;
    for (int64_t x = left; x < left + 6; x++, offset += job->stride)
      *pixels++ = y >= 0 && y < job->height && x >= 0 && x < job->width ? job->x + offset : outside;
  }
}
