/* Winograd's convolution of winograd.c with AVX-512 and VNNI: the same numbers. */
#include "epilogue512.h"
#include "wide.h"

#if defined(__x86_64__)

typedef int16_t words __attribute__((vector_size(64)));
typedef float floats __attribute__((vector_size(64)));

INLINE_WIDE void input_step(const words d[6], words t[6]) {
  words four1 = d[1] << 2, four2 = d[2] << 2;
  words even = d[4] - four2, odd = d[3] - four1;
  words even2 = d[4] - d[2], odd2 = (d[3] - d[1]) << 1;
  t[0] = (d[0] << 2) - four2 + even2;
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = even2 + odd2;
  t[4] = even2 - odd2;
  t[5] = four1 - (d[3] << 2) + (d[5] - d[3]);
}

/* 32 channels of one tile, or the first 16 of these as `mask` says; 36 points, `stride` apart. */
WIDE static void transform_input(const uint8_t *const pixels[POINTS], int64_t channel, __mmask32 mask, int zero_point,
                                 int16_t *v, int64_t stride) {
  words t[6][6];
  for (int i = 0; i < 6; i++) {
    words d[6];
    UNROLLED
    for (int j = 0; j < 6; j++)
      d[j] = (words)_mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, pixels[i * 6 + j] + channel));
    input_step(d, t[i]);
  }
  for (int j = 0; j < 6; j++) {
    words column[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]}, result[6];
    input_step(column, result);
    /* A constant is only seen by point (1, 1): all other rows of B come to nothing. */
    if (j == 1)
      result[1] -= (int16_t)(36 * zero_point);
    UNROLLED
    for (int i = 0; i < 6; i++)
      _mm512_mask_storeu_epi16(v + (i * 6 + j) * stride, mask, (__m512i)result[i]);
  }
}

/* In assembler, as the compiler would make two instructions of most of them: it takes latency for what matters. */
INLINE_WIDE __m512i add_products(__m512i sum, __m512i a, __m512i b) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
  return sum;
}

/* `rows` tiles by one or two panels over `pairs` pairs of channels. */
INLINE_WIDE void multiply(const int rows, const int panels, const int16_t *v, int64_t stride, const int16_t *u,
                          int64_t pairs, int32_t *m) {
  __m512i sums[WIDE_PIXELS][2];
  const int16_t *from[WIDE_PIXELS];
  UNROLLED
  for (int r = 0; r < rows; r++) {
    sums[r][0] = sums[r][1] = _mm512_setzero_si512();
    from[r] = v + r * stride;
  }
  for (int64_t pair = 0; pair < pairs; pair++, u += panels * 2 * PANEL) {
    const __m512i first = _mm512_loadu_si512(u), second = _mm512_loadu_si512(u + (panels - 1) * 2 * PANEL);
    UNROLLED
    for (int r = 0; r < rows; r++) {
      int32_t both;
      memcpy(&both, from[r] + pair * 2, 4);
      const __m512i factor = _mm512_set1_epi32(both);
      sums[r][0] = add_products(sums[r][0], factor, first);
      if (panels == 2)
        sums[r][1] = add_products(sums[r][1], factor, second);
    }
  }
  UNROLLED
  for (int r = 0; r < rows; r++) {
    _mm512_storeu_si512(m + r * panels * PANEL, sums[r][0]);
    if (panels == 2)
      _mm512_storeu_si512(m + r * panels * PANEL + PANEL, sums[r][1]);
  }
}

#define KERNEL(n)                                                                                                      \
  WIDE static void one_##n(const int16_t *v, int64_t stride, const int16_t *u, int64_t pairs, int32_t *m) {            \
    multiply(n, 1, v, stride, u, pairs, m);                                                                            \
  }                                                                                                                    \
  WIDE static void two_##n(const int16_t *v, int64_t stride, const int16_t *u, int64_t pairs, int32_t *m) {            \
    multiply(n, 2, v, stride, u, pairs, m);                                                                            \
  }
KERNEL(1) KERNEL(2) KERNEL(3) KERNEL(4) KERNEL(5) KERNEL(6) KERNEL(7)
KERNEL(8) KERNEL(9) KERNEL(10) KERNEL(11) KERNEL(12) KERNEL(13) KERNEL(14)

typedef void (*kernel)(const int16_t *, int64_t, const int16_t *, int64_t, int32_t *);
#define KERNELS(k) {k##1, k##2, k##3, k##4, k##5, k##6, k##7, k##8, k##9, k##10, k##11, k##12, k##13, k##14}
static const kernel kernels[2][WIDE_PIXELS] = {KERNELS(one_), KERNELS(two_)};

INLINE_WIDE floats all(float x) { return (floats)_mm512_set1_ps(x); }

INLINE_WIDE void output_step(const floats m[6], floats y[4]) {
  floats sum = m[1] + m[2], difference = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = all(0.75f) * (m[0] + sum2) + sum;
  y[1] = all(1.5f) * difference2 + difference;
  y[2] = all(3) * sum2 + sum;
  y[3] = all(3) * (difference2 + difference2 + m[5]) + difference;
}

/* 16 output channels of one tile: 36 sums, `stride` apart, to 16 pixels. */
WIDE static void finish_tile(const cquantized_convolution *job, const int32_t *m, int64_t stride, int64_t column,
                             int64_t tile, const wide_finish *f) {
  const int64_t n = tile / (across(job) * down(job));
  const int64_t top = tile / across(job) % down(job) * 4, left = tile % across(job) * 4;
  floats t[4][6];
  UNROLLED
  for (int j = 0; j < 6; j++) {
    floats points[6], result[4];
    UNROLLED
    for (int i = 0; i < 6; i++)
      points[i] = (floats)_mm512_cvtepi32_ps(_mm512_loadu_si512(m + (i * 6 + j) * stride));
    output_step(points, result);
    UNROLLED
    for (int i = 0; i < 4; i++)
      t[i][j] = result[i];
  }
  const __m512 scale = _mm512_mul_ps(_mm512_loadu_ps(job->scales + column), f->factor);
  const __m512 shift = _mm512_mul_ps(_mm512_loadu_ps(job->shifts + column), f->factor);
  const int64_t rows = job->output_height - top < 4 ? job->output_height - top : 4;
  const int64_t columns = job->output_width - left < 4 ? job->output_width - left : 4;
  UNROLLED
  for (int i = 0; i < 4; i++) {
    if (i >= rows)
      break;
    floats y[4];
    output_step(t[i], y);
    const int64_t pixel = (n * job->output_height + top + i) * job->output_width + left;
    uint8_t *to = job->y + pixel * job->output_stride + column;
    const uint8_t *residual = job->residual ? job->residual + pixel * job->residual_stride + column : NULL;
    __m512 values[4];
    const uint8_t *others[4];
    UNROLLED
    for (int j = 0; j < 4; j++) {
      values[j] = _mm512_fmadd_ps((__m512)y[j], scale, shift);
      /* The first stands for those that are beyond the edge. */
      others[j] = residual ? residual + (j < columns ? j : 0) * job->residual_stride : NULL;
    }
    const __m512i bytes = wide_bytes(values, others, f);
    _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(bytes));
    if (columns > 1)
      _mm_storeu_si128((__m128i *)(to + job->output_stride), _mm512_extracti32x4_epi32(bytes, 1));
    if (columns > 2)
      _mm_storeu_si128((__m128i *)(to + 2 * job->output_stride), _mm512_extracti32x4_epi32(bytes, 2));
    if (columns > 3)
      _mm_storeu_si128((__m128i *)(to + 3 * job->output_stride), _mm512_extracti32x4_epi32(bytes, 3));
  }
}

WIDE void cquantized_wide_winograd_part(cquantized_convolution *job, int index) {
  const wide_finish f = wide_finish_of(job);
  const int64_t channels = job->stride, panels = (job->outputs + PANEL - 1) / PANEL, pairs = (panels + 1) / 2;
  const int64_t tiles = job->batch * across(job) * down(job), chunks = wide_chunks(job);
  const int64_t most = (tiles + chunks - 1) / chunks;
  int32_t *m = (int32_t *)(job->scratch + index * wide_winograd_scratch(job));
  int16_t *v = (int16_t *)(m + POINTS * most * 2 * PANEL);
  uint8_t *outside = (uint8_t *)(v + POINTS * most * channels);
  memset(outside, job->zero_point, (size_t)channels);
  const int64_t groups = chunks > 1 ? 1 : pairs < UNITS ? pairs : UNITS;
  int64_t item, end, transformed = -1;
  while (take(&job->next, 1, chunks * groups, &item, &end)) {
    const int64_t chunk = item / groups, group = item % groups;
    const int64_t first = tiles * chunk / chunks, count = tiles * (chunk + 1) / chunks - first;
    /* Every thread transforms for itself what it multiplies. */
    for (int64_t tile = 0; tile < count && transformed != chunk; tile++) {
      const uint8_t *pixels[POINTS];
      locate_tile(job, first + tile, outside, pixels);
      for (int64_t channel = 0; channel < channels; channel += 32)
        transform_input(pixels, channel, channels - channel < 32 ? 0xFFFF : 0xFFFFFFFF, job->zero_point,
                        v + tile * channels + channel, most * channels);
    }
    transformed = chunk;
    const int64_t strips = (count + WIDE_PIXELS - 1) / WIDE_PIXELS;
    for (int64_t pair = pairs * group / groups; pair < pairs * (group + 1) / groups; pair++) {
      const int64_t mates = pair * 2 + 1 < panels ? 2 : 1, row = mates * PANEL;
      const int16_t *u = (const int16_t *)job->weights + pair * 2 * PANEL * POINTS * channels;
      for (int64_t point = 0; point < POINTS; point++, u += channels * row)
        for (int64_t strip = 0; strip < strips; strip++) {
          const int64_t from = count * strip / strips, to = count * (strip + 1) / strips;
          kernels[mates - 1][to - from - 1](v + (point * most + from) * channels, channels, u, channels / 2,
                                            m + (point * most + from) * row);
        }
      for (int64_t tile = 0; tile < count; tile++)
        for (int64_t i = 0; i < mates; i++)
          finish_tile(job, m + tile * row + i * PANEL, most * row, (pair * 2 + i) * PANEL, first + tile, &f);
    }
  }
}

#else

void cquantized_wide_winograd_part(cquantized_convolution *job, int index) { (void)job, (void)index; }

#endif
