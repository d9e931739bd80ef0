/* Between floats and bytes, and what lies between two convolutions. */
#include "epilogue.h"

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

TARGET int cquantized_from_floats(const cquantized_image *image, const float *x, int64_t block, float scale,
                                  int32_t zero_point, uint8_t *y) {
  const int64_t area = image->height * image->width, blocks = (image->channels + block - 1) / block;
  const __m256 divisor = _mm256_set1_ps(scale);
  const __m256i zero = _mm256_set1_epi32(zero_point);
  __m256 bad = _mm256_setzero_ps();
  for (int64_t n = 0; n < image->batch; n++)
    for (int64_t b = 0; b < blocks; b++) {
      const float *from = x + (n * blocks + b) * area * block;
      uint8_t *to = y + n * area * image->stride + b * block;
      if (block > 1) {
        /* What lies beside the last channel lies within the pixel. */
        for (int64_t i = 0; i < area; i++)
          for (int64_t c = 0; c < block; c += 8) {
            const float *eight = from + i * block + c;
            float last[8] = {0};
            if (block - c < 8)
              eight = memcpy(last, eight, (size_t)(block - c) * sizeof(float));
            const int64_t bytes = bytes_of(eight, divisor, zero, &bad);
            memcpy(to + i * image->stride + c, &bytes, 8);
          }
        continue;
      }
      for (int64_t i = 0; i < area; i += 8) {
        const int64_t count = area - i < 8 ? area - i : 8;
        float last[8] = {0};
        if (count < 8)
          memcpy(last, from + i, (size_t)count * sizeof(float));
        const int64_t bytes = bytes_of(count < 8 ? last : from + i, divisor, zero, &bad);
        if (image->stride == 1)
          memcpy(to + i, &bytes, (size_t)count);
        else
          for (int64_t p = 0; p < count; p++)
            to[(i + p) * image->stride] = (uint8_t)(bytes >> (8 * p));
      }
    }
  /* Channels beside the last are multiplied with zeros; they need not be anything, but the same every time. */
  const int64_t used = block > 1 ? (blocks * block + 7) / 8 * 8 : blocks;
  if (image->stride > used)
    for (int64_t i = 0; i < image->batch * area; i++)
      memset(y + i * image->stride + used, zero_point, (size_t)(image->stride - used));
  return !_mm256_movemask_ps(bad);
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

TARGET void cquantized_pool(const cquantized_image *image, const cquantized_window *window, const uint8_t *x,
                            int takes_maximum, float factor, float shift, uint8_t *y) {
  const int64_t row = image->width * image->stride;
  for (int64_t n = 0; n < image->batch; n++)
    for (int64_t oy = 0; oy < window->output_height; oy++)
      for (int64_t ox = 0; ox < window->output_width; ox++) {
        int64_t top, bottom, left, right;
        clip(oy * window->stride_y - window->pad_top, window->kernel_height, image->height, &top, &bottom);
        clip(ox * window->stride_x - window->pad_left, window->kernel_width, image->width, &left, &right);
        const uint8_t *from = x + n * image->height * row;
        uint8_t *to = y + ((n * window->output_height + oy) * window->output_width + ox) * image->stride;
        const __m256 scale = _mm256_set1_ps(factor / (float)((bottom - top) * (right - left)));
        for (int64_t c = 0; c < image->stride; c += 16) {
          if (takes_maximum) {
            __m128i most = _mm_setzero_si128();
            for (int64_t iy = top; iy < bottom; iy++)
              for (int64_t ix = left; ix < right; ix++)
                most = _mm_max_epu8(most, _mm_loadu_si128((const __m128i *)(from + iy * row + ix * image->stride + c)));
            _mm_storeu_si128((__m128i *)(to + c), most);
            continue;
          }
          /* A window of up to 257 pixels is summed in 16 bits. */
          __m256i sums = _mm256_setzero_si256();
          for (int64_t iy = top; iy < bottom; iy++)
            for (int64_t ix = left; ix < right; ix++)
              sums = _mm256_add_epi16(sums, _mm256_cvtepu8_epi16(_mm_loadu_si128(
                                                (const __m128i *)(from + iy * row + ix * image->stride + c))));
          const __m256i halves[2] = {_mm256_cvtepu16_epi32(_mm256_castsi256_si128(sums)),
                                     _mm256_cvtepu16_epi32(_mm256_extracti128_si256(sums, 1))};
          __m256i q[2];
          for (int half = 0; half < 2; half++)
            q[half] = _mm256_cvtps_epi32(
                _mm256_fmadd_ps(_mm256_cvtepi32_ps(halves[half]), scale, _mm256_set1_ps(shift)));
          __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(q[0], q[1]), 0xD8);
          _mm_storeu_si128((__m128i *)(to + c),
                           _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
        }
      }
}

#else

int cquantized_from_floats(const cquantized_image *image, const float *x, int64_t block, float scale,
                           int32_t zero_point, uint8_t *y) {
  (void)image, (void)x, (void)block, (void)scale, (void)zero_point, (void)y;
  return 0;
}
void cquantized_to_floats(const cquantized_image *image, const uint8_t *x, int64_t block, float scale,
                          int32_t zero_point, float *y) {
  (void)image, (void)x, (void)block, (void)scale, (void)zero_point, (void)y;
}
void cquantized_pool(const cquantized_image *image, const cquantized_window *window, const uint8_t *x,
                     int takes_maximum, float factor, float shift, uint8_t *y) {
  (void)image, (void)window, (void)x, (void)takes_maximum, (void)factor, (void)shift, (void)y;
}

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
