#include "cwinograd.h"
#include <stddef.h>

#define POINTS 36 /* a tile of 6x6 */

int cwinograd_least_tiles(int block) {
#if defined(__x86_64__)
  /* Intel's multiply twice as many numbers in a cycle as others do, and fetch them no sooner. */
  if (block == 16 && __builtin_cpu_is("intel"))
    return 20;
#endif
  return 12;
}

int64_t cwinograd_tiles(const cwinograd_geometry *g) {
  return g->batch * ((g->output_height + 3) / 4) * ((g->output_width + 3) / 4);
}

int64_t cwinograd_weight_count(const cwinograd_geometry *g) {
  return POINTS * g->block * g->block * g->input_blocks * g->output_blocks;
}

/* Transformed weights lie as [point][pair of output blocks][input channel][two blocks or a last single one]. */
static int64_t weight_offset(const cwinograd_geometry *g, int64_t point, int64_t output, int64_t input) {
  const int64_t inputs = g->input_blocks * g->block, outputs = g->output_blocks * g->block;
  const int64_t pair = output / (2 * g->block) * (2 * g->block);
  const int64_t width = outputs - pair >= 2 * g->block ? 2 * g->block : g->block;
  return point * inputs * outputs + pair * inputs + input * width + output - pair;
}

void cwinograd_transform(const cwinograd_geometry *g, const float *weights, int64_t inputs, int64_t outputs,
                         float *transformed) {
  static const double G[6][3] = {{1.0 / 4, 0, 0},
                                 {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                 {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                 {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                 {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                 {0, 0, 1}};
  for (int64_t output = 0; output < outputs; output++)
    for (int64_t input = 0; input < inputs; input++) {
      const float *w = weights + (output * inputs + input) * 9;
      double half[6][3];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 3; j++)
          half[i][j] = G[i][0] * w[j] + G[i][1] * w[3 + j] + G[i][2] * w[6 + j];
      for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
          transformed[weight_offset(g, i * 6 + j, output, input)] =
              (float)(half[i][0] * G[j][0] + half[i][1] * G[j][1] + half[i][2] * G[j][2]);
    }
}

#if defined(__x86_64__)

#define BLOCK 8
#define FEATURES "avx2,fma"
#include "winograd_blocks.h"
#define BLOCK 16
#define FEATURES "avx512f,avx512vl,avx512bw,avx512dq"
#include "winograd_blocks.h"

int cwinograd_supports(int block) {
  return block == 8    ? __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
         : block == 16 ? __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
                       : 0;
}

void cwinograd_run(const cwinograd_geometry *g, const float *x, const float *transformed, const float *bias, float *y,
                   int accumulate, float slope, int64_t first, int64_t last, int64_t first_block, int64_t last_block,
                   float *scratch) {
  (g->block == 16 ? run_16 : run_8)(g, x, transformed, bias, y, accumulate, slope, first, last, first_block,
                                    last_block, scratch);
}

#else

int cwinograd_supports(int block) { return (void)block, 0; }

void cwinograd_run(const cwinograd_geometry *g, const float *x, const float *transformed, const float *bias, float *y,
                   int accumulate, float slope, int64_t first, int64_t last, int64_t first_block, int64_t last_block,
                   float *scratch) {
  (void)g, (void)x, (void)transformed, (void)bias, (void)y, (void)accumulate, (void)slope;
  (void)first, (void)last, (void)first_block, (void)last_block, (void)scratch;
}

#endif
