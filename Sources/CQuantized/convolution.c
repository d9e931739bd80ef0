#include "epilogue.h"

#define CHUNK_BYTES (96 << 10) /* of windows that a thread lays out at once, which stay in its second-level cache */

/* Bytes that lie side by side in one row of a window, and how many such runs a row has. */
static int is_whole(const cquantized_convolution *job) { return job->dilation_x == 1 && job->stride == job->channels; }
static int64_t run_bytes(const cquantized_convolution *job) {
  return is_whole(job) ? job->kernel_width * job->channels : job->channels;
}
static int64_t runs(const cquantized_convolution *job) { return is_whole(job) ? 1 : job->kernel_width; }
static int64_t run_steps(const cquantized_convolution *job) { return (run_bytes(job) + 3) / 4; }

int64_t cquantized_steps(const cquantized_convolution *job) {
  return job->kernel_height * runs(job) * run_steps(job);
}

void cquantized_offsets(const cquantized_convolution *job, int32_t *offsets) {
  for (int64_t y = 0; y < job->kernel_height; y++)
    for (int64_t x = 0; x < runs(job); x++)
      for (int64_t step = 0; step < run_steps(job); step++)
        *offsets++ = (int32_t)((y * job->dilation_y * padded_width(job) + x * job->dilation_x) * job->stride + step * 4);
}

int64_t cquantized_packed(const cquantized_convolution *job) {
  return (job->outputs + PANEL - 1) / PANEL * 2 * cquantized_steps(job);
}

/* Whether two products with these weights can leave 16 bits. The worst pair of bytes is 255 where the weight has one sign
 * and 0 where it has the other. */
static int overflows(const int8_t *w) {
  int positive = (w[0] > 0 ? w[0] : 0) + (w[1] > 0 ? w[1] : 0);
  int negative = (w[0] < 0 ? -w[0] : 0) + (w[1] < 0 ? -w[1] : 0);
  return positive * 255 > 32767 || negative * 255 > 32768;
}

/* The 16 outputs' weights for one step of four bytes. */
static void gather(const cquantized_convolution *job, const int8_t *weights, int64_t panel, int64_t step,
                   int8_t block[PANEL * 4]) {
  const int64_t area = job->kernel_height * job->kernel_width, length = run_steps(job);
  const int64_t y = step / length / runs(job), run = step / length % runs(job);
  memset(block, 0, PANEL * 4);
  for (int64_t output = panel * PANEL; output < job->outputs && output < (panel + 1) * PANEL; output++)
    for (int64_t byte = 0; byte < 4; byte++) {
      const int64_t place = step % length * 4 + byte;
      if (place >= run_bytes(job))
        continue;
      const int64_t x = runs(job) == 1 ? place / job->channels : run;
      const int64_t channel = runs(job) == 1 ? place % job->channels : place;
      block[output % PANEL * 4 + byte] =
          weights[(output * job->channels + channel) * area + y * job->kernel_width + x];
    }
}

/* [panel][block][16 outputs][4]. A step whose products could leave 16 bits is done in two blocks of half the weights. */
int64_t cquantized_pack(const cquantized_convolution *job, const int8_t *weights, int8_t *packed, int32_t *order,
                        int32_t *ends, int32_t *sums) {
  const int64_t steps = cquantized_steps(job), panels = (job->outputs + PANEL - 1) / PANEL;
  int32_t blocks = 0;
  for (int64_t panel = 0; panel < panels; panel++) {
    for (int lane = 0; lane < PANEL; lane++)
      sums[panel * PANEL + lane] = 0;
    for (int64_t step = 0; step < steps; step++) {
      int8_t block[PANEL * 4];
      gather(job, weights, panel, step, block);
      int splits = 0;
      for (int i = 0; i < PANEL * 4; i++)
        sums[panel * PANEL + i / 4] += block[i];
      for (int i = 0; i < PANEL * 4; i += 2)
        splits |= overflows(block + i);
      for (int part = 0; part <= splits; part++) {
        for (int i = 0; i < PANEL * 4; i++) {
          const int half = block[i] / 2;
          packed[blocks * PANEL * 4 + i] = (int8_t)(!splits ? block[i] : part == 0 ? half : block[i] - half);
        }
        order[blocks++] = (int32_t)step;
      }
    }
    ends[panel] = blocks;
  }
  return blocks;
}

int64_t cquantized_padded(const cquantized_convolution *job) {
  /* A run may be read to its next multiple of four bytes. */
  return (job->batch * padded_height(job) * padded_width(job) * job->stride + 4 + 63) / 64 * 64;
}

static int64_t chunk_strips(const cquantized_convolution *job) {
  int64_t strips = CHUNK_BYTES / (cquantized_steps(job) * ROWS * 4);
  return strips < 1 ? 1 : strips > 8 ? 8 : strips;
}

int64_t cquantized_windows(const cquantized_convolution *job) {
  return (chunk_strips(job) * cquantized_steps(job) * ROWS * 4 + 63) / 64 * 64;
}

void cquantized_start(cquantized_convolution *job) { job->next = 0; }

void cquantized_edges_part(void *context, int index) {
  (void)index;
  cquantized_convolution *job = context;
  const int64_t rows = padded_height(job), width = padded_width(job) * job->stride;
  const int64_t before = job->pad_left * job->stride, inside = job->width * job->stride;
  int64_t first, last;
  while (take(&job->next, 8, job->batch * rows, &first, &last))
    for (int64_t row = first; row < last; row++) {
      uint8_t *to = job->padded + row * width;
      int64_t y = row % rows - job->pad_top;
      if (y < 0 || y >= job->height) {
        memset(to, job->zero_point, (size_t)width);
        continue;
      }
      memset(to, job->zero_point, (size_t)before);
      memcpy(to + before, job->x + (row / rows * job->height + y) * inside, (size_t)inside);
      memset(to + before + inside, job->zero_point, (size_t)(width - before - inside));
    }
}

#if defined(__x86_64__)

int cquantized_supported(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

/* The windows of up to six pixels as the inner kernel reads them: [step][pixel][4]. */
INLINE void lay_out(const int pixels, const uint8_t *const x[ROWS], const int32_t *offsets, int64_t steps,
                    uint8_t *to) {
  for (int64_t step = 0; step < steps; step++) {
    const int64_t offset = offsets[step];
    UNROLLED
    for (int p = 0; p < pixels; p++)
      memcpy(to + p * 4, x[p] + offset, 4);
    to += pixels * 4;
  }
}

INLINE void multiply(const int pixels, const uint8_t *windows, const int8_t *w, const int32_t *order, int64_t blocks,
                     __m256i sums[ROWS][2]) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (int64_t block = 0; block < blocks; block++) {
    const uint8_t *x = windows + (int64_t)order[block] * (pixels * 4);
    const __m256i first = _mm256_loadu_si256((const __m256i *)w), second = _mm256_loadu_si256((const __m256i *)(w + 32));
    w += 64;
    UNROLLED
    for (int p = 0; p < pixels; p++) {
      int32_t bytes;
      memcpy(&bytes, x + p * 4, 4);
      const __m256i factor = _mm256_set1_epi32(bytes);
      sums[p][0] = _mm256_add_epi32(sums[p][0], _mm256_madd_epi16(_mm256_maddubs_epi16(factor, first), ones));
      sums[p][1] = _mm256_add_epi32(sums[p][1], _mm256_madd_epi16(_mm256_maddubs_epi16(factor, second), ones));
    }
  }
}

INLINE void strip(const int pixels, const cquantized_convolution *job, const uint8_t *windows, int64_t pixel,
                  int64_t panel, const finish *f) {
  __m256i sums[ROWS][2];
  const int64_t column = panel * PANEL;
  UNROLLED
  for (int p = 0; p < pixels; p++) {
    sums[p][0] = _mm256_loadu_si256((const __m256i *)(job->bias + column));
    sums[p][1] = _mm256_loadu_si256((const __m256i *)(job->bias + column + 8));
  }
  const int64_t first_block = panel ? job->ends[panel - 1] : 0;
  multiply(pixels, windows, (const int8_t *)job->weights + first_block * PANEL * 4, job->order + first_block,
           job->ends[panel] - first_block, sums);
  const __m256 first = _mm256_mul_ps(_mm256_loadu_ps(job->scales + column), f->factor);
  const __m256 second = _mm256_mul_ps(_mm256_loadu_ps(job->scales + column + 8), f->factor);
  const uint8_t *residual = job->residual ? job->residual + pixel * job->residual_stride + column : NULL;
  uint8_t *y = job->y + pixel * job->output_stride + column;
  UNROLLED
  for (int p = 0; p < pixels; p += 2) {
    /* The last of an odd number is stored twice. */
    const int other = p + 1 < pixels ? p + 1 : p;
    const __m256 values[4] = {_mm256_mul_ps(_mm256_cvtepi32_ps(sums[p][0]), first),
                              _mm256_mul_ps(_mm256_cvtepi32_ps(sums[p][1]), second),
                              _mm256_mul_ps(_mm256_cvtepi32_ps(sums[other][0]), first),
                              _mm256_mul_ps(_mm256_cvtepi32_ps(sums[other][1]), second)};
    store_bytes(y + p * job->output_stride, y + other * job->output_stride, values,
                residual ? residual + p * job->residual_stride : NULL,
                residual ? residual + other * job->residual_stride : NULL, f);
  }
}

TARGET void cquantized_multiply_part(void *context, int index) {
  cquantized_convolution *job = context;
  const finish f = finish_of(job);
  const int64_t steps = cquantized_steps(job), panels = (job->outputs + PANEL - 1) / PANEL;
  const int64_t area = job->output_height * job->output_width, count = job->batch * area;
  const int64_t row = padded_width(job) * job->stride, image = padded_height(job) * row;
  uint8_t *windows = job->scratch + index * cquantized_windows(job);
  /* Smaller chunks where there would not be some for every thread. */
  int64_t strips = chunk_strips(job), wanted = (count / ROWS + 3) / 4;
  if (strips > wanted)
    strips = wanted < 1 ? 1 : wanted;
  int64_t first, last;
  while (take(&job->next, strips * ROWS, count, &first, &last)) {
    for (int64_t pixel = first; pixel < last; pixel += ROWS) {
      const int64_t pixels = last - pixel < ROWS ? last - pixel : ROWS;
      const uint8_t *x[ROWS];
      int64_t n = pixel / area, oy = pixel % area / job->output_width, ox = pixel % job->output_width;
      for (int p = 0; p < pixels; p++) {
        x[p] = job->padded + n * image + oy * job->stride_y * row + ox * job->stride_x * job->stride;
        if (++ox == job->output_width) {
          ox = 0;
          if (++oy == job->output_height)
            oy = 0, n++;
        }
      }
      uint8_t *to = windows + (pixel - first) * 4 * steps;
#define LAY_OUT(n) lay_out(n, x, job->offsets, steps, to)
      FOR_ROWS(pixels, LAY_OUT)
    }
    for (int64_t panel = 0; panel < panels; panel++)
      for (int64_t pixel = first; pixel < last; pixel += ROWS) {
        const int64_t pixels = last - pixel < ROWS ? last - pixel : ROWS;
        const uint8_t *from = windows + (pixel - first) * 4 * steps;
#define STRIP(n) strip(n, job, from, pixel, panel, &f)
        FOR_ROWS(pixels, STRIP)
      }
  }
}

#else

int cquantized_supported(void) { return 0; }
void cquantized_multiply_part(void *job, int index) { (void)job, (void)index; }

#endif
