#include "kernels.h"

static int64_t whole_panels(int64_t count) { return (count + PANEL - 1) / PANEL * PANEL; }

/* k transposed in panels, v in panels, and one strip of scores and of results. */
int64_t ctransformer_attention_scratch(const ctransformer_attention *job) {
  const int64_t keys = whole_panels(job->keys), values = whole_panels(job->value_depth);
  return keys * job->depth + values * job->keys + ROWS * (keys + values);
}

void ctransformer_attention_start(ctransformer_attention *job) { job->next = 0; }

#if defined(__x86_64__)

/* [panel][row][16] of `columns` columns; element [row][column] of the source is at row * row_stride + column * step. */
INLINE void panels(const float *from, int64_t row_stride, int64_t step, int64_t rows, int64_t columns, float *to) {
  for (int64_t start = 0; start < columns; start += PANEL) {
    const int64_t width = columns - start < PANEL ? columns - start : PANEL;
    for (int64_t row = 0; row < rows; row++, to += PANEL) {
      const float *source = from + row * row_stride + start * step;
      if (width == PANEL)
        for (int column = 0; column < PANEL; column++)
          to[column] = source[column * step];
      else
        for (int column = 0; column < PANEL; column++)
          to[column] = column < width ? source[column * step] : 0;
    }
  }
}

/* The softmax of scale x + mask, in place; the lanes beyond `count` become 0. */
INLINE void softmax(float *x, int64_t count, int64_t padded, float scale, const float *added) {
  vector high = all(-__builtin_inff());
  int64_t whole = count / LANES * LANES;
  for (int64_t i = 0; i < padded; i += LANES) {
    vector value = load(x + i) * all(scale);
    if (i < whole) {
      if (added)
        value += load(added + i);
    } else {
      for (int lane = 0; lane < LANES; lane++)
        value[lane] = i + lane < count ? value[lane] + (added ? added[i + lane] : 0) : -__builtin_inff();
    }
    store(x + i, value);
    high = select_lanes(value > high, value, high);
  }
  float top = high[0];
  for (int lane = 1; lane < LANES; lane++)
    top = high[lane] > top ? high[lane] : top;
  vector sum = all(0);
  for (int64_t i = 0; i < padded; i += LANES) {
    vector value = exponential(load(x + i) - all(top));
    if (i >= whole)
      for (int lane = 0; lane < LANES; lane++)
        if (i + lane >= count)
          value[lane] = 0;
    store(x + i, value);
    sum += value;
  }
  float total = 0;
  for (int lane = 0; lane < LANES; lane++)
    total += sum[lane];
  vector factor = all(1 / total);
  for (int64_t i = 0; i < padded; i += LANES)
    store(x + i, load(x + i) * factor);
}

/* `rows` queries against all keys and values. */
INLINE void strip(const int rows, const ctransformer_attention *job, const float *q, const float *keys,
                  const float *values, const float *added, float *scores, float *result, float *y) {
  const int64_t padded = whole_panels(job->keys), width = whole_panels(job->value_depth);
  for (int64_t start = 0; start < padded; start += PANEL) {
    vector sums[ROWS][2];
    UNROLLED
    for (int r = 0; r < rows; r++)
      sums[r][0] = sums[r][1] = all(0);
    multiply(rows, sums, q, job->q_strides[2], 1, keys + start * job->depth, job->depth, PANEL);
    UNROLLED
    for (int r = 0; r < rows; r++)
      UNROLLED
      for (int b = 0; b < 2; b++)
        store(scores + r * padded + start + b * LANES, sums[r][b]);
  }
  UNROLLED
  for (int r = 0; r < rows; r++)
    softmax(scores + r * padded, job->keys, padded, job->scale, added ? added + r * job->mask_strides[2] : NULL);
  for (int64_t start = 0; start < width; start += PANEL) {
    vector sums[ROWS][2];
    UNROLLED
    for (int r = 0; r < rows; r++)
      sums[r][0] = sums[r][1] = all(0);
    multiply(rows, sums, scores, padded, 1, values + start * job->keys, job->keys, PANEL);
    const int64_t columns = job->value_depth - start;
    UNROLLED
    for (int r = 0; r < rows; r++) {
      float *to = columns < PANEL ? result + r * PANEL : y + r * job->y_strides[2] + start;
      store(to, sums[r][0]);
      store(to + LANES, sums[r][1]);
      if (columns < PANEL)
        memcpy(y + r * job->y_strides[2] + start, to, (size_t)columns * sizeof(float));
    }
  }
}

TARGET void ctransformer_attention_part(void *context, int index) {
  ctransformer_attention *job = context;
  float *keys = job->scratch + index * ctransformer_attention_scratch(job);
  float *values = keys + whole_panels(job->keys) * job->depth;
  float *scores = values + whole_panels(job->value_depth) * job->keys;
  float *result = scores + ROWS * whole_panels(job->keys);
  int64_t first, last;
  while (take(&job->next, 1, job->batch * job->heads, &first, &last)) {
    const int64_t item = first / job->heads, head = first % job->heads;
#define AT(name) (job->name + item * job->name##_strides[0] + head * job->name##_strides[1])
    const float *q = AT(q), *added = job->mask ? AT(mask) : NULL;
    float *y = AT(y);
    panels(AT(k), 1, job->k_strides[2], job->depth, job->keys, keys);
    panels(AT(v), job->v_strides[2], 1, job->keys, job->value_depth, values);
    for (int64_t row = 0; row < job->queries; row += ROWS) {
      const int64_t rows = job->queries - row < ROWS ? job->queries - row : ROWS;
      const float *own = added ? added + row * job->mask_strides[2] : NULL;
#define STRIP(n)                                                                                                       \
  strip(n, job, q + row * job->q_strides[2], keys, values, own, scores, result, y + row * job->y_strides[2])
      FOR_ROWS(rows, STRIP)
    }
  }
}

#else

void ctransformer_attention_part(void *job, int index) { (void)job, (void)index; }

#endif
