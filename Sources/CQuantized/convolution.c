#include "epilogue.h"
#include "tiles.h"
#include "wide.h"

#define PIXELS 4 /* of one inner kernel: with the 8 sums and the weights of two steps they fill the registers */
#define CHUNK 32 /* pixels that share a panel's weights while these are in the first-level cache */
#define MATES 16 /* blocks that are tried as another's mate */

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
  if (job->is_tiled) {
    const tiling t = tiling_of(job);
    return (job->outputs + PANEL - 1) / PANEL * job->kernel_height * runs(job) * t.depth * t.steps;
  }
  return (job->outputs + PANEL - 1) / PANEL * (job->is_wide ? 1 : 2) * cquantized_steps(job);
}

/* Whether the sums of these products of bytes, `count` weights, stay within 16 bits whatever the bytes are: the worst are
 * 255 where the weights have one sign and 0 where they have the other. */
static int fits(const int8_t *const *pairs, int count) {
  int positive = 0, negative = 0;
  for (int i = 0; i < count; i++)
    for (int k = 0; k < 2; k++) {
      const int weight = pairs[i][k];
      positive += weight > 0 ? weight : 0;
      negative -= weight < 0 ? weight : 0;
    }
  return positive * 255 <= 32767 && negative * 255 <= 32768;
}

/* Whether pairs of products of one block, or of two added up, fit for all 16 outputs. */
static int block_fits(const int8_t *a, const int8_t *b) {
  for (int i = 0; i < BLOCK; i += 2) {
    const int8_t *pairs[2] = {a + i, b ? b + i : NULL};
    if (!fits(pairs, b ? 2 : 1))
      return 0;
  }
  return 1;
}

/* The 16 outputs' weights for one step of four bytes. */
static void gather(const cquantized_convolution *job, const int8_t *weights, int64_t panel, int64_t step,
                   int8_t block[BLOCK]) {
  const int64_t area = job->kernel_height * job->kernel_width, length = run_steps(job);
  const int64_t y = step / length / runs(job), run = step / length % runs(job);
  memset(block, 0, BLOCK);
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

/* Moves block `from` of a panel to `to`, which is before it, and those between one on. */
static void move(int8_t *blocks, int32_t *order, int64_t from, int64_t to) {
  int8_t block[BLOCK];
  const int32_t step = order[from];
  memcpy(block, blocks + from * BLOCK, BLOCK);
  memmove(blocks + (to + 1) * BLOCK, blocks + to * BLOCK, (size_t)(from - to) * BLOCK);
  memmove(order + to + 1, order + to, (size_t)(from - to) * sizeof *order);
  memcpy(blocks + to * BLOCK, block, BLOCK);
  order[to] = step;
}

/* Brings blocks that fit together to the front in pairs; returns how many blocks these are. */
static int64_t pair_up(int8_t *blocks, int32_t *order, int64_t count) {
  int64_t paired = 0;
  for (int64_t left = 0; left + 1 < count;) {
    const int64_t end = left + 1 + MATES < count ? left + 1 + MATES : count;
    int64_t mate = left + 1;
    while (mate < end && !block_fits(blocks + left * BLOCK, blocks + mate * BLOCK))
      mate++;
    if (mate == end) {
      left++;
      continue;
    }
    move(blocks, order, left, paired);
    move(blocks, order, mate, paired + 1);
    paired += 2;
    left += 2;
  }
  return paired;
}

/* [pair of panels][step][panel of the pair][16 outputs][4]: read from end to end. */
static int64_t pack_wide(const cquantized_convolution *job, const int8_t *weights, int8_t *packed, int32_t *sums) {
  const int64_t steps = cquantized_steps(job), panels = (job->outputs + PANEL - 1) / PANEL;
  for (int64_t panel = 0; panel < panels; panel++) {
    const int64_t mates = panel / 2 * 2 + 1 < panels ? 2 : 1;
    int8_t *to = packed + (panel / 2 * 2 * steps + panel % 2) * BLOCK;
    for (int lane = 0; lane < PANEL; lane++)
      sums[panel * PANEL + lane] = 0;
    for (int64_t step = 0; step < steps; step++, to += mates * BLOCK) {
      gather(job, weights, panel, step, to);
      for (int i = 0; i < BLOCK; i++)
        sums[panel * PANEL + i / 4] += to[i];
    }
  }
  return panels * steps;
}

/* [panel][run of a window][step, filled up to whole tiles][16 outputs][4]. */
static int64_t pack_tiles(const cquantized_convolution *job, const int8_t *weights, int8_t *packed, int32_t *sums) {
  const tiling t = tiling_of(job);
  const int64_t panels = (job->outputs + PANEL - 1) / PANEL, all = job->kernel_height * runs(job);
  int8_t *to = packed;
  memset(sums, 0, (size_t)(panels * PANEL) * sizeof *sums);
  for (int64_t panel = 0; panel < panels; panel++)
    for (int64_t run = 0; run < all; run++)
      for (int64_t step = 0; step < t.depth * t.steps; step++, to += BLOCK) {
        if (step < run_steps(job))
          gather(job, weights, panel, run * run_steps(job) + step, to);
        else
          memset(to, 0, BLOCK);
        for (int i = 0; i < BLOCK; i++)
          sums[panel * PANEL + i / 4] += to[i];
      }
  return (to - packed) / BLOCK;
}

/* [panel][block][16 outputs][4]. A step whose products could leave 16 bits is done in two blocks of half the weights. */
int64_t cquantized_pack(const cquantized_convolution *job, const int8_t *weights, int8_t *packed, int32_t *order,
                        int32_t *ends, int32_t *sums) {
  const int64_t steps = cquantized_steps(job), panels = (job->outputs + PANEL - 1) / PANEL;
  int64_t total = 0;
  if (job->is_tiled)
    return pack_tiles(job, weights, packed, sums);
  if (job->is_wide)
    return pack_wide(job, weights, packed, sums);
  for (int64_t panel = 0; panel < panels; panel++) {
    const int64_t first = total;
    for (int lane = 0; lane < PANEL; lane++)
      sums[panel * PANEL + lane] = 0;
    for (int64_t step = 0; step < steps; step++) {
      int8_t block[BLOCK];
      gather(job, weights, panel, step, block);
      for (int i = 0; i < BLOCK; i++)
        sums[panel * PANEL + i / 4] += block[i];
      const int splits = !block_fits(block, NULL);
      for (int part = 0; part <= splits; part++) {
        for (int i = 0; i < BLOCK; i++) {
          const int half = block[i] / 2;
          packed[total * BLOCK + i] = (int8_t)(!splits ? block[i] : part == 0 ? half : block[i] - half);
        }
        order[total++] = (int32_t)step;
      }
    }
    ends[2 * panel] = (int32_t)(first + pair_up(packed + first * BLOCK, order + first, total - first));
    ends[2 * panel + 1] = (int32_t)total;
  }
  return total;
}

int64_t cquantized_padded(const cquantized_convolution *job) {
  /* A run may be read to its next multiple of four bytes, or by whole tiles. */
  return (job->batch * padded_height(job) * padded_width(job) * job->stride + 64 + 63) / 64 * 64;
}

int cquantized_has_edges(const cquantized_convolution *job) {
  if (job->is_wide && !job->is_tiled && !is_narrow(job))
    return 0; /* its windows find what is outside by pointers */
  return padded_height(job) > job->height || padded_width(job) > job->width;
}

int64_t cquantized_scratch(const cquantized_convolution *job) {
  return job->is_tiled ? TILES_SCRATCH : job->is_wide ? wide_scratch(job) : 0;
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

int cquantized_wide_supported(void) {
  return cquantized_supported() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni");
}

INLINE __m256i four_bytes(const uint8_t *x) {
  int32_t bytes;
  memcpy(&bytes, x, 4);
  return _mm256_set1_epi32(bytes);
}

/* Sums of products of bytes in pairs. With a memory operand: the compiler would keep all weights in registers, and then
 * move the sums about for want of them, which halves the speed. */
INLINE __m256i multiply_pairs(__m256i factor, const int8_t *w) {
  __m256i products;
  __asm__("vpmaddubsw %2, %1, %0" : "=x"(products) : "x"(factor), "m"(*(const __m256i_u *)w));
  return products;
}

/* The first `paired` blocks go two by two, their products added in 16 bits: three multiplications in place of four. */
INLINE void multiply(const int pixels, const uint8_t *const x[PIXELS], const int8_t *w, const int32_t *offsets,
                     int64_t paired, int64_t blocks, __m256i sums[PIXELS][2]) {
  const __m256i ones = _mm256_set1_epi16(1);
  int64_t block = 0;
  for (; block < paired; block += 2, w += 2 * BLOCK) {
    const int64_t offset = offsets[block], other = offsets[block + 1];
    const __m256i low = _mm256_loadu_si256((const __m256i *)w);
    const __m256i other_low = _mm256_loadu_si256((const __m256i *)(w + BLOCK));
    UNROLLED
    for (int p = 0; p < pixels; p++) {
      const __m256i a = four_bytes(x[p] + offset), b = four_bytes(x[p] + other);
      const __m256i first = _mm256_add_epi16(_mm256_maddubs_epi16(a, low), _mm256_maddubs_epi16(b, other_low));
      const __m256i second = _mm256_add_epi16(multiply_pairs(a, w + 32), multiply_pairs(b, w + BLOCK + 32));
      sums[p][0] = _mm256_add_epi32(sums[p][0], _mm256_madd_epi16(first, ones));
      sums[p][1] = _mm256_add_epi32(sums[p][1], _mm256_madd_epi16(second, ones));
    }
  }
  for (; block < blocks; block++, w += BLOCK) {
    const int64_t offset = offsets[block];
    UNROLLED
    for (int p = 0; p < pixels; p++) {
      const __m256i a = four_bytes(x[p] + offset);
      sums[p][0] = _mm256_add_epi32(sums[p][0], _mm256_madd_epi16(multiply_pairs(a, w), ones));
      sums[p][1] = _mm256_add_epi32(sums[p][1], _mm256_madd_epi16(multiply_pairs(a, w + 32), ones));
    }
  }
}

INLINE void strip(const int pixels, const cquantized_convolution *job, const uint8_t *const x[PIXELS], int64_t pixel,
                  int64_t panel, const finish *f) {
  __m256i sums[PIXELS][2];
  const int64_t column = panel * PANEL;
  UNROLLED
  for (int p = 0; p < pixels; p++) {
    sums[p][0] = _mm256_loadu_si256((const __m256i *)(job->bias + column));
    sums[p][1] = _mm256_loadu_si256((const __m256i *)(job->bias + column + 8));
  }
  const int64_t start = panel ? job->ends[2 * panel - 1] : 0;
  multiply(pixels, x, (const int8_t *)job->weights + start * BLOCK, job->offsets + start, job->ends[2 * panel] - start,
           job->ends[2 * panel + 1] - start, sums);
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
  if (job->is_tiled) {
    cquantized_tiles_part(job, index);
    return;
  }
  if (job->is_wide) {
    cquantized_wide_part(job, index);
    return;
  }
  const finish f = finish_of(job);
  const int64_t panels = (job->outputs + PANEL - 1) / PANEL;
  const int64_t area = job->output_height * job->output_width, count = job->batch * area;
  const int64_t row = padded_width(job) * job->stride, image = padded_height(job) * row;
  /* A unit of work is a chunk of pixels by a group of panels. */
  const int64_t chunks = (count + CHUNK - 1) / CHUNK, groups = chunks < UNITS ? (UNITS + chunks - 1) / chunks : 1;
  const int64_t chunk = ((count + chunks - 1) / chunks + PIXELS - 1) / PIXELS * PIXELS;
  int64_t unit, end;
  while (take(&job->next, 1, chunks * groups, &unit, &end)) {
    const int64_t first = unit % chunks * chunk, last = first + chunk < count ? first + chunk : count;
    const int64_t group = unit / chunks, last_panel = (group + 1) * panels / groups;
    const uint8_t *x[CHUNK];
    int64_t n = first / area, oy = first % area / job->output_width, ox = first % job->output_width;
    for (int64_t pixel = first; pixel < last; pixel++) {
      x[pixel - first] = job->padded + n * image + oy * job->stride_y * row + ox * job->stride_x * job->stride;
      if (++ox == job->output_width) {
        ox = 0;
        if (++oy == job->output_height)
          oy = 0, n++;
      }
    }
    for (int64_t panel = group * panels / groups; panel < last_panel; panel++)
      for (int64_t pixel = first; pixel < last; pixel += PIXELS) {
        const int64_t pixels = last - pixel < PIXELS ? last - pixel : PIXELS;
#define STRIP(n) strip(n, job, x + (pixel - first), pixel, panel, &f)
        UP_TO_4(pixels, STRIP)
      }
  }
}

#else

int cquantized_supported(void) { return 0; }
int cquantized_wide_supported(void) { return 0; }
void cquantized_multiply_part(void *job, int index) { (void)job, (void)index; }

#endif
