/* Convolutions by their definition with AVX-512 and VNNI. */
#include "epilogue512.h"
#include "wide.h"

#if defined(__x86_64__)

/* The image that windows lie in: the job's own, or the copy that has its edges filled up. */
typedef struct {
  const uint8_t *pixels, *outside;
  int64_t height, width, top, left;
} source;

static source source_of(const cquantized_convolution *job, const uint8_t *outside) {
  if (is_narrow(job))
    return (source){job->padded, outside, padded_height(job), padded_width(job), 0, 0};
  return (source){job->x, outside, job->height, job->width, job->pad_top, job->pad_left};
}

/* Where each run of the windows of pixels [first, last) begins: [run][pixel]. */
static void locate(const cquantized_convolution *job, const source *s, int64_t first, int64_t last,
                   const uint8_t **places) {
  const int64_t count = last - first, step = job->stride_x * job->stride;
  /* One row of results, or a part of it, after the other. */
  for (int64_t pixel = first; pixel < last;) {
    const int64_t row = pixel / job->output_width, start = pixel % job->output_width;
    const int64_t left = job->output_width - start, width = left < last - pixel ? left : last - pixel;
    const int64_t n = row / job->output_height, top = row % job->output_height * job->stride_y - s->top;
    const uint8_t **to = places + (pixel - first);
    for (int64_t ky = 0; ky < job->kernel_height; ky++) {
      const int64_t y = top + ky * job->dilation_y;
      for (int64_t run = 0; run < runs(job); run++, to += count) {
        const int64_t x = start * job->stride_x - s->left + run * job->dilation_x;
        /* Those before `inside` are to the left of the image, those from `outside` on to the right. */
        int64_t inside = x < 0 ? (job->stride_x - 1 - x) / job->stride_x : 0;
        int64_t outside = x < s->width ? (s->width - x + job->stride_x - 1) / job->stride_x : 0;
        if (y < 0 || y >= s->height)
          outside = 0;
        outside = outside < width ? outside : width;
        inside = inside < outside ? inside : outside;
        int64_t place = ((n * s->height + y) * s->width + x) * job->stride + inside * step, i = 0;
        for (; i < inside; i++)
          to[i] = s->outside;
        for (; i < outside; i++, place += step)
          to[i] = s->pixels + place;
        for (; i < width; i++)
          to[i] = s->outside;
      }
    }
    pixel += width;
  }
}

/* `places` is of the first run, the next run's are `count` on. */
INLINE_WIDE void strip(const int pixels, const int panels, const cquantized_convolution *job,
                       const uint8_t *const *places, int64_t count, int64_t pixel, int64_t panel,
                       const wide_finish *f) {
  __m512i sums[WIDE_PIXELS][2];
  const int64_t column = panel * PANEL, steps = run_steps(job), taps = job->kernel_height * runs(job);
  UNROLLED
  for (int p = 0; p < pixels; p++)
    UNROLLED
    for (int i = 0; i < panels; i++)
      sums[p][i] = _mm512_loadu_si512(job->bias + column + i * PANEL);
  const int8_t *w = (const int8_t *)job->weights + panel * taps * steps * BLOCK;
  for (int64_t tap = 0; tap < taps; tap++, places += count)
    for (int64_t step = 0; step < steps; step++, w += panels * BLOCK) {
      const __m512i first = _mm512_loadu_si512(w), second = _mm512_loadu_si512(w + (panels - 1) * BLOCK);
      UNROLLED
      for (int p = 0; p < pixels; p++) {
        int32_t bytes;
        memcpy(&bytes, places[p] + step * 4, 4);
        const __m512i factor = _mm512_set1_epi32(bytes);
        sums[p][0] = _mm512_dpbusd_epi32(sums[p][0], factor, first);
        if (panels == 2)
          sums[p][1] = _mm512_dpbusd_epi32(sums[p][1], factor, second);
      }
    }
  __m512 scales[2];
  UNROLLED
  for (int i = 0; i < panels; i++)
    scales[i] = _mm512_mul_ps(_mm512_loadu_ps(job->scales + column + i * PANEL), f->factor);
  const uint8_t *residual = job->residual ? job->residual + pixel * job->residual_stride + column : NULL;
  uint8_t *y = job->y + pixel * job->output_stride + column;
  /* Four vectors at a time become bytes: of four pixels, or of two pixels and two panels. */
  const int group = 4 / panels;
  UNROLLED
  for (int p = 0; p < pixels; p += group) {
    __m512 values[4];
    const uint8_t *others[4];
    UNROLLED
    for (int i = 0; i < 4; i++) {
      /* The last stands for those that are missing. */
      const int q = p + i / panels < pixels ? p + i / panels : pixels - 1;
      values[i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[q][i % panels]), scales[i % panels]);
      others[i] = residual ? residual + q * job->residual_stride + i % panels * PANEL : NULL;
    }
    const __m512i bytes = wide_bytes(values, others, f);
    if (panels == 2) {
      _mm256_storeu_si256((__m256i *)(y + p * job->output_stride), _mm512_castsi512_si256(bytes));
      if (p + 1 < pixels)
        _mm256_storeu_si256((__m256i *)(y + (p + 1) * job->output_stride), _mm512_extracti64x4_epi64(bytes, 1));
    } else {
      _mm_storeu_si128((__m128i *)(y + p * job->output_stride), _mm512_castsi512_si128(bytes));
      if (p + 1 < pixels)
        _mm_storeu_si128((__m128i *)(y + (p + 1) * job->output_stride), _mm512_extracti32x4_epi32(bytes, 1));
      if (p + 2 < pixels)
        _mm_storeu_si128((__m128i *)(y + (p + 2) * job->output_stride), _mm512_extracti32x4_epi32(bytes, 2));
      if (p + 3 < pixels)
        _mm_storeu_si128((__m128i *)(y + (p + 3) * job->output_stride), _mm512_extracti32x4_epi32(bytes, 3));
    }
  }
}

#define KERNEL(n)                                                                                                      \
  WIDE static void one_##n(const cquantized_convolution *job, const uint8_t *const *places, int64_t count,             \
                           int64_t pixel, int64_t panel, const wide_finish *f) {                                       \
    strip(n, 1, job, places, count, pixel, panel, f);                                                                  \
  }                                                                                                                    \
  WIDE static void two_##n(const cquantized_convolution *job, const uint8_t *const *places, int64_t count,             \
                           int64_t pixel, int64_t panel, const wide_finish *f) {                                       \
    strip(n, 2, job, places, count, pixel, panel, f);                                                                  \
  }
KERNEL(1) KERNEL(2) KERNEL(3) KERNEL(4) KERNEL(5) KERNEL(6) KERNEL(7)
KERNEL(8) KERNEL(9) KERNEL(10) KERNEL(11) KERNEL(12) KERNEL(13) KERNEL(14)

typedef void (*kernel)(const cquantized_convolution *, const uint8_t *const *, int64_t, int64_t, int64_t,
                       const wide_finish *);
#define KERNELS(k) {k##1, k##2, k##3, k##4, k##5, k##6, k##7, k##8, k##9, k##10, k##11, k##12, k##13, k##14}
static const kernel kernels[2][WIDE_PIXELS] = {KERNELS(one_), KERNELS(two_)};

WIDE void cquantized_wide_part(cquantized_convolution *job, int index) {
  const wide_finish f = wide_finish_of(job);
  const int64_t panels = (job->outputs + PANEL - 1) / PANEL, pairs = (panels + 1) / 2;
  const int64_t count = job->batch * job->output_height * job->output_width;
  uint8_t *scratch = job->scratch + index * wide_scratch(job);
  const uint8_t **places = (const uint8_t **)scratch;
  uint8_t *outside = (uint8_t *)(places + WIDE_CHUNK * job->kernel_height * runs(job));
  memset(outside, job->zero_point, (size_t)job->stride + 4);
  const source s = source_of(job, outside);
  /* A unit of work is a chunk of pixels by a group of pairs of panels. */
  const int64_t chunks = (count + WIDE_CHUNK - 1) / WIDE_CHUNK;
  int64_t groups = (UNITS + chunks - 1) / chunks;
  groups = groups < pairs ? groups : pairs;
  int64_t unit, end;
  while (take(&job->next, 1, chunks * groups, &unit, &end)) {
    const int64_t first = count * (unit % chunks) / chunks, last = count * (unit % chunks + 1) / chunks;
    const int64_t group = unit / chunks, last_pair = (group + 1) * pairs / groups;
    const int64_t pixels = last - first, strips = (pixels + WIDE_PIXELS - 1) / WIDE_PIXELS;
    locate(job, &s, first, last, places);
    for (int64_t pair = group * pairs / groups; pair < last_pair; pair++)
      for (int64_t i = 0; i < strips; i++) {
        const int64_t from = pixels * i / strips, to = pixels * (i + 1) / strips;
        kernels[pair * 2 + 1 < panels][to - from - 1](job, places + from, pixels, first + from, pair * 2, &f);
      }
  }
}

#else

void cquantized_wide_part(cquantized_convolution *job, int index) { (void)job, (void)index; }

#endif
