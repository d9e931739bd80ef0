/* Products of bfloat16 numbers with sums in single precision (AVX-512 BF16: two products a lane and instruction). */
#include "halves.h"

CLONES void ckernels_to_half(const float *x, uint16_t *y, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++)
    y[i] = (uint16_t)rounded(bits_of(x + i));
}

#define BLOCK 16 /* channels */

CLONES void ckernels_to_half_pixels(const float *x, int64_t channels, int64_t pixels, uint16_t *y, int64_t begin,
                                    int64_t end) {
  y += begin * channels;
  for (int64_t i = begin; i < end; i++) {
    const float *from = x + (i / pixels * channels * pixels + i % pixels * BLOCK);
    for (int64_t block = 0; block < channels / BLOCK; block++, from += pixels * BLOCK, y += BLOCK)
      for (int lane = 0; lane < BLOCK; lane++)
        y[lane] = (uint16_t)rounded(bits_of(from + lane));
  }
}

CLONES void ckernels_from_pixels(const float *x, int64_t channels, int64_t pixels, float *y, int adds, int64_t begin,
                                 int64_t end) {
  x += begin * channels;
  for (int64_t i = begin; i < end; i++) {
    float *to = y + (i / pixels * channels * pixels + i % pixels * BLOCK);
    for (int64_t block = 0; block < channels / BLOCK; block++, to += pixels * BLOCK, x += BLOCK)
      for (int lane = 0; lane < BLOCK; lane++)
        to[lane] = adds ? to[lane] + x[lane] : x[lane];
  }
}

CLONES void ckernels_to_half_pairs(const float *x, int64_t rows, int64_t width, uint32_t *y, int64_t begin,
                                   int64_t end) {
  for (int64_t pair = begin; pair < end; pair++) {
    const float *first = x + 2 * pair * width;
    uint32_t *to = y + pair * width;
    if (2 * pair + 1 < rows)
      for (int64_t j = 0; j < width; j++)
        to[j] = rounded(bits_of(first + j)) | rounded(bits_of(first + width + j)) << 16;
    else
      for (int64_t j = 0; j < width; j++)
        to[j] = rounded(bits_of(first + j));
  }
}

CLONES void ckernels_to_half_columns(const float *x, int64_t rows, int64_t width, uint32_t *y, int64_t begin,
                                     int64_t end) {
  for (int64_t pair = begin; pair < end; pair++)
    for (int64_t r = 0; r < rows; r++) {
      const float *from = x + r * width + 2 * pair;
      y[pair * rows + r] = rounded(bits_of(from)) | (2 * pair + 1 < width ? rounded(bits_of(from + 1)) << 16 : 0);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define FEATURES "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"
#define TARGET __attribute__((target(FEATURES)))
#define KERNEL static inline __attribute__((always_inline, target(FEATURES)))
#define LANES 16
#define DEPTH 192 /* pairs of two columns' vectors that stay in the first-level cache while all rows pass */
#define ROWS 12   /* with two vectors each their sums, two of b and a factor fill 27 of 32 registers */

int ckernels_has_half(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16");
}

KERNEL void tile(const int rows, const int vectors, const ckernels_half_product *p, const uint32_t *a,
                 const uint32_t *b, float *c, int64_t depth, int adds) {
  __m512 sum[ROWS][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      sum[r][v] = adds ? _mm512_loadu_ps(c + r * p->columns + v * LANES) : _mm512_setzero_ps();
  for (int64_t k = 0; k < depth; k++, a += p->a_pair, b += vectors * LANES) {
    __m512i right[2];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      right[v] = _mm512_load_si512(b + v * LANES);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      const __m512i left = _mm512_set1_epi32((int32_t)a[r * p->a_row]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++)
        sum[r][v] = _mm512_dpbf16_ps(sum[r][v], (__m512bh)left, (__m512bh)right[v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      _mm512_storeu_ps(c + r * p->columns + v * LANES, sum[r][v]);
}

/* Columns of b, side by side: where they are, rows of some lengths would evict each other from the first-level cache. */
KERNEL void panel(const int vectors, const ckernels_half_product *p, const uint32_t *a, const uint32_t *b, float *c,
                  int64_t rows, int64_t depth, int adds) {
  uint32_t near[DEPTH * 2 * LANES] __attribute__((aligned(64)));
  for (int64_t k = 0; k < depth; k++)
    memcpy(near + k * vectors * LANES, b + k * p->columns, (size_t)vectors * LANES * sizeof *near);
  int64_t r = 0;
  for (; r + ROWS <= rows; r += ROWS)
    tile(ROWS, vectors, p, a + r * p->a_row, near, c + r * p->columns, depth, adds);
  for (; r + 4 <= rows; r += 4)
    tile(4, vectors, p, a + r * p->a_row, near, c + r * p->columns, depth, adds);
  for (; r < rows; r++)
    tile(1, vectors, p, a + r * p->a_row, near, c + r * p->columns, depth, adds);
}

TARGET void ckernels_half_multiply(const ckernels_half_product *p, const uint32_t *a, const uint32_t *b, float *c,
                                   int64_t begin, int64_t end) {
  for (int64_t k = 0; k < p->pairs; k += DEPTH) {
    const int64_t depth = p->pairs - k < DEPTH ? p->pairs - k : DEPTH;
    const int adds = p->adds || k > 0;
    const uint32_t *left = a + begin * p->a_row + k * p->a_pair;
    int64_t j = 0;
    for (; j + 2 * LANES <= p->columns; j += 2 * LANES)
      panel(2, p, left, b + k * p->columns + j, c + begin * p->columns + j, end - begin, depth, adds);
    if (j < p->columns)
      panel(1, p, left, b + k * p->columns + j, c + begin * p->columns + j, end - begin, depth, adds);
  }
}

#else

int ckernels_has_half(void) { return 0; }

void ckernels_half_multiply(const ckernels_half_product *p, const uint32_t *a, const uint32_t *b, float *c,
                            int64_t begin, int64_t end) {
  (void)p, (void)a, (void)b, (void)c, (void)begin, (void)end;
}

#endif
