/* 3x3 convolutions with stride 1 by Winograd's minimal filtering F(4x4, 3x3): 36 multiplications where the direct way
 * takes 144 (Lavin and Gray 2016, arXiv 1509.09308). Images in blocks of 8 channels, for AVX2 with FMA, or of
 * 16, for AVX-512.
 *
 * No allocation, no threads, no globals. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  int64_t block; /* channels of a block: 8 or 16; those beyond the last channel are zeros */
  int64_t batch;
  int64_t input_blocks, output_blocks;
  int64_t height, width;               /* of the input */
  int64_t output_height, output_width;
  int64_t pad_top, pad_left;
  int64_t chunk; /* tiles in flight: scratch is 36 * chunk * block * (input_blocks + output_blocks) floats */
} cwinograd_geometry;

/* Whether this processor can run it with blocks of so many channels. */
int cwinograd_supports(int block);

/* Tiles from which it is quicker than the definition where no cache holds the weights, which are four times as many:
 * fewer do not make up for the time that they take to come. */
int cwinograd_least_tiles(int block);

/* Tiles of 4x4 outputs in the whole batch. */
int64_t cwinograd_tiles(const cwinograd_geometry *geometry);

/* Floats of transformed weights. */
int64_t cwinograd_weight_count(const cwinograd_geometry *geometry);

/* Transforms weights [outputs][inputs][3][3] into `transformed`, which must be zero before. */
void cwinograd_transform(const cwinograd_geometry *geometry, const float *weights, int64_t inputs, int64_t outputs,
                         float *transformed);

/* Computes the tiles first ..< last of the output blocks first_block ..< last_block. `bias` has a number for
 * every channel of every output block; first_block is even. With `accumulate`, y is added to; then what is below zero is multiplied by `slope` (0 is ReLU, 1 nothing). */
void cwinograd_run(const cwinograd_geometry *geometry, const float *x, const float *transformed, const float *bias,
                   float *y, int accumulate, float slope, int64_t first, int64_t last, int64_t first_block,
                   int64_t last_block, float *scratch);

#ifdef __cplusplus
}
#endif
