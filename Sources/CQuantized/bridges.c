/* Between floats and bytes, and what lies between two convolutions. */
#include "epilogue.h"

#define PIXELS 1024 /* that one piece of work quantises */

#if defined(__x86_64__)

/* Eight bytes, rounded half to even and saturated; `bad` remembers whether something was not a number. */
INLINE int64_t bytes_of(const float *x, __m256 scale, __m256i zero_point, __m256 *bad) {
  const __m256 value = _mm256_loadu_ps(x);
  *bad = _mm256_or_ps(*bad, _mm256_cmp_ps(value, value, _CMP_UNORD_Q));
  /* Beyond these nothing is left to round, and what is larger than 32 bits would come out as the least of them. */
  __m256 q = _mm256_div_ps(value, scale);
  q = _mm256_max_ps(_mm256_min_ps(q, _mm256_set1_ps(1024)), _mm256_set1_ps(-1024));
  const __m256i integers = _mm256_add_epi32(_mm256_cvtps_epi32(q), zero_point);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(integers), _mm256_extracti128_si256(integers, 1));
  return _mm_cvtsi128_si64(_mm_packus_epi16(words, words));
}

/* 16 bytes of row-major floats, of which there are `count` at least one. */
INLINE __m128i sixteen_of(const float *x, int64_t count, __m256 scale, __m256i zero_point, __m256 *bad) {
  float last[16] = {0};
  if (count < 16)
    x = memcpy(last, x, (size_t)count * sizeof(float));
  return _mm_set_epi64x(bytes_of(x + 8, scale, zero_point, bad), bytes_of(x, scale, zero_point, bad));
}

/* Which of 16 bytes of a channel goes where in 48 bytes of pixels; elsewhere zeros. */
static const int8_t interleaving[3][3][16] = {
    {{0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5},
     {-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1},
     {-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1}},
    {{-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1},
     {5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10},
     {-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1}},
    {{-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1},
     {-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1},
     {10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15}}};

/* 16 pixels of three row-major channels, `area` apart; the last ones where there are fewer. */
INLINE void three_channels(const float *x, int64_t area, int64_t count, __m256 scale, __m256i zero_point, __m256 *bad,
                           uint8_t *y) {
  __m128i pixels[3] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
  UNROLLED
  for (int c = 0; c < 3; c++) {
    const __m128i bytes = sixteen_of(x + c * area, count, scale, zero_point, bad);
    UNROLLED
    for (int i = 0; i < 3; i++) {
      const __m128i places = _mm_loadu_si128((const __m128i *)interleaving[c][i]);
      pixels[i] = _mm_or_si128(pixels[i], _mm_shuffle_epi8(bytes, places));
    }
  }
  if (count == 16)
    memcpy(y, pixels, 48);
  else
    memcpy(y, pixels, (size_t)count * 3);
}

TARGET void cquantized_quantize_part(void *context, int index) {
  (void)index;
  cquantized_quantization *job = context;
  const cquantized_image *image = &job->image;
  const int64_t block = job->block, stride = image->stride;
  const int64_t area = image->height * image->width, blocks = (image->channels + block - 1) / block;
  /* Channels beside the last are multiplied with zeros; they need not be anything, but the same every time. */
  const int64_t used = block > 1 ? (blocks * block + 7) / 8 * 8 : blocks;
  const __m256 divisor = _mm256_set1_ps(job->scale);
  const __m256i zero = _mm256_set1_epi32(job->zero_point);
  __m256 bad = _mm256_setzero_ps();
  const int64_t chunks = (area + PIXELS - 1) / PIXELS;
  int64_t unit, end;
  while (take(&job->next, 1, image->batch * chunks, &unit, &end)) {
    const int64_t n = unit / chunks, first = unit % chunks * PIXELS;
    const int64_t last = first + PIXELS < area ? first + PIXELS : area;
    const float *x = job->x + n * blocks * area * block;
    uint8_t *y = job->y + n * area * stride;
    if (block == 1 && stride == 3 && image->channels == 3) {
      for (int64_t i = first; i < last; i += 16)
        three_channels(x + i, area, last - i < 16 ? last - i : 16, divisor, zero, &bad, y + i * 3);
      continue;
    }
    for (int64_t b = 0; b < blocks; b++, x += area * block, y += block) {
      if (block > 1) {
        /* What lies beside the last channel lies within the pixel. */
        for (int64_t i = first; i < last; i++)
          for (int64_t c = 0; c < block; c += 8) {
            const float *eight = x + i * block + c;
            float rest[8] = {0};
            if (block - c < 8)
              eight = memcpy(rest, eight, (size_t)(block - c) * sizeof(float));
            const int64_t bytes = bytes_of(eight, divisor, zero, &bad);
            memcpy(y + i * stride + c, &bytes, 8);
          }
        continue;
      }
      for (int64_t i = first; i < last; i += 16) {
        const int64_t count = last - i < 16 ? last - i : 16;
        uint8_t bytes[16];
        _mm_storeu_si128((__m128i *)bytes, sixteen_of(x + i, count, divisor, zero, &bad));
        if (stride == 1)
          memcpy(y + i, bytes, (size_t)count);
        else
          for (int64_t p = 0; p < count; p++)
            y[(i + p) * stride] = bytes[p];
      }
    }
    if (stride > used)
      for (int64_t i = first; i < last; i++)
        memset(job->y + (n * area + i) * stride + used, job->zero_point, (size_t)(stride - used));
  }
  if (_mm256_movemask_ps(bad))
    __atomic_store_n(&job->is_bad, 1, __ATOMIC_RELAXED);
}

TARGET void cquantized_to_floats(const cquantized_image *image, const uint8_t *x, int64_t block, float scale,
                                 int32_t zero_point, float *y) {
  const int64_t area = image->height * image->width, blocks = (image->channels + block - 1) / block;
  for (int64_t n = 0; n < image->batch; n++)
    for (int64_t b = 0; b < blocks; b++) {
      const uint8_t *from = x + n * area * image->stride + b * block;
      float *to = y + (n * blocks + b) * area * block;
      const int64_t used = image->channels - b * block < block ? image->channels - b * block : block;
      if (block % 8 == 0 && used == block) {
        const __m256i zero = _mm256_set1_epi32(zero_point);
        for (int64_t i = 0; i < area; i++)
          for (int64_t c = 0; c < block; c += 8) {
            __m256i q = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(from + i * image->stride + c)));
            _mm256_storeu_ps(to + i * block + c,
                             _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(q, zero)), _mm256_set1_ps(scale)));
          }
      } else {
        for (int64_t i = 0; i < area; i++)
          for (int64_t c = 0; c < block; c++)
            to[i * block + c] = c < used ? (float)(from[i * image->stride + c] - zero_point) * scale : 0;
      }
    }
}

/* Where a window's rows or columns begin and end within the image. */
INLINE void clip(int64_t start, int64_t kernel, int64_t size, int64_t *first, int64_t *last) {
  *first = start < 0 ? 0 : start;
  *last = start + kernel < size ? start + kernel : size;
}

/* The largest bytes of a window's pixels, `channels` of them, in 32 or 64 at a time. */
INLINE void maximum(const int vectors, const uint8_t *from, int64_t rows, int64_t row, int64_t columns, int64_t stride,
                    uint8_t *to) {
  __m256i most[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (int64_t y = 0; y < rows; y++, from += row)
    for (int64_t x = 0; x < columns; x++)
      UNROLLED
      for (int v = 0; v < vectors; v++)
        most[v] = _mm256_max_epu8(most[v], _mm256_loadu_si256((const __m256i *)(from + x * stride + v * 32)));
  UNROLLED
  for (int v = 0; v < vectors; v++)
    _mm256_storeu_si256((__m256i *)(to + v * 32), most[v]);
}

INLINE void maxima(const uint8_t *from, int64_t rows, int64_t row, int64_t columns, int64_t stride, uint8_t *to) {
  int64_t c = 0;
  for (; c + 64 <= stride; c += 64)
    maximum(2, from + c, rows, row, columns, stride, to + c);
  for (; c + 32 <= stride; c += 32)
    maximum(1, from + c, rows, row, columns, stride, to + c);
  if (c < stride) {
    __m128i most = _mm_setzero_si128();
    for (int64_t y = 0; y < rows; y++)
      for (int64_t x = 0; x < columns; x++)
        most = _mm_max_epu8(most, _mm_loadu_si128((const __m128i *)(from + y * row + x * stride + c)));
    _mm_storeu_si128((__m128i *)(to + c), most);
  }
}

/* A window of up to 257 pixels is summed in 16 bits. */
INLINE void means(const uint8_t *from, int64_t rows, int64_t row, int64_t columns, int64_t stride, float factor,
                  float shift, uint8_t *to) {
  const __m256 scale = _mm256_set1_ps(factor / (float)(rows * columns));
  for (int64_t c = 0; c < stride; c += 16) {
    __m256i sums = _mm256_setzero_si256();
    for (int64_t y = 0; y < rows; y++)
      for (int64_t x = 0; x < columns; x++)
        sums = _mm256_add_epi16(
            sums, _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(from + y * row + x * stride + c))));
    const __m256i halves[2] = {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(sums)),
                               _mm256_cvtepu16_epi32(_mm256_extracti128_si256(sums, 1))};
    __m256i q[2];
    for (int half = 0; half < 2; half++)
      q[half] = _mm256_cvtps_epi32(_mm256_fmadd_ps(_mm256_cvtepi32_ps(halves[half]), scale, _mm256_set1_ps(shift)));
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(q[0], q[1]), 0xD8);
    _mm_storeu_si128((__m128i *)(to + c),
                     _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
  }
}

TARGET void cquantized_pool_part(void *context, int index) {
  (void)index;
  cquantized_pooling *job = context;
  const cquantized_image *image = &job->image;
  const cquantized_window *window = &job->window;
  const int64_t row = image->width * image->stride;
  int64_t line, end;
  while (take(&job->next, 1, image->batch * window->output_height, &line, &end)) {
    int64_t top, bottom;
    clip(line % window->output_height * window->stride_y - window->pad_top, window->kernel_height, image->height, &top,
         &bottom);
    const uint8_t *from = job->x + (line / window->output_height * image->height + top) * row;
    uint8_t *to = job->y + line * window->output_width * image->stride;
    for (int64_t x = 0; x < window->output_width; x++, to += image->stride) {
      int64_t left, right;
      clip(x * window->stride_x - window->pad_left, window->kernel_width, image->width, &left, &right);
      const uint8_t *corner = from + left * image->stride;
      if (job->takes_maximum)
        maxima(corner, bottom - top, row, right - left, image->stride, to);
      else if (bottom - top == 2 && right - left == 2)
        means(corner, 2, row, 2, image->stride, job->factor, job->shift, to); /* of constant size: without loops */
      else
        means(corner, bottom - top, row, right - left, image->stride, job->factor, job->shift, to);
    }
  }
}

#else

void cquantized_quantize_part(void *job, int index) { (void)job, (void)index; }
void cquantized_to_floats(const cquantized_image *image, const uint8_t *x, int64_t block, float scale,
                          int32_t zero_point, float *y) {
  (void)image, (void)x, (void)block, (void)scale, (void)zero_point, (void)y;
}
void cquantized_pool_part(void *job, int index) { (void)job, (void)index; }

#endif

void cquantized_pick(const cquantized_image *image, const uint8_t *x, const int32_t *rows, int64_t row_count,
                     const int32_t *columns, int64_t column_count, uint8_t *y) {
  const int64_t row = image->width * image->stride;
  for (int64_t n = 0; n < image->batch; n++)
    for (int64_t oy = 0; oy < row_count; oy++) {
      const uint8_t *from = x + (n * image->height + rows[oy]) * row;
      for (int64_t ox = 0; ox < column_count; ox++, y += image->stride)
        memcpy(y, from + columns[ox] * image->stride, (size_t)image->stride);
    }
}
