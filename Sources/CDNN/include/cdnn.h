/* A thin layer over oneDNN's C API that looks the same for oneDNN 2.x (operation descriptors) and 3.x (none).
 *
 * Tensors of single precision, or of bfloat16 where a function says so. Every function that can fail returns a
 * dnnl_status_t as int: 0 is success. No threads of its own; a primitive may be used by one thread at a time. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cdnn_engine cdnn_engine;       /* a CPU engine */
typedef struct cdnn_stream cdnn_stream;       /* an in-order stream; one a thread */
typedef struct cdnn_primitive cdnn_primitive; /* a primitive and the memory objects of its arguments */

typedef enum {
  CDNN_PLAIN = 0,         /* row major: abcd */
  CDNN_BLOCKED_8 = 1,     /* nChw8c */
  CDNN_BLOCKED_16 = 2,    /* nChw16c */
  CDNN_CHANNELS_LAST = 3, /* nhwc */
  CDNN_ANY = 4,           /* the primitive chooses */
  CDNN_FROM = 5           /* what the primitive `from` chose for its argument `from_argument` */
} cdnn_layout;

typedef enum { CDNN_F32 = 0, CDNN_BF16 = 1 } cdnn_type;

/* Argument numbers. */
typedef enum {
  CDNN_SRC = 0,
  CDNN_WEIGHTS = 1,
  CDNN_BIAS = 2,
  CDNN_DST = 3,
  CDNN_WORKSPACE = 4,
  CDNN_SCRATCHPAD = 5,
  CDNN_DIFF_SRC = 6,
  CDNN_DIFF_WEIGHTS = 7,
  CDNN_DIFF_BIAS = 8,
  CDNN_DIFF_DST = 9,
  CDNN_SRC_1 = 10,
  CDNN_ARGUMENTS = 11
} cdnn_argument;

typedef struct {
  int32_t rank;
  int32_t layout;
  int32_t type; /* cdnn_type */
  int64_t dims[5];
  const cdnn_primitive *from;
  int32_t from_argument;
} cdnn_tensor;

typedef enum {
  CDNN_RELU = 0, /* alpha: negative slope */
  CDNN_TANH,
  CDNN_SIGMOID,
  CDNN_SILU, /* x sigmoid(alpha x) */
  CDNN_GELU_ERF,
  CDNN_GELU_TANH,
  CDNN_HARDSWISH, /* x min(max(x / 6 + 1 / 2, 0), 1); alpha and beta do not count */
  CDNN_CLIP,      /* alpha: low, beta: high */
  CDNN_EXP,
  CDNN_LOG,
  CDNN_SQRT,
  CDNN_SQUARE,
  CDNN_ABS,
  CDNN_LINEAR,  /* alpha x + beta */
  CDNN_SOFTPLUS /* log(1 + exp(x)); alpha and beta do not count */
} cdnn_elementwise;

typedef enum { CDNN_POST_SUM = 0, CDNN_POST_ELEMENTWISE = 1 } cdnn_post_kind;
typedef struct {
  int32_t kind;      /* cdnn_post_kind */
  int32_t algorithm; /* cdnn_elementwise */
  float alpha, beta; /* for a sum, alpha is its scale */
} cdnn_post;

typedef enum { CDNN_FORWARD = 0, CDNN_INFERENCE = 1, CDNN_BACKWARD_DATA = 2, CDNN_BACKWARD_WEIGHTS = 3 } cdnn_direction;

typedef struct {
  int64_t stride[2], dilation[2] /* 1 is dense */, pad_low[2], pad_high[2], kernel[2] /* pooling only */;
} cdnn_window;

typedef enum { CDNN_MAX = 0, CDNN_AVERAGE = 1, CDNN_AVERAGE_WITH_PADDING = 2 } cdnn_pooling;
typedef enum { CDNN_ADD = 0, CDNN_MULTIPLY = 1, CDNN_SUBTRACT = 2, CDNN_DIVIDE = 3, CDNN_MAXIMUM = 4 } cdnn_binary;

/* Library facts. */
void cdnn_version(int *major, int *minor, int *patch);
/* The widest vector in floats that oneDNN's generated code uses here: 4, 8 or 16. */
int cdnn_vector_width(void);
const char *cdnn_isa_name(void);
const char *cdnn_status_name(int status);
/* Threads that oneDNN uses when it is called from the calling thread. */
void cdnn_set_threads(int threads);
int cdnn_get_threads(void);
/* Runs body(context, index) for index 0 ..< threads on the OpenMP team that oneDNN itself uses, so that both do not
 * fight for the cores; on the calling thread alone where that team cannot be had. */
void cdnn_parallel(int threads, void (*body)(void *context, int index), void *context);

/* Whether oneDNN can multiply in bfloat16 here, which takes AVX-512 BF16 or AMX. */
int cdnn_has_bf16(void);

/* Whether it has AMX's tiles for that, whose convolutions want channels last. */
int cdnn_has_tiles(void);

/* Whether they are quicker in it than in single precision: measured, not known of every processor. */
int cdnn_bf16_pays(void);

int cdnn_engine_create(cdnn_engine **engine);
/* Allows the convolutions and matrix products that are made from now on to round what they multiply to bfloat16. Their
 * tensors and sums stay in single precision. Whether they do so is up to oneDNN; without such a processor they do not. */
void cdnn_engine_allow_bf16(cdnn_engine *engine, int allows);
void cdnn_engine_destroy(cdnn_engine *engine);
int cdnn_stream_create(cdnn_engine *engine, cdnn_stream **stream);
void cdnn_stream_destroy(cdnn_stream *stream);

/* In a backward direction, `src` and `dst` describe the gradients. `bias` may be null. Tensors may be of bfloat16, but for
 * the bias; so they may for poolings, binary operations, products and reorders. */
int cdnn_convolution_create(cdnn_engine *engine, int direction, const cdnn_tensor *src, const cdnn_tensor *weights,
                            const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_window *window,
                            const cdnn_post *posts, int post_count, cdnn_primitive **primitive);
/* Transposed convolution; weights in oneDNN's order: output, input, height, width (with groups: first). */
int cdnn_deconvolution_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *weights,
                              const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_window *window,
                              const cdnn_post *posts, int post_count, cdnn_primitive **primitive);
/* Dilated pooling is not implemented. */
int cdnn_pooling_create(cdnn_engine *engine, int direction, int algorithm, const cdnn_tensor *src,
                        const cdnn_tensor *dst, const cdnn_window *window, cdnn_primitive **primitive);
int cdnn_elementwise_create(cdnn_engine *engine, int direction, int algorithm, const cdnn_tensor *data, float alpha,
                            float beta, cdnn_primitive **primitive);
int cdnn_resampling_create(cdnn_engine *engine, int direction, int linear, const cdnn_tensor *src,
                           const cdnn_tensor *dst, cdnn_primitive **primitive);
/* dst = src (op) src_1, which broadcasts where its size is 1. */
int cdnn_binary_create(cdnn_engine *engine, int algorithm, const cdnn_tensor *src, const cdnn_tensor *src_1,
                       const cdnn_tensor *dst, const cdnn_post *posts, int post_count, cdnn_primitive **primitive);
int cdnn_softmax_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *dst, int axis,
                        cdnn_primitive **primitive);
int cdnn_matmul_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *weights,
                       const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_post *posts, int post_count,
                       cdnn_primitive **primitive);
int cdnn_reorder_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *dst,
                        cdnn_primitive **primitive);
void cdnn_primitive_destroy(cdnn_primitive *primitive);

/* Bytes of an argument's memory; 0 where the primitive has no such argument. */
size_t cdnn_primitive_bytes(const cdnn_primitive *primitive, int argument);
/* Whether the argument's memory is laid out as `tensor` says (1) or not (0). */
int cdnn_primitive_matches(const cdnn_primitive *primitive, int argument, const cdnn_tensor *tensor);
const char *cdnn_primitive_implementation(const cdnn_primitive *primitive);
/* Whether it was made with leave to multiply in bfloat16. */
int cdnn_primitive_allows_bf16(const cdnn_primitive *primitive);

/* Runs the primitive; `pointers` has one entry for each cdnn_argument, null for those it does not have. */
int cdnn_primitive_run(cdnn_primitive *primitive, cdnn_stream *stream, void *const *pointers);

/* Between the two, small pieces that the calling thread asks `operator new` for come from memory set aside, not from the
 * heap; so it is while it runs a primitive that has run before: a first run makes what is kept. They may be kept for
 * longer and released by any thread. */
void cdnn_slots_begin(void);
void cdnn_slots_end(void);
int cdnn_slots_hold(const void *memory);

/* C (m x n) = alpha op(A) op(B) + beta C, row major, BLAS conventions. */
int cdnn_sgemm(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
               int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

#ifdef __cplusplus
}
#endif
