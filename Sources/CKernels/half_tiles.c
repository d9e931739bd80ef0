/* Products of bfloat16 numbers in AMX's tiles: an instruction multiplies 16 rows of 16 pairs with 16 pairs of 16 columns. */
#include "ctiles.h"
#include "internal.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define SIDE CTILES_ROWS /* rows, pairs and columns of a tile */
#define DEPTH 12         /* tiles, of two rows of them, that stay in the first-level cache */

#define TILES __attribute__((target("amx-tile,amx-bf16,avx512f")))
#define KERNEL static inline TILES __attribute__((always_inline))

/* All registers whole. */
TILES static void begin_tiles(void) {
  ctiles_shapes shapes = {.palette = 1};
  for (int i = 0; i < 8; i++) {
    shapes.rows[i] = SIDE;
    shapes.row_bytes[i] = CTILES_BYTES;
  }
  _tile_loadconfig(&shapes);
}

/* Up to two tiles of a by up to two of b. */
typedef struct {
  const void *a[2];
  int64_t a_bytes; /* from a row to the next */
  const void *b[2];
  int64_t b_bytes, b_step; /* from a row to the next, and from a tile to the one below */
  float *c[2];
  int64_t c_bytes;
} block;

/* Sums are in the registers 0 to 3. */
KERNEL void multiply_block(const int rows, const int columns, const block *s, int64_t depth, int adds) {
#define SUM(row, column, body)                                                                                         \
  if (rows > row && columns > column)                                                                                  \
  body((row * 2 + column), row, column)
#define BEGIN(i, row, column)                                                                                          \
  {                                                                                                                    \
    if (adds)                                                                                                          \
      _tile_loadd(i, s->c[row] + column * SIDE, s->c_bytes);                                                           \
    else                                                                                                               \
      _tile_zero(i);                                                                                                   \
  }
#define STORE(i, row, column) _tile_stored(i, s->c[row] + column * SIDE, s->c_bytes);
  SUM(0, 0, BEGIN)
  SUM(0, 1, BEGIN)
  SUM(1, 0, BEGIN)
  SUM(1, 1, BEGIN)
  for (int64_t k = 0; k < depth; k++) {
    _tile_loadd(6, (const uint8_t *)s->b[0] + k * s->b_step, s->b_bytes);
    _tile_loadd(4, (const uint8_t *)s->a[0] + k * CTILES_BYTES, s->a_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if (columns > 1) {
      _tile_loadd(7, (const uint8_t *)s->b[1] + k * s->b_step, s->b_bytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (rows > 1) {
      _tile_loadd(5, (const uint8_t *)s->a[1] + k * CTILES_BYTES, s->a_bytes);
      _tile_dpbf16ps(2, 5, 6);
      if (columns > 1)
        _tile_dpbf16ps(3, 5, 7);
    }
  }
  SUM(0, 0, STORE)
  SUM(0, 1, STORE)
  SUM(1, 0, STORE)
  SUM(1, 1, STORE)
}

TILES static void multiply(int rows, int columns, const block *s, int64_t depth, int adds) {
  if (rows == 2 && columns == 2)
    multiply_block(2, 2, s, depth, adds);
  else if (rows == 2)
    multiply_block(2, 1, s, depth, adds);
  else if (columns == 2)
    multiply_block(1, 2, s, depth, adds);
  else
    multiply_block(1, 1, s, depth, adds);
}

/* Rows or pairs that are no whole tile, by way of copies that are filled up with zeros. */
TILES static void multiply_edge(const ckernels_half_product *p, const uint32_t *a, const uint32_t *b, float *c,
                                 int64_t rows, int64_t columns, int64_t pairs, int adds) {
  uint32_t left[SIDE * DEPTH * SIDE] __attribute__((aligned(CTILES_BYTES)));
  uint32_t right[DEPTH * SIDE * 2 * SIDE] __attribute__((aligned(CTILES_BYTES)));
  float sums[SIDE * 2 * SIDE] __attribute__((aligned(CTILES_BYTES)));
  const int64_t depth = (pairs + SIDE - 1) / SIDE;
  memset(left, 0, sizeof left);
  memset(right, 0, sizeof right);
  memset(sums, 0, sizeof sums);
  for (int64_t r = 0; r < rows; r++) {
    memcpy(left + r * depth * SIDE, a + r * p->a_row, (size_t)pairs * sizeof *a);
    if (adds)
      memcpy(sums + r * 2 * SIDE, c + r * p->columns, (size_t)(columns * SIDE) * sizeof *c);
  }
  for (int64_t k = 0; k < pairs; k++)
    memcpy(right + k * 2 * SIDE, b + k * p->columns, (size_t)(columns * SIDE) * sizeof *b);
  const block s = {{left, NULL}, depth * CTILES_BYTES, {right, right + SIDE}, 2 * CTILES_BYTES, SIDE * 2 * CTILES_BYTES,
                   {sums, NULL}, 2 * CTILES_BYTES};
  multiply(1, (int)columns, &s, depth, 1);
  for (int64_t r = 0; r < rows; r++)
    memcpy(c + r * p->columns, sums + r * 2 * SIDE, (size_t)(columns * SIDE) * sizeof *c);
}

TILES void ckernels_half_multiply_tiles(const ckernels_half_product *p, const uint32_t *a, const uint32_t *b,
                                         float *c, int64_t begin, int64_t end) {
  begin_tiles();
  const int64_t whole = p->pairs / SIDE * SIDE;
  /* Two tiles of rows by DEPTH stay in the first-level cache while all columns pass. */
  for (int64_t k = 0; k < p->pairs;) {
    const int64_t pairs = k == whole ? p->pairs - k : whole - k < DEPTH * SIDE ? whole - k : DEPTH * SIDE;
    const int adds = p->adds || k > 0;
    for (int64_t r = begin; r < end;) {
      const int64_t rows = k == whole || end - r < SIDE ? 0 : end - r < 2 * SIDE ? 1 : 2;
      const int64_t left = end - r < SIDE ? end - r : SIDE;
      const uint32_t *from = a + r * p->a_row + k;
      for (int64_t j = 0; j < p->columns; j += 2 * SIDE) {
        const int64_t columns = p->columns - j < 2 * SIDE ? 1 : 2;
        const uint32_t *right = b + k * p->columns + j;
        float *to = c + r * p->columns + j;
        const block s = {{from, from + SIDE * p->a_row}, p->a_row * 4, {right, right + SIDE}, p->columns * 4,
                         SIDE * p->columns * 4, {to, to + SIDE * p->columns}, p->columns * 4};
        if (rows)
          multiply((int)rows, (int)columns, &s, pairs / SIDE, adds);
        else
          multiply_edge(p, from, right, to, left, columns, pairs, adds);
      }
      r += rows ? rows * SIDE : left;
    }
    k += pairs;
  }
  _tile_release();
}

#else

void ckernels_half_multiply_tiles(const ckernels_half_product *p, const uint32_t *a, const uint32_t *b, float *c,
                                  int64_t begin, int64_t end) {
  (void)p, (void)a, (void)b, (void)c, (void)begin, (void)end;
}

#endif

int ckernels_has_tiles(void) { return ctiles_have_halves(); }
