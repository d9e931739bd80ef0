#include "exponential.h"
#include "lanes.h"
#include "internal.h"

/* Queries whose attention weights are held at a time. */
#define ROWS 64

/* One head's numbers in scratch memory: rows padded to whole vectors, what is a right factor transposed. */
typedef struct {
  int64_t tokens, size, width;   /* of a row of qkv */
  int64_t padded_tokens, padded; /* multiples of the block */
  float factor;                  /* 1 / sqrt(size) */
} head;

INLINE head head_of(const ckernels_attention *shape) {
  int64_t block = shape->block;
  head of = {shape->tokens,
             shape->size,
             3 * shape->heads * shape->size,
             (shape->tokens + block - 1) / block * block,
             (shape->size + block - 1) / block * block,
             1 / __builtin_sqrtf((float)shape->size)};
  return of;
}

int64_t ckernels_attention_scratch(const ckernels_attention *shape) {
  head of = head_of(shape);
  return 2 * of.size * of.padded_tokens + 5 * of.tokens * of.padded + 2 * ROWS * of.padded_tokens +
         ROWS * of.padded + ROWS;
}

/* to[c][t] = factor from[t][c]; the padding is 0. Eight tokens at a time, whose stores then lie beside each other. */
INLINE void transpose(const float *from, int64_t row, float factor, const head *of, float *to) {
  int64_t p = of->padded_tokens, t = 0;
  for (; t + 8 <= of->tokens; t += 8) {
    const float *at = from + t * row;
    for (int64_t c = 0; c < of->size; c++) {
      lanes_8 v = {at[c],           at[row + c],     at[2 * row + c], at[3 * row + c],
                   at[4 * row + c], at[5 * row + c], at[6 * row + c], at[7 * row + c]};
      store_8(to + c * p + t, factor * v);
    }
  }
  for (int64_t c = 0; c < of->size; c++) {
    for (int64_t rest = t; rest < of->tokens; rest++)
      to[c * p + rest] = factor * from[rest * row + c];
    for (int64_t rest = of->tokens; rest < p; rest++)
      to[c * p + rest] = 0;
  }
}

/* to[t][c] = from[t][c]; the padding is 0. */
INLINE void pack(const float *from, int64_t row, const head *of, float *to) {
  for (int64_t t = 0; t < of->tokens; t++) {
    for (int64_t c = 0; c < of->size; c++)
      to[t * of->padded + c] = from[t * row + c];
    for (int64_t c = of->size; c < of->padded; c++)
      to[t * of->padded + c] = 0;
  }
}

INLINE void unpack(const float *from, float factor, const head *of, int64_t count, int64_t row, float *to) {
  for (int64_t t = 0; t < count; t++)
    for (int64_t c = 0; c < of->size; c++)
      to[t * row + c] = factor * from[t * of->padded + c];
}

INLINE float largest_of(const float *s, int64_t count) {
  lanes_16 most = s[0];
  int64_t j = 0;
  for (; j + 16 <= count; j += 16) {
    lanes_16 v = load_16(s + j);
    most = select_16(v > most, v, most);
  }
  float m = s[0];
  for (int l = 0; l < 16; l++)
    m = most[l] > m ? most[l] : m;
  for (; j < count; j++)
    m = s[j] > m ? s[j] : m;
  return m;
}

INLINE float sum_of(const float *s, int64_t count) {
#pragma clang fp reassociate(on)
  float sum = 0;
  for (int64_t j = 0; j < count; j++)
    sum += s[j];
  return sum;
}

/* s = exp(s - largest); returns the sum, and the largest. A NaN makes the sum one. */
INLINE float exponentials(float *s, int64_t count, float *largest) {
  float m = largest_of(s, count);
#pragma clang loop vectorize(assume_safety)
  for (int64_t j = 0; j < count; j++)
    s[j] = exponential_below_1(s[j] - m);
  *largest = m;
  return sum_of(s, count);
}

CLONES void ckernels_attend(const ckernels_attention *shape, const float *qkv, float *y, float *logsum, float *scratch,
                            int64_t begin, int64_t end) {
  head of = head_of(shape);
  int64_t features = shape->heads * of.size;
  float *keys = scratch, *values = keys + of.size * of.padded_tokens, *weights = values + of.tokens * of.padded,
        *result = weights + ROWS * of.padded_tokens;
  for (int64_t unit = begin; unit < end; unit++) {
    int64_t n = unit / shape->heads, h = unit % shape->heads;
    const float *q = qkv + n * of.tokens * of.width + h * of.size;
    float *out = y + n * of.tokens * features + h * of.size;
    transpose(q + features, of.width, of.factor, &of, keys);
    pack(q + 2 * features, of.width, &of, values);
    for (int64_t first = 0; first < of.tokens; first += ROWS) {
      int64_t rows = of.tokens - first < ROWS ? of.tokens - first : ROWS;
      ckernels_product(shape->block, q + first * of.width, of.width, 1, keys, of.padded_tokens, weights,
                       of.padded_tokens, rows, of.padded_tokens, of.size, 0);
      float inverse[ROWS];
      for (int64_t r = 0; r < rows; r++) {
        float largest, sum = exponentials(weights + r * of.padded_tokens, of.tokens, &largest);
        inverse[r] = 1 / sum;
        logsum[unit * of.tokens + first + r] = largest + logf(sum);
      }
      ckernels_product(shape->block, weights, of.padded_tokens, 1, values, of.padded, result, of.padded, rows,
                       of.padded, of.tokens, 0);
      for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < of.size; c++)
          out[(first + r) * features + c] = inverse[r] * result[r * of.padded + c];
    }
  }
}

/* s becomes the attention weights, d the gradient of the scores: weights (d - delta). */
INLINE void score_gradient(float *s, float *d, int64_t count, float logsum, float delta) {
#pragma clang loop vectorize(assume_safety)
  for (int64_t j = 0; j < count; j++) {
    float p = exponential_below_1(s[j] - logsum);
    s[j] = p;
    d[j] = p * (d[j] - delta);
  }
}

INLINE float dot(const float *a, const float *b, int64_t count) {
#pragma clang fp reassociate(on) contract(fast)
  float sum = 0;
  for (int64_t c = 0; c < count; c++)
    sum += a[c] * b[c];
  return sum;
}

CLONES void ckernels_attend_gradient(const ckernels_attention *shape, const float *qkv, const float *y,
                                     const float *logsum, const float *dy, float *dqkv, float *scratch, int64_t begin,
                                     int64_t end) {
  head of = head_of(shape);
  int64_t features = shape->heads * of.size, matrix = of.tokens * of.padded, p = of.padded_tokens;
  float *turned_keys = scratch, *turned_values = turned_keys + of.size * p, *queries = turned_values + of.size * p,
        *keys = queries + matrix, *outputs = keys + matrix, *dkeys = outputs + matrix, *dvalues = dkeys + matrix,
        *weights = dvalues + matrix, *dweights = weights + ROWS * p, *dqueries = dweights + ROWS * p;
  for (int64_t unit = begin; unit < end; unit++) {
    int64_t n = unit / shape->heads, h = unit % shape->heads;
    const float *q = qkv + n * of.tokens * of.width + h * of.size;
    float *dq = dqkv + n * of.tokens * of.width + h * of.size;
    const float *out = y + n * of.tokens * features + h * of.size, *dout = dy + (out - y);
    transpose(q + features, of.width, of.factor, &of, turned_keys);
    transpose(q + 2 * features, of.width, 1, &of, turned_values);
    pack(q, of.width, &of, queries);
    pack(q + features, of.width, &of, keys);
    pack(dout, features, &of, outputs);
    for (int64_t first = 0; first < of.tokens; first += ROWS) {
      int64_t rows = of.tokens - first < ROWS ? of.tokens - first : ROWS;
      float *own_queries = queries + first * of.padded, *own_outputs = outputs + first * of.padded;
      ckernels_product(shape->block, own_queries, of.padded, 1, turned_keys, p, weights, p, rows, p, of.size, 0);
      ckernels_product(shape->block, own_outputs, of.padded, 1, turned_values, p, dweights, p, rows, p, of.size, 0);
      for (int64_t r = 0; r < rows; r++)
        score_gradient(weights + r * p, dweights + r * p, of.tokens, logsum[unit * of.tokens + first + r],
                       dot(dout + (first + r) * features, out + (first + r) * features, of.size));
      ckernels_product(shape->block, weights, 1, p, own_outputs, of.padded, dvalues, of.padded, of.tokens, of.padded,
                       rows, first > 0);
      ckernels_product(shape->block, dweights, 1, p, own_queries, of.padded, dkeys, of.padded, of.tokens, of.padded,
                       rows, first > 0);
      ckernels_product(shape->block, dweights, p, 1, keys, of.padded, dqueries, of.padded, rows, of.padded, of.tokens,
                       0);
      unpack(dqueries, of.factor, &of, rows, of.width, dq + first * of.width);
    }
    unpack(dkeys, of.factor, &of, of.tokens, of.width, dq + features);
    unpack(dvalues, 1, &of, of.tokens, of.width, dq + 2 * features);
  }
}
