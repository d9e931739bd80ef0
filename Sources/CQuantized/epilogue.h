/* From sums to bytes: what both kinds of convolution end with. */
#pragma once
#include "cquantized.h"
#include <string.h>

#define PANEL 16 /* output channels of one inner kernel */
#define ROWS 6   /* pixels or tiles of one inner kernel: 12 sums */
#define UNROLLED _Pragma("clang loop unroll(full)")

/* Hands out [*first, *last) of `count` pieces of work, `size` at a time; 0 when there is none left. */
static inline int take(int64_t *next, int64_t size, int64_t count, int64_t *first, int64_t *last) {
  *first = __atomic_fetch_add(next, size, __ATOMIC_RELAXED);
  if (*first >= count)
    return 0;
  *last = *first + size < count ? *first + size : count;
  return 1;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))

typedef struct {
  __m256 inverse, inner_inverse, inner_scale, residual_scale, low;
  __m256i zero, inner_zero, residual_zero;
} finish;

INLINE finish finish_of(const cquantized_convolution *job) {
  return (finish){
      .inverse = _mm256_set1_ps(1 / job->output_scale),
      .inner_inverse = _mm256_set1_ps(job->has_inner ? 1 / job->inner_scale : 0),
      .inner_scale = _mm256_set1_ps(job->inner_scale),
      .residual_scale = _mm256_set1_ps(job->residual_scale),
      .low = _mm256_set1_ps(job->low),
      .zero = _mm256_set1_epi32(job->output_zero_point),
      .inner_zero = _mm256_set1_epi32(job->inner_zero_point),
      .residual_zero = _mm256_set1_epi32(job->residual_zero_point),
  };
}

INLINE __m256i finished(__m256 value, const uint8_t *residual, int has_inner, const finish *f) {
  if (has_inner) {
    __m256i q = _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(value, f->inner_inverse)), f->inner_zero);
    q = _mm256_min_epi32(_mm256_max_epi32(q, _mm256_setzero_si256()), _mm256_set1_epi32(255));
    value = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q, f->inner_zero)), f->inner_scale);
  }
  if (residual) {
    __m256i r = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)residual));
    value = _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(r, f->residual_zero)), f->residual_scale, value);
  }
  value = _mm256_max_ps(value, f->low);
  return _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(value, f->inverse)), f->zero);
}

/* 16 values to 16 saturated bytes. */
INLINE void store_bytes(uint8_t *to, __m256 first, __m256 second, const uint8_t *residual, int has_inner,
                        const finish *f) {
  __m256i a = finished(first, residual, has_inner, f);
  __m256i b = finished(second, residual ? residual + 8 : NULL, has_inner, f);
  /* Packing works on halves: [a0-3 b0-3 | a4-7 b4-7]. */
  __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xD8);
  _mm_storeu_si128((__m128i *)to, _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}

#endif

/* The input with its edges. */
static inline int64_t padded_width(const cquantized_convolution *job) {
  int64_t reach = (job->output_width - 1) * job->stride_x + (job->kernel_width - 1) * job->dilation_x + 1;
  if (job->uses_winograd)
    reach = (job->output_width + 3) / 4 * 4 + 2;
  return reach > job->pad_left + job->width ? reach : job->pad_left + job->width;
}
static inline int64_t padded_height(const cquantized_convolution *job) {
  int64_t reach = (job->output_height - 1) * job->stride_y + (job->kernel_height - 1) * job->dilation_y + 1;
  if (job->uses_winograd)
    reach = (job->output_height + 3) / 4 * 4 + 2;
  return reach > job->pad_top + job->height ? reach : job->pad_top + job->height;
}
