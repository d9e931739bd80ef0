/* From sums to bytes on AVX-512: what both kinds of convolution end with. The same steps as in epilogue.h. */
#pragma once
#include "geometry.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define INLINE_WIDE                                                                                                    \
  static inline __attribute__((always_inline, target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))

/* All in steps of the result's scale, so that a rounded sum needs nothing but its zero point. */
typedef struct {
  __m512 factor; /* what a real number is multiplied with first */
  __m512 inner_factor, residual_factor, constant;
  __m512i inner_low, inner_high;
  __m512i zero; /* 32 times */
  __m512i low;  /* 64 times */
  int has_inner;
} wide_finish;

INLINE_WIDE wide_finish wide_finish_of(const cquantized_convolution *job) {
  const float inverse = 1 / job->output_scale;
  return (wide_finish){
      .factor = _mm512_set1_ps(job->has_inner ? 1 / job->inner_scale : inverse),
      .inner_factor = _mm512_set1_ps(job->inner_scale * inverse),
      .residual_factor = _mm512_set1_ps(job->residual_scale * inverse),
      .constant = _mm512_set1_ps(-(float)job->residual_zero_point * job->residual_scale * inverse),
      .inner_low = _mm512_set1_epi32(-job->inner_zero_point),
      .inner_high = _mm512_set1_epi32(255 - job->inner_zero_point),
      .zero = _mm512_set1_epi16((int16_t)job->output_zero_point),
      .low = _mm512_set1_epi8((char)(job->rectifies ? job->output_zero_point : 0)),
      .has_inner = job->has_inner,
  };
}

/* Sixteen rounded results, before their zero point. */
INLINE_WIDE __m512i wide_rounded(__m512 value, const uint8_t *residual, const wide_finish *f) {
  if (f->has_inner) {
    __m512i q = _mm512_cvtps_epi32(value);
    q = _mm512_min_epi32(_mm512_max_epi32(q, f->inner_low), f->inner_high);
    value = _mm512_mul_ps(_mm512_cvtepi32_ps(q), f->inner_factor);
  }
  if (residual) {
    const __m512i r = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)residual));
    value = _mm512_add_ps(_mm512_fmadd_ps(_mm512_cvtepi32_ps(r), f->residual_factor, value), f->constant);
  }
  return _mm512_cvtps_epi32(value);
}

/* Four times 16 values to saturated bytes: one after the other. */
INLINE_WIDE __m512i wide_bytes(const __m512 values[4], const uint8_t *const residual[4], const wide_finish *f) {
  __m512i q[4];
  UNROLLED
  for (int i = 0; i < 4; i++)
    q[i] = wide_rounded(values[i], residual[i], f);
  /* Packing works on quarters: a quarter gets four bytes of each. */
  const __m512i first = _mm512_adds_epi16(_mm512_packs_epi32(q[0], q[1]), f->zero);
  const __m512i second = _mm512_adds_epi16(_mm512_packs_epi32(q[2], q[3]), f->zero);
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_max_epu8(_mm512_permutexvar_epi32(order, _mm512_packus_epi16(first, second)), f->low);
}

#endif
