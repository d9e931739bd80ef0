/* 3x3 windows at a stride of 1 by F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308) in whole numbers: the input's
 * transform is exact in 16 bits, that of the weights is rounded to 16, and the products are summed in 32. Here is how
 * weights are packed, and what AVX2 does. */
#include "epilogue.h"
#include "wide.h"
#include "winograd.h"
#include <math.h>

#define ROWS 6 /* tiles of one inner kernel: 12 sums */

/* The rows of both transforms are scaled against each other, so that the weights' are about as large as each other. */
static const double G[6][3] = {{1, 0, 0},           {-0.5, -0.5, -0.5}, {-0.5, 0.5, -0.5},
                               {1. / 6, 1. / 3, 2. / 3}, {1. / 6, -1. / 3, 2. / 3}, {0, 0, 1}};
static const int B[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                            {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
#define SCALE (1. / 9) /* of the results, for the sake of the above and of the small factors in transform_output */

int64_t cquantized_winograd_packed(const cquantized_convolution *job) {
  return (job->outputs + PANEL - 1) / PANEL * PANEL * job->stride * POINTS;
}

/* The largest value that point (i, j) of the transformed input can have. */
static double bound(const cquantized_convolution *job, int i, int j) {
  double high = 0, low = 0;
  for (int a = 0; a < 6; a++)
    for (int b = 0; b < 6; b++) {
      double factor = B[i][a] * B[j][b];
      double most = factor * (255 - job->zero_point), least = factor * -job->zero_point;
      high += most > least ? most : least;
      low += most > least ? least : most;
    }
  return high > -low ? high : -low;
}

/* [panel][point][pair of channels][16 outputs][2]: read from end to end, as memory likes it. Wide, with pairs of panels,
 * the two of a pair side by side: [pair][point][pair of channels][panel of the pair][16 outputs][2]. */
static int64_t place_of(const cquantized_convolution *job, int64_t output, int64_t channel, int point) {
  const int64_t panels = (job->outputs + PANEL - 1) / PANEL, panel = output / PANEL, both = job->is_wide ? 2 : 1;
  const int64_t start = panel / both * both, mates = start + 1 < panels ? both : 1;
  return start * POINTS * job->stride * PANEL + point * job->stride * PANEL * mates +
         (channel / 2 * mates + panel - start) * 2 * PANEL + output % PANEL * 2 + channel % 2;
}

void cquantized_winograd_pack(const cquantized_convolution *job, const int8_t *weights, int16_t *packed,
                              float *factors) {
  memset(packed, 0, (size_t)cquantized_winograd_packed(job) * sizeof *packed);
  for (int64_t output = 0; output < job->outputs; output++) {
    /* As large as neither a weight passes 16 bits nor a sum 32. */
    double largest[POINTS] = {0}, total[POINTS] = {0}, factor = INFINITY;
    for (int pass = 0; pass < 2; pass++) {
      for (int64_t channel = 0; channel < job->channels; channel++) {
        const int8_t *w = weights + (output * job->channels + channel) * 9;
        double half[6][3];
        for (int i = 0; i < 6; i++)
          for (int j = 0; j < 3; j++)
            half[i][j] = G[i][0] * w[j] + G[i][1] * w[3 + j] + G[i][2] * w[6 + j];
        for (int i = 0; i < 6; i++)
          for (int j = 0; j < 6; j++) {
            double u = half[i][0] * G[j][0] + half[i][1] * G[j][1] + half[i][2] * G[j][2];
            const int point = i * 6 + j;
            if (pass == 0) {
              largest[point] = fabs(u) > largest[point] ? fabs(u) : largest[point];
              total[point] += fabs(u);
            } else {
              packed[place_of(job, output, channel, point)] = (int16_t)lrint(u * factor);
            }
          }
      }
      for (int point = 0; pass == 0 && point < POINTS; point++) {
        /* Half a unit a weight is for rounding. */
        double room = 2147483000.0 / bound(job, point / 6, point % 6) - 0.5 * (double)job->channels;
        if (largest[point] > 0) {
          factor = fmin(factor, 32767 / largest[point]);
          factor = fmin(factor, room / total[point]);
        }
      }
      if (factor == INFINITY)
        factor = 1;
    }
    factors[output] = (float)(SCALE / factor);
  }
}

int64_t cquantized_winograd_tiles(const cquantized_convolution *job) { return job->batch * across(job) * down(job); }

/* Tiles in flight: their transformed channels and one panel of sums stay in the second-level cache. */
static int64_t chunk_tiles(const cquantized_convolution *job) {
  int64_t tiles = (256 << 10) / (POINTS * (2 * job->stride + 4 * PANEL)) / ROWS * ROWS;
  return tiles < ROWS ? ROWS : tiles > 8 * ROWS ? 8 * ROWS : tiles;
}

int64_t cquantized_winograd_scratch(const cquantized_convolution *job) {
  if (job->is_wide)
    return wide_winograd_scratch(job);
  return POINTS * chunk_tiles(job) * (2 * job->stride + 4 * PANEL) + job->stride;
}

#if defined(__x86_64__)

typedef int16_t words __attribute__((vector_size(32)));

INLINE void input_step(const words d[6], words t[6]) {
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

/* 16 channels of one tile; 36 points, `stride` apart. */
TARGET static void transform_input(const uint8_t *const pixels[POINTS], int64_t channel, int zero_point, int16_t *v,
                                   int64_t stride) {
  words d[6][6], t[6][6];
  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++)
      d[i][j] = (words)_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(pixels[i * 6 + j] + channel)));
  for (int i = 0; i < 6; i++)
    input_step(d[i], t[i]);
  for (int j = 0; j < 6; j++) {
    words column[6] = {t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j]}, result[6];
    input_step(column, result);
    /* A constant is only seen by point (1, 1): all other rows of B come to nothing. */
    if (j == 1)
      result[1] -= (int16_t)(36 * zero_point);
    for (int i = 0; i < 6; i++)
      _mm256_storeu_si256((__m256i *)(v + (i * 6 + j) * stride), (__m256i)result[i]);
  }
}

/* `rows` tiles by one panel over `pairs` pairs of channels. */
INLINE void multiply(const int rows, const int16_t *v, int64_t stride, const int16_t *u, int64_t pairs, int32_t *m) {
  __m256i sums[ROWS][2];
  UNROLLED
  for (int r = 0; r < rows; r++)
    sums[r][0] = sums[r][1] = _mm256_setzero_si256();
  for (int64_t pair = 0; pair < pairs; pair++) {
    const __m256i first = _mm256_loadu_si256((const __m256i *)u), second = _mm256_loadu_si256((const __m256i *)(u + 16));
    u += 32;
    UNROLLED
    for (int r = 0; r < rows; r++) {
      int32_t both;
      memcpy(&both, v + r * stride + pair * 2, 4);
      const __m256i factor = _mm256_set1_epi32(both);
      sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(factor, first));
      sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(factor, second));
    }
  }
  UNROLLED
  for (int r = 0; r < rows; r++) {
    _mm256_storeu_si256((__m256i *)(m + r * PANEL), sums[r][0]);
    _mm256_storeu_si256((__m256i *)(m + r * PANEL + 8), sums[r][1]);
  }
}

TARGET static void multiply_rows(int64_t count, const int16_t *v, int64_t stride, const int16_t *u, int64_t pairs,
                                 int32_t *m) {
  for (int64_t row = 0; row < count; row += ROWS) {
    const int64_t rows = count - row < ROWS ? count - row : ROWS;
#define MULTIPLY(n) multiply(n, v + row * stride, stride, u, pairs, m + row * PANEL)
    UP_TO_6(rows, MULTIPLY)
  }
}

typedef float floats __attribute__((vector_size(32)));
INLINE floats all(float x) { return (floats){x, x, x, x, x, x, x, x}; }

INLINE void output_step(const floats m[6], floats y[4]) {
  floats sum = m[1] + m[2], difference = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  y[0] = all(0.75f) * (m[0] + sum2) + sum;
  y[1] = all(1.5f) * difference2 + difference;
  y[2] = all(3) * sum2 + sum;
  y[3] = all(3) * (difference2 + difference2 + m[5]) + difference;
}

/* Eight output channels of one tile: 36 sums to 16 values. */
INLINE void transform_output(const int32_t *m, int64_t stride, floats y[4][4]) {
  floats t[4][6];
  for (int j = 0; j < 6; j++) {
    floats column[6], result[4];
    for (int i = 0; i < 6; i++)
      column[i] = (floats)_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(m + (i * 6 + j) * stride)));
    output_step(column, result);
    for (int i = 0; i < 4; i++)
      t[i][j] = result[i];
  }
  for (int i = 0; i < 4; i++)
    output_step(t[i], y[i]);
}

TARGET static void finish_tile(const cquantized_convolution *job, const int32_t *m, int64_t stride, int64_t column,
                               int64_t tile, const finish *f) {
  const int64_t n = tile / (across(job) * down(job));
  const int64_t top = tile / across(job) % down(job) * 4, left = tile % across(job) * 4;
  floats values[2][4][4];
  transform_output(m, stride, values[0]);
  transform_output(m + 8, stride, values[1]);
  __m256 scale[2], shift[2];
  for (int half = 0; half < 2; half++) {
    scale[half] = _mm256_mul_ps(_mm256_loadu_ps(job->scales + column + half * 8), f->factor);
    shift[half] = _mm256_mul_ps(_mm256_loadu_ps(job->shifts + column + half * 8), f->factor);
  }
  const int64_t rows = job->output_height - top < 4 ? job->output_height - top : 4;
  const int64_t columns = job->output_width - left < 4 ? job->output_width - left : 4;
  for (int64_t i = 0; i < rows; i++) {
    const int64_t pixel = (n * job->output_height + top + i) * job->output_width + left;
    uint8_t *y = job->y + pixel * job->output_stride + column;
    const uint8_t *residual = job->residual ? job->residual + pixel * job->residual_stride + column : NULL;
    for (int64_t j = 0; j < columns; j += 2) {
      /* The last of an odd number is stored twice. */
      const int64_t other = j + 1 < columns ? j + 1 : j;
      const __m256 both[4] = {_mm256_fmadd_ps((__m256)values[0][i][j], scale[0], shift[0]),
                              _mm256_fmadd_ps((__m256)values[1][i][j], scale[1], shift[1]),
                              _mm256_fmadd_ps((__m256)values[0][i][other], scale[0], shift[0]),
                              _mm256_fmadd_ps((__m256)values[1][i][other], scale[1], shift[1])};
      store_bytes(y + j * job->output_stride, y + other * job->output_stride, both,
                  residual ? residual + j * job->residual_stride : NULL,
                  residual ? residual + other * job->residual_stride : NULL, f);
    }
  }
}

TARGET void cquantized_winograd_part(void *context, int index) {
  cquantized_convolution *job = context;
  if (job->is_wide) {
    cquantized_wide_winograd_part(job, index);
    return;
  }
  const finish f = finish_of(job);
  const int64_t channels = job->stride, panels = (job->outputs + PANEL - 1) / PANEL;
  const int64_t tiles = cquantized_winograd_tiles(job), chunk = chunk_tiles(job);
  int16_t *v = (int16_t *)(job->scratch + index * cquantized_winograd_scratch(job));
  int32_t *m = (int32_t *)(v + POINTS * chunk * channels);
  uint8_t *outside = (uint8_t *)(m + POINTS * chunk * PANEL);
  memset(outside, job->zero_point, (size_t)channels);
  /* Work is shared by tiles and, where there are few, by output channels, for each of which the input is transformed. */
  const int64_t chunks = (tiles + chunk - 1) / chunk, groups = job->groups < panels ? job->groups : panels;
  int64_t item, end;
  while (take(&job->next, 1, chunks * groups, &item, &end)) {
    const int64_t first = item / groups * chunk, last = first + chunk < tiles ? first + chunk : tiles;
    const int64_t group = item % groups;
    for (int64_t tile = first; tile < last; tile++) {
      const uint8_t *pixels[POINTS];
      locate_tile(job, tile, outside, pixels);
      for (int64_t channel = 0; channel < channels; channel += 16)
        transform_input(pixels, channel, job->zero_point, v + (tile - first) * channels + channel, chunk * channels);
    }
    for (int64_t panel = panels * group / groups; panel < panels * (group + 1) / groups; panel++) {
      for (int64_t point = 0; point < POINTS; point++)
        multiply_rows(last - first, v + point * chunk * channels, channels,
                      (const int16_t *)job->weights + (panel * POINTS + point) * channels * PANEL, channels / 2,
                      m + point * chunk * PANEL);
      for (int64_t tile = first; tile < last; tile++)
        finish_tile(job, m + (tile - first) * PANEL, chunk * PANEL, panel * PANEL, tile, &f);
    }
  }
}

#else

void cquantized_winograd_part(void *job, int index) { (void)job, (void)index; }

#endif
