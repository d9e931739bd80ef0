/* How AMX sees a convolution: results in tiles of up to 16 pixels of a row, sums in steps of up to 64 bytes of a window. */
#pragma once
#include "ctiles.h"
#include "geometry.h"

#define TILE_ROWS CTILES_ROWS
#define TILES_SCRATCH (4 * TILE_ROWS * BLOCK) /* bytes for each thread: the sums of four tiles */

typedef struct {
  int is_flat;    /* whether all results are one row, as with windows of one pixel */
  int64_t rows, width; /* rows of results, and their pixels */
  int64_t across; /* tiles in a row */
  int64_t pixels; /* of a tile; the last tile of a row shares some with the one before */
  int64_t depth;  /* tiles that a run of a window takes */
  int64_t steps;  /* of four bytes in each; those beyond the run have no weights */
} tiling;

/* `count` in as few pieces of up to 16 as can be, which are as equal as can be: how many, and their size. */
static inline int64_t pieces(int64_t count, int64_t *size) {
  const int64_t pieces = (count + TILE_ROWS - 1) / TILE_ROWS;
  *size = (count + pieces - 1) / pieces;
  return (count + *size - 1) / *size;
}

static inline tiling tiling_of(const cquantized_convolution *job) {
  tiling t;
  t.is_flat = job->kernel_height == 1 && job->kernel_width == 1 && job->stride_x == 1 && job->stride_y == 1 &&
              padded_width(job) == job->output_width && padded_height(job) == job->output_height;
  t.rows = t.is_flat ? 1 : job->batch * job->output_height;
  t.width = t.is_flat ? job->batch * job->output_height * job->output_width : job->output_width;
  t.across = pieces(t.width, &t.pixels);
  t.depth = pieces(run_steps(job), &t.steps);
  return t;
}

void cquantized_tiles_part(cquantized_convolution *job, int index);
