/* What a transformer spends its time on: products with constant weights, attention, layer normalisation. For AVX2 with
 * FMA; all tensors single precision, row-major, with the strides that the structures name.
 *
 * No allocation, no threads of its own, no globals. A `job` is shared by the threads that call its `_part` function with
 * different indices, after its `_start`; each part takes work until none is left, so that a thread that the system holds
 * up does not hold up the others. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether this processor can run any of it. */
int ctransformer_supported(void);

typedef enum {
  CTRANSFORMER_IDENTITY = 0,
  CTRANSFORMER_RELU = 1,
  CTRANSFORMER_GELU = 2 /* by the error function */
} ctransformer_activation;

/* y [rows, columns] = activation(x [rows, inner] w [inner, columns] + bias + residual) */
typedef struct {
  int64_t rows, inner, columns;
  int64_t x_stride, y_stride, residual_stride; /* floats from one row to the next */
  int32_t activation;
  int64_t next; /* work that is handed out; reset by ctransformer_dense_start */
  const float *x;
  const float *weights; /* as ctransformer_dense_pack left them */
  const float *bias;    /* a number for each column, filled up with zeros to a multiple of 16 */
  const float *residual; /* null for none; may be y */
  float *y;
  float *scratch; /* ctransformer_dense_scratch floats */
} ctransformer_dense;

/* Floats of packed weights. */
int64_t ctransformer_dense_packed(int64_t inner, int64_t columns);
/* Packs weights whose element [k][column] is at k * row_stride + column * column_stride. */
void ctransformer_dense_pack(const float *weights, int64_t row_stride, int64_t column_stride, int64_t inner,
                             int64_t columns, float *packed);
int64_t ctransformer_dense_scratch(int64_t rows, int64_t inner);
/* Before the parts of each phase: phase 0 lays out x, phase 1 multiplies. */
void ctransformer_dense_start(ctransformer_dense *job);
void ctransformer_dense_layout_part(void *job, int index);
void ctransformer_dense_multiply_part(void *job, int index);

/* y = softmax(scale q k' + mask) v for each item of a batch and each head: q [queries, depth], k [keys, depth],
 * v [keys, value_depth]. Vaswani et al. 2017, arXiv 1706.03762. */
typedef struct {
  int64_t batch, heads, queries, keys, depth, value_depth;
  /* Floats from one item, head and row to the next; rows themselves are contiguous. Mask strides may be 0. */
  int64_t q_strides[3], k_strides[3], v_strides[3], y_strides[3], mask_strides[3];
  float scale;
  int64_t next;
  const float *q, *k, *v;
  const float *mask; /* [queries, keys], null for none */
  float *y;
  float *scratch; /* ctransformer_attention_scratch floats for each thread */
} ctransformer_attention;

int64_t ctransformer_attention_scratch(const ctransformer_attention *job);
void ctransformer_attention_start(ctransformer_attention *job);
void ctransformer_attention_part(void *job, int index);

/* y = (x - mean) / sqrt(variance + epsilon) scale + shift over each row. Ba et al. 2016, arXiv 1607.06450. */
typedef struct {
  int64_t rows, columns;
  float epsilon;
  int64_t next;
  const float *x, *scale, *shift;
  float *y;
} ctransformer_layer_norm;

void ctransformer_layer_norm_start(ctransformer_layer_norm *job);
void ctransformer_layer_norm_part(void *job, int index);

/* The softmax over the middle axis of [outer, count, inner], inner at least 8; y may not be x. */
typedef struct {
  int64_t outer, count, inner;
  int64_t next;
  const float *x;
  float *y;
} ctransformer_softmax;

void ctransformer_softmax_start(ctransformer_softmax *job);
void ctransformer_softmax_part(void *job, int index);

#ifdef __cplusplus
}
#endif
