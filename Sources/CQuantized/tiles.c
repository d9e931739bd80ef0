/* Convolutions by their definition with AMX: an instruction multiplies a tile of 16 pixels by 64 bytes with one of 64 bytes
 * by 16 outputs. */
#include "ctiles.h"
#include "tiles.h"

#if defined(__x86_64__)
#include "epilogue.h"
#include "epilogue512.h"

#define TILES                                                                                                          \
  __attribute__((target("amx-tile,amx-int8,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma")))
#define INLINE_TILES static inline TILES __attribute__((always_inline))

/* Registers 0 to 3 hold sums. */
#define SUMS 4
#define SUM_BYTES (TILE_ROWS * BLOCK)

#define FOR_EACH_SUM(count, body)                                                                                      \
  body(0);                                                                                                             \
  if (count > 1)                                                                                                       \
    body(1);                                                                                                           \
  if (count > 2)                                                                                                       \
    body(2);                                                                                                           \
  if (count > 3)                                                                                                       \
    body(3);

/* The sums of up to four tiles of pixels with one panel, or of one tile with up to four panels. */
INLINE_TILES void multiply(const int tiles, const int panels, const cquantized_convolution *job, const tiling *t,
                           const uint8_t *const x[SUMS], int64_t panel, uint8_t *sums) {
  const int64_t taps = runs(job), row = job->dilation_y * padded_width(job) * job->stride;
  const int64_t pixel = job->stride_x * job->stride, depth = t->depth, bytes = t->steps * BLOCK;
  const int64_t next = job->kernel_height * taps * depth * bytes; /* panel */
  const uint8_t *w = (const uint8_t *)job->weights + panel * next;
#define BEGIN(i) _tile_loadd(i, job->bias + (panel + (panels > 1 ? i : 0)) * PANEL, 0) /* the same for all pixels */
#define MULTIPLY_TILE(i)                                                                                               \
  {                                                                                                                    \
    _tile_loadd(4 + i % 2, x[i] + offset, pixel);                                                                      \
    _tile_dpbusd(i, 4 + i % 2, 6);                                                                                     \
  }
#define MULTIPLY_PANEL(i)                                                                                              \
  {                                                                                                                    \
    _tile_loadd(6 + i % 2, w + i * next, BLOCK);                                                                       \
    _tile_dpbusd(i, 4, 6 + i % 2);                                                                                     \
  }
#define STORE(i) _tile_stored(i, sums + i * SUM_BYTES, BLOCK)
  FOR_EACH_SUM(tiles * panels, BEGIN)
  for (int64_t y = 0; y < job->kernel_height; y++)
    for (int64_t tap = 0; tap < taps; tap++) {
      int64_t offset = y * row + tap * job->dilation_x * job->stride;
      for (int64_t i = 0; i < depth; i++, offset += 4 * t->steps, w += bytes) {
        if (panels == 1) {
          _tile_loadd(6, w, BLOCK);
          FOR_EACH_SUM(tiles, MULTIPLY_TILE)
        } else {
          _tile_loadd(4, x[0] + offset, pixel);
          FOR_EACH_SUM(panels, MULTIPLY_PANEL)
        }
      }
    }
  FOR_EACH_SUM(tiles * panels, STORE)
}

/* Sums to bytes: pixels [first, last) of a tile, of which `pixel` is the first's number. */
INLINE_TILES void finish_one(const cquantized_convolution *job, const uint8_t *sums, int64_t first, int64_t last,
                             int64_t pixel, int64_t panel, const wide_finish *f) {
  const int64_t column = panel * PANEL;
  const __m512 scale = _mm512_mul_ps(_mm512_loadu_ps(job->scales + column), f->factor);
  const uint8_t *residual = job->residual ? job->residual + pixel * job->residual_stride + column : NULL;
  uint8_t *y = job->y + pixel * job->output_stride + column;
  for (int64_t p = first; p < last; p += 4) {
    __m512 values[4];
    const uint8_t *others[4];
    UNROLLED
    for (int i = 0; i < 4; i++) {
      /* The last stands for those that are missing. */
      const int64_t q = p + i < last ? p + i : last - 1;
      values[i] = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_load_si512(sums + q * BLOCK)), scale);
      others[i] = residual ? residual + (q - first) * job->residual_stride : NULL;
    }
    const __m512i bytes = wide_bytes(values, others, f);
    uint8_t *to = y + (p - first) * job->output_stride;
    _mm_storeu_si128((__m128i *)to, _mm512_castsi512_si128(bytes));
    if (p + 1 < last)
      _mm_storeu_si128((__m128i *)(to + job->output_stride), _mm512_extracti32x4_epi32(bytes, 1));
    if (p + 2 < last)
      _mm_storeu_si128((__m128i *)(to + 2 * job->output_stride), _mm512_extracti32x4_epi32(bytes, 2));
    if (p + 3 < last)
      _mm_storeu_si128((__m128i *)(to + 3 * job->output_stride), _mm512_extracti32x4_epi32(bytes, 3));
  }
}

/* The same for four panels at once, whose bytes of a pixel lie side by side. */
INLINE_TILES void finish_four(const cquantized_convolution *job, const uint8_t *sums, int64_t first, int64_t last,
                              int64_t pixel, int64_t panel, const wide_finish *f) {
  const int64_t column = panel * PANEL;
  __m512 scale[4];
  UNROLLED
  for (int i = 0; i < 4; i++)
    scale[i] = _mm512_mul_ps(_mm512_loadu_ps(job->scales + column + i * PANEL), f->factor);
  const uint8_t *residual = job->residual ? job->residual + pixel * job->residual_stride + column : NULL;
  uint8_t *y = job->y + pixel * job->output_stride + column;
  for (int64_t p = first; p < last; p++, y += job->output_stride) {
    __m512 values[4];
    const uint8_t *others[4];
    UNROLLED
    for (int i = 0; i < 4; i++) {
      const __m512i sum = _mm512_load_si512(sums + i * SUM_BYTES + p * BLOCK);
      values[i] = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), scale[i]);
      others[i] = residual ? residual + i * PANEL : NULL;
    }
    _mm512_storeu_si512(y, wide_bytes(values, others, f));
    residual = residual ? residual + job->residual_stride : NULL;
  }
}

/* A tile of pixels. */
typedef struct {
  const uint8_t *x;
  int64_t pixel, skipped; /* the first one's number, after so many that belong to the tile before */
} tile;

static tile locate(const cquantized_convolution *job, const tiling *t, int64_t index) {
  const int64_t row = padded_width(job) * job->stride, image = padded_height(job) * row;
  const int64_t line = index / t->across, start = index % t->across * t->pixels;
  /* The last tile of a row of pixels begins early rather than having fewer pixels. */
  const int64_t begin = start + t->pixels <= t->width ? start : t->width - t->pixels;
  const uint8_t *x = job->padded + begin * job->stride_x * job->stride;
  if (!t->is_flat)
    x += line / job->output_height * image + line % job->output_height * job->stride_y * row;
  return (tile){x, line * t->width + start, start - begin};
}

/* Up to four tiles with one panel. */
TILES static void deep(const cquantized_convolution *job, const tiling *t, const tile *tiles, int64_t count,
                       int64_t panel, uint8_t *sums, const wide_finish *f) {
  const uint8_t *x[SUMS];
  for (int64_t i = 0; i < count; i++)
    x[i] = tiles[i].x;
#define DEEP(n) multiply(n, 1, job, t, x, panel, sums)
  UP_TO_4(count, DEEP)
  for (int64_t i = 0; i < count; i++)
    finish_one(job, sums + i * SUM_BYTES, tiles[i].skipped, t->pixels, tiles[i].pixel, panel, f);
}

/* One tile with up to four panels. */
TILES static void broad(const cquantized_convolution *job, const tiling *t, const tile *tile, int64_t panel,
                        int64_t panels, uint8_t *sums, const wide_finish *f) {
#define BROAD(n) multiply(1, n, job, t, &tile->x, panel, sums)
  UP_TO_4(panels, BROAD)
  if (panels == SUMS) {
    finish_four(job, sums, tile->skipped, t->pixels, tile->pixel, panel, f);
    return;
  }
  for (int64_t i = 0; i < panels; i++)
    finish_one(job, sums + i * SUM_BYTES, tile->skipped, t->pixels, tile->pixel, panel + i, f);
}

#define CACHED (40 << 10) /* bytes of weights */
#define CHUNK 32          /* tiles at most, that use a panel's weights one after the other */

TILES void cquantized_tiles_part(cquantized_convolution *job, int index) {
  const tiling t = tiling_of(job);
  const wide_finish f = wide_finish_of(job);
  ctiles_shapes shapes = {.palette = 1};
  for (int i = 0; i < 6; i++) {
    shapes.rows[i] = (uint8_t)t.pixels;
    shapes.row_bytes[i] = (uint16_t)(i < SUMS ? BLOCK : 4 * t.steps);
  }
  for (int i = 6; i < 8; i++) {
    shapes.rows[i] = (uint8_t)t.steps;
    shapes.row_bytes[i] = BLOCK;
  }
  _tile_loadconfig(&shapes);
  uint8_t *sums = job->scratch + index * TILES_SCRATCH;
  const int64_t panels = (job->outputs + PANEL - 1) / PANEL, tiles = t.rows * t.across;
  /* What four panels' weights take must stay in the first-level cache from one tile to the next. */
  const int64_t depth = job->kernel_height * runs(job) * t.depth * t.steps;
  const int is_broad = panels >= SUMS && depth * SUMS * BLOCK <= CACHED;
  const int64_t size = is_broad ? SUMS : 1, sets = (panels + size - 1) / size; /* of panels */
  /* A unit of work is a chunk of tiles by a group of sets. */
  const int64_t least = (tiles + CHUNK - 1) / CHUNK, quads = (tiles + SUMS - 1) / SUMS;
  /* Weights that are more than pixels are read once. */
  const int64_t wanted = panels * PANEL > t.rows * t.width ? 1 : UNITS < quads ? UNITS : quads;
  const int64_t chunks = least > wanted ? least : wanted;
  int64_t groups = (UNITS + chunks - 1) / chunks;
  groups = groups < sets ? groups : sets;
  int64_t unit, end;
  while (take(&job->next, 1, chunks * groups, &unit, &end)) {
    const int64_t chunk = unit % chunks, group = unit / chunks, last_set = (group + 1) * sets / groups;
    const int64_t first = tiles * chunk / chunks, count = tiles * (chunk + 1) / chunks - first;
    tile places[CHUNK];
    for (int64_t i = 0; i < count; i++)
      places[i] = locate(job, &t, first + i);
    for (int64_t set = group * sets / groups; set < last_set; set++) {
      const int64_t panel = set * size, left = panels - panel < size ? panels - panel : size;
      if (is_broad)
        for (int64_t i = 0; i < count; i++)
          broad(job, &t, places + i, panel, left, sums, &f);
      else
        for (int64_t i = 0, parts = (count + SUMS - 1) / SUMS; i < parts; i++) {
          const int64_t begin = count * i / parts;
          deep(job, &t, places + begin, count * (i + 1) / parts - begin, panel, sums, &f);
        }
    }
  }
  _tile_release();
}

#else

void cquantized_tiles_part(cquantized_convolution *job, int index) { (void)job, (void)index; }

#endif

int cquantized_tiles_supported(void) { return cquantized_wide_supported() && ctiles_have_bytes(); }
