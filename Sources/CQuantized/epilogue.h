/* From sums to bytes on AVX2: what both kinds of convolution end with. */
#pragma once
#include "geometry.h"

/* Calls body(n) with the constant n = count. */
#define UP_TO_4(count, body)                                                                                           \
  switch (count) {                                                                                                     \
  case 4:                                                                                                              \
    body(4);                                                                                                           \
    break;                                                                                                             \
  case 3:                                                                                                              \
    body(3);                                                                                                           \
    break;                                                                                                             \
  case 2:                                                                                                              \
    body(2);                                                                                                           \
    break;                                                                                                             \
  default:                                                                                                             \
    body(1);                                                                                                           \
    break;                                                                                                             \
  }
#define UP_TO_6(count, body)                                                                                           \
  switch (count) {                                                                                                     \
  case 6:                                                                                                              \
    body(6);                                                                                                           \
    break;                                                                                                             \
  case 5:                                                                                                              \
    body(5);                                                                                                           \
    break;                                                                                                             \
  default:                                                                                                             \
    UP_TO_4(count, body)                                                                                               \
    break;                                                                                                             \
  }

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline, target("avx2,fma")))

/* All in steps of the result's scale, so that a rounded sum needs nothing but its zero point. */
typedef struct {
  __m256 factor; /* what a real number is multiplied with first */
  __m256 inner_factor, residual_factor, constant;
  __m256i inner_low, inner_high;
  __m256i zero; /* 16 times */
  __m256i low;  /* 32 times */
  int has_inner;
} finish;

INLINE finish finish_of(const cquantized_convolution *job) {
  const float inverse = 1 / job->output_scale;
  return (finish){
      .factor = _mm256_set1_ps(job->has_inner ? 1 / job->inner_scale : inverse),
      .inner_factor = _mm256_set1_ps(job->inner_scale * inverse),
      .residual_factor = _mm256_set1_ps(job->residual_scale * inverse),
      .constant = _mm256_set1_ps(-(float)job->residual_zero_point * job->residual_scale * inverse),
      .inner_low = _mm256_set1_epi32(-job->inner_zero_point),
      .inner_high = _mm256_set1_epi32(255 - job->inner_zero_point),
      .zero = _mm256_set1_epi16((int16_t)job->output_zero_point),
      .low = _mm256_set1_epi8((char)(job->rectifies ? job->output_zero_point : 0)),
      .has_inner = job->has_inner,
  };
}

/* Eight rounded results, before their zero point. */
INLINE __m256i rounded(__m256 value, const uint8_t *residual, const finish *f) {
  if (f->has_inner) {
    __m256i q = _mm256_cvtps_epi32(value);
    q = _mm256_min_epi32(_mm256_max_epi32(q, f->inner_low), f->inner_high);
    value = _mm256_mul_ps(_mm256_cvtepi32_ps(q), f->inner_factor);
  }
  if (residual) {
    __m256i r = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)residual));
    value = _mm256_add_ps(_mm256_fmadd_ps(_mm256_cvtepi32_ps(r), f->residual_factor, value), f->constant);
  }
  return _mm256_cvtps_epi32(value);
}

/* Two times 16 values to saturated bytes, each with its own residual. */
INLINE void store_bytes(uint8_t *to, uint8_t *other_to, const __m256 values[4], const uint8_t *residual,
                        const uint8_t *other_residual, const finish *f) {
  __m256i q[4];
  q[0] = rounded(values[0], residual, f);
  q[1] = rounded(values[1], residual ? residual + 8 : NULL, f);
  q[2] = rounded(values[2], other_residual, f);
  q[3] = rounded(values[3], other_residual ? other_residual + 8 : NULL, f);
  /* Packing works on halves: fours of bytes come out in the order 0 2 4 6 | 1 3 5 7. */
  const __m256i first = _mm256_adds_epi16(_mm256_packs_epi32(q[0], q[1]), f->zero);
  const __m256i second = _mm256_adds_epi16(_mm256_packs_epi32(q[2], q[3]), f->zero);
  __m256i bytes = _mm256_packus_epi16(first, second);
  bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  bytes = _mm256_max_epu8(bytes, f->low);
  _mm_storeu_si128((__m128i *)to, _mm256_castsi256_si128(bytes));
  _mm_storeu_si128((__m128i *)other_to, _mm256_extracti128_si256(bytes, 1));
}

#endif
