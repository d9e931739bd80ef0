#include "internal.h"

#define MAX_TENSORS 4

/* Descriptors and attributes of one creation, released together. */
struct build {
  md_owned md[MAX_TENSORS];
  dnnl_primitive_attr_t attributes;
  dnnl_primitive_desc_t descriptor;
  dnnl_status_t status;
};

/* `multiplies` says whether it is a product, which the engine may allow to be in bfloat16. */
static struct build begin(const cdnn_engine *engine, int multiplies, const cdnn_tensor *a, const cdnn_tensor *b,
                          const cdnn_tensor *c, const cdnn_tensor *d, const cdnn_post *posts, int post_count) {
  struct build build;
  memset(&build, 0, sizeof build);
  const cdnn_tensor *all[MAX_TENSORS] = {a, b, c, d};
  build.status = cdnn_attributes_make(posts, post_count, multiplies && engine->allows_bf16, &build.attributes);
  for (int i = 0; i < MAX_TENSORS && build.status == dnnl_success; i++)
    build.status = cdnn_md_make(all[i], &build.md[i]);
  return build;
}

static int end(struct build *build, cdnn_engine *engine, cdnn_primitive **primitive) {
  *primitive = NULL;
  if (build->status == dnnl_success)
    build->status = cdnn_finish(engine, build->descriptor, primitive);
  for (int i = 0; i < MAX_TENSORS; i++)
    cdnn_md_free(build->md[i]);
  if (build->attributes)
    dnnl_primitive_attr_destroy(build->attributes);
  return build->status;
}

static void dilates(const cdnn_window *window, dnnl_dims_t out) {
  out[0] = window->dilation[0] - 1; /* oneDNN counts the gaps */
  out[1] = window->dilation[1] - 1;
}

/* The forward convolution that a backward one wants to be shown. One that sums up to single precision from factors of
 * bfloat16 has them for inputs and outputs where that one has gradients: it is shown with bfloat16 throughout. */
static dnnl_status_t convolution_hint(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *weights,
                                      const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_window *window,
                                      const dnnl_dims_t dilation, dnnl_primitive_desc_t *hint) {
  cdnn_tensor tensors[] = {*src, *weights, *dst};
  if (src->type == CDNN_BF16 || weights->type == CDNN_BF16 || dst->type == CDNN_BF16)
    for (int i = 0; i < 3; i++)
      tensors[i].type = CDNN_BF16;
  struct build build = begin(engine, 0, &tensors[0], &tensors[1], bias, &tensors[2], NULL, 0);
  md_ref s = build.md[0], w = build.md[1], b = bias ? build.md[2] : NULL, d = build.md[3];
#if DNNL_VERSION_MAJOR >= 3
  if (build.status == dnnl_success)
    build.status = dnnl_convolution_forward_primitive_desc_create(
        hint, engine->handle, dnnl_forward_training, dnnl_convolution_direct, s, w, b, d, window->stride, dilation,
        window->pad_low, window->pad_high, NULL);
#else
  dnnl_convolution_desc_t forward;
  if (build.status == dnnl_success)
    build.status = dnnl_dilated_convolution_forward_desc_init(&forward, dnnl_forward_training, dnnl_convolution_direct,
                                                              s, w, b, d, window->stride, dilation, window->pad_low,
                                                              window->pad_high);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(hint, &forward, NULL, engine->handle, NULL);
#endif
  for (int i = 0; i < MAX_TENSORS; i++)
    cdnn_md_free(build.md[i]);
  if (build.attributes)
    dnnl_primitive_attr_destroy(build.attributes);
  return build.status;
}

int cdnn_convolution_create(cdnn_engine *engine, int direction, const cdnn_tensor *src, const cdnn_tensor *weights,
                            const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_window *window,
                            const cdnn_post *posts, int post_count, cdnn_primitive **primitive) {
  struct build build = begin(engine, 1, src, weights, bias, dst, posts, post_count);
  dnnl_dims_t dilation;
  dilates(window, dilation);
  dnnl_prop_kind_t prop = direction == CDNN_INFERENCE ? dnnl_forward_inference : dnnl_forward_training;
  dnnl_primitive_desc_t hint = NULL;
  if (build.status == dnnl_success && direction >= CDNN_BACKWARD_DATA)
    build.status = convolution_hint(engine, src, weights, bias, dst, window, dilation, &hint);
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
  md_ref s = build.md[0], w = build.md[1], b = bias ? build.md[2] : NULL, d = build.md[3];
#if DNNL_VERSION_MAJOR >= 3
  if (build.status == dnnl_success && direction == CDNN_BACKWARD_DATA)
    build.status = dnnl_convolution_backward_data_primitive_desc_create(
        &build.descriptor, engine->handle, dnnl_convolution_direct, s, w, d, window->stride, dilation, window->pad_low,
        window->pad_high, hint, build.attributes);
  else if (build.status == dnnl_success && direction == CDNN_BACKWARD_WEIGHTS)
    build.status = dnnl_convolution_backward_weights_primitive_desc_create(
        &build.descriptor, engine->handle, dnnl_convolution_direct, s, w, b, d, window->stride, dilation,
        window->pad_low, window->pad_high, hint, build.attributes);
  else if (build.status == dnnl_success)
    build.status = dnnl_convolution_forward_primitive_desc_create(
        &build.descriptor, engine->handle, prop, dnnl_convolution_direct, s, w, b, d, window->stride, dilation,
        window->pad_low, window->pad_high, build.attributes);
#else
  dnnl_convolution_desc_t op;
  if (build.status == dnnl_success && direction == CDNN_BACKWARD_DATA)
    build.status = dnnl_dilated_convolution_backward_data_desc_init(&op, dnnl_convolution_direct, s, w, d,
                                                                    window->stride, dilation, window->pad_low,
                                                                    window->pad_high);
  else if (build.status == dnnl_success && direction == CDNN_BACKWARD_WEIGHTS)
    build.status = dnnl_dilated_convolution_backward_weights_desc_init(&op, dnnl_convolution_direct, s, w, b, d,
                                                                       window->stride, dilation, window->pad_low,
                                                                       window->pad_high);
  else if (build.status == dnnl_success)
    build.status = dnnl_dilated_convolution_forward_desc_init(&op, prop, dnnl_convolution_direct, s, w, b, d,
                                                              window->stride, dilation, window->pad_low,
                                                              window->pad_high);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, hint);
#endif
  if (hint)
    dnnl_primitive_desc_destroy(hint);
  return end(&build, engine, primitive);
}

int cdnn_deconvolution_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *weights,
                              const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_window *window,
                              const cdnn_post *posts, int post_count, cdnn_primitive **primitive) {
  struct build build = begin(engine, 1, src, weights, bias, dst, posts, post_count);
  dnnl_dims_t dilation;
  dilates(window, dilation);
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
  md_ref s = build.md[0], w = build.md[1], b = bias ? build.md[2] : NULL, d = build.md[3];
#if DNNL_VERSION_MAJOR >= 3
  build.status = dnnl_deconvolution_forward_primitive_desc_create(
      &build.descriptor, engine->handle, dnnl_forward_inference, dnnl_deconvolution_direct, s, w, b, d, window->stride,
      dilation, window->pad_low, window->pad_high, build.attributes);
#else
  dnnl_deconvolution_desc_t op;
  build.status = dnnl_dilated_deconvolution_forward_desc_init(&op, dnnl_forward_inference, dnnl_deconvolution_direct, s,
                                                              w, b, d, window->stride, dilation, window->pad_low,
                                                              window->pad_high);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, NULL);
#endif
  return end(&build, engine, primitive);
}

int cdnn_pooling_create(cdnn_engine *engine, int direction, int algorithm, const cdnn_tensor *src,
                        const cdnn_tensor *dst, const cdnn_window *window, cdnn_primitive **primitive) {
  struct build build = begin(engine, 0, src, dst, NULL, NULL, NULL, 0);
  dnnl_alg_kind_t kind = algorithm == CDNN_MAX       ? dnnl_pooling_max
                         : algorithm == CDNN_AVERAGE ? dnnl_pooling_avg_exclude_padding
                                                     : dnnl_pooling_avg_include_padding;
  dnnl_prop_kind_t prop = direction == CDNN_INFERENCE ? dnnl_forward_inference : dnnl_forward_training;
  /* 2.x has dilation only in a second set of functions, with slower implementations. */
  if (build.status == dnnl_success && (window->dilation[0] != 1 || window->dilation[1] != 1))
    build.status = dnnl_unimplemented;
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
  md_ref s = build.md[0], d = build.md[1];
  dnnl_primitive_desc_t hint = NULL;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t dilation = {0, 0};
  if (direction == CDNN_BACKWARD_DATA) {
    build.status = dnnl_pooling_forward_primitive_desc_create(&hint, engine->handle, dnnl_forward_training, kind, s, d,
                                                              window->stride, window->kernel, dilation,
                                                              window->pad_low, window->pad_high, NULL);
    if (build.status == dnnl_success)
      build.status = dnnl_pooling_backward_primitive_desc_create(&build.descriptor, engine->handle, kind, s, d,
                                                                 window->stride, window->kernel, dilation,
                                                                 window->pad_low, window->pad_high, hint,
                                                                 build.attributes);
  } else
    build.status = dnnl_pooling_forward_primitive_desc_create(&build.descriptor, engine->handle, prop, kind, s, d,
                                                              window->stride, window->kernel, dilation,
                                                              window->pad_low, window->pad_high, build.attributes);
#else
  dnnl_pooling_desc_t op, forward;
  if (direction == CDNN_BACKWARD_DATA) {
    build.status = dnnl_pooling_forward_desc_init(&forward, dnnl_forward_training, kind, s, d, window->stride,
                                                  window->kernel, window->pad_low, window->pad_high);
    if (build.status == dnnl_success)
      build.status = dnnl_primitive_desc_create(&hint, &forward, NULL, engine->handle, NULL);
    if (build.status == dnnl_success)
      build.status = dnnl_pooling_backward_desc_init(&op, kind, s, d, window->stride, window->kernel, window->pad_low,
                                                     window->pad_high);
  } else
    build.status = dnnl_pooling_forward_desc_init(&op, prop, kind, s, d, window->stride, window->kernel,
                                                  window->pad_low, window->pad_high);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, hint);
#endif
  if (hint)
    dnnl_primitive_desc_destroy(hint);
  return end(&build, engine, primitive);
}

int cdnn_elementwise_create(cdnn_engine *engine, int direction, int algorithm, const cdnn_tensor *data, float alpha,
                            float beta, cdnn_primitive **primitive) {
  struct build build = begin(engine, 0, data, NULL, NULL, NULL, NULL, 0);
  dnnl_alg_kind_t kind = cdnn_elementwise_kind(algorithm);
  dnnl_prop_kind_t prop = direction == CDNN_INFERENCE ? dnnl_forward_inference : dnnl_forward_training;
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
  cdnn_elementwise_parameters(algorithm, &alpha, &beta);
  md_ref d = build.md[0];
  dnnl_primitive_desc_t hint = NULL;
#if DNNL_VERSION_MAJOR >= 3
  if (direction == CDNN_BACKWARD_DATA) {
    build.status = dnnl_eltwise_forward_primitive_desc_create(&hint, engine->handle, dnnl_forward_training, kind, d, d,
                                                              alpha, beta, NULL);
    if (build.status == dnnl_success)
      build.status = dnnl_eltwise_backward_primitive_desc_create(&build.descriptor, engine->handle, kind, d, d, d,
                                                                 alpha, beta, hint, build.attributes);
  } else
    build.status = dnnl_eltwise_forward_primitive_desc_create(&build.descriptor, engine->handle, prop, kind, d, d,
                                                              alpha, beta, build.attributes);
#else
  dnnl_eltwise_desc_t op, forward;
  if (direction == CDNN_BACKWARD_DATA) {
    build.status = dnnl_eltwise_forward_desc_init(&forward, dnnl_forward_training, kind, d, alpha, beta);
    if (build.status == dnnl_success)
      build.status = dnnl_primitive_desc_create(&hint, &forward, NULL, engine->handle, NULL);
    if (build.status == dnnl_success)
      build.status = dnnl_eltwise_backward_desc_init(&op, kind, d, d, alpha, beta);
  } else
    build.status = dnnl_eltwise_forward_desc_init(&op, prop, kind, d, alpha, beta);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, hint);
#endif
  if (hint)
    dnnl_primitive_desc_destroy(hint);
  return end(&build, engine, primitive);
}

int cdnn_resampling_create(cdnn_engine *engine, int direction, int linear, const cdnn_tensor *src,
                           const cdnn_tensor *dst, cdnn_primitive **primitive) {
  struct build build = begin(engine, 0, src, dst, NULL, NULL, NULL, 0);
  dnnl_alg_kind_t kind = linear ? dnnl_resampling_linear : dnnl_resampling_nearest;
  dnnl_prop_kind_t prop = direction == CDNN_INFERENCE ? dnnl_forward_inference : dnnl_forward_training;
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
  md_ref s = build.md[0], d = build.md[1];
  dnnl_primitive_desc_t hint = NULL;
#if DNNL_VERSION_MAJOR >= 3
  if (direction == CDNN_BACKWARD_DATA) {
    build.status = dnnl_resampling_forward_primitive_desc_create(&hint, engine->handle, dnnl_forward_training, kind,
                                                                 NULL, s, d, NULL);
    if (build.status == dnnl_success)
      build.status = dnnl_resampling_backward_primitive_desc_create(&build.descriptor, engine->handle, kind, NULL, s, d,
                                                                    hint, build.attributes);
  } else
    build.status = dnnl_resampling_forward_primitive_desc_create(&build.descriptor, engine->handle, prop, kind, NULL, s,
                                                                 d, build.attributes);
#else
  dnnl_resampling_desc_t op, forward;
  if (direction == CDNN_BACKWARD_DATA) {
    build.status = dnnl_resampling_forward_desc_init(&forward, dnnl_forward_training, kind, NULL, s, d);
    if (build.status == dnnl_success)
      build.status = dnnl_primitive_desc_create(&hint, &forward, NULL, engine->handle, NULL);
    if (build.status == dnnl_success)
      build.status = dnnl_resampling_backward_desc_init(&op, kind, NULL, s, d);
  } else
    build.status = dnnl_resampling_forward_desc_init(&op, prop, kind, NULL, s, d);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, hint);
#endif
  if (hint)
    dnnl_primitive_desc_destroy(hint);
  return end(&build, engine, primitive);
}

int cdnn_binary_create(cdnn_engine *engine, int algorithm, const cdnn_tensor *src, const cdnn_tensor *src_1,
                       const cdnn_tensor *dst, const cdnn_post *posts, int post_count, cdnn_primitive **primitive) {
  static const dnnl_alg_kind_t kinds[] = {dnnl_binary_add, dnnl_binary_mul, dnnl_binary_sub, dnnl_binary_div,
                                          dnnl_binary_max};
  struct build build = begin(engine, 0, src, src_1, dst, NULL, posts, post_count);
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
#if DNNL_VERSION_MAJOR >= 3
  build.status = dnnl_binary_primitive_desc_create(&build.descriptor, engine->handle, kinds[algorithm], build.md[0],
                                                   build.md[1], build.md[2], build.attributes);
#else
  dnnl_binary_desc_t op;
  build.status = dnnl_binary_desc_init(&op, kinds[algorithm], build.md[0], build.md[1], build.md[2]);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, NULL);
#endif
  return end(&build, engine, primitive);
}

int cdnn_softmax_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *dst, int axis,
                        cdnn_primitive **primitive) {
  struct build build = begin(engine, 0, src, dst, NULL, NULL, NULL, 0);
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
#if DNNL_VERSION_MAJOR >= 3
  build.status = dnnl_softmax_forward_primitive_desc_create(&build.descriptor, engine->handle, dnnl_forward_inference,
                                                            dnnl_softmax_accurate, build.md[0], build.md[1], axis,
                                                            build.attributes);
#else
  dnnl_softmax_v2_desc_t op;
  build.status = dnnl_softmax_v2_forward_desc_init(&op, dnnl_forward_inference, dnnl_softmax_accurate, build.md[0],
                                                   build.md[1], axis);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, NULL);
#endif
  return end(&build, engine, primitive);
}

int cdnn_matmul_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *weights,
                       const cdnn_tensor *bias, const cdnn_tensor *dst, const cdnn_post *posts, int post_count,
                       cdnn_primitive **primitive) {
  struct build build = begin(engine, 1, src, weights, bias, dst, posts, post_count);
  if (build.status != dnnl_success)
    return end(&build, engine, primitive);
  md_ref b = bias ? build.md[2] : NULL;
#if DNNL_VERSION_MAJOR >= 3
  build.status = dnnl_matmul_primitive_desc_create(&build.descriptor, engine->handle, build.md[0], build.md[1], b,
                                                   build.md[3], build.attributes);
#else
  dnnl_matmul_desc_t op;
  build.status = dnnl_matmul_desc_init(&op, build.md[0], build.md[1], b, build.md[3]);
  if (build.status == dnnl_success)
    build.status = dnnl_primitive_desc_create(&build.descriptor, &op, build.attributes, engine->handle, NULL);
#endif
  return end(&build, engine, primitive);
}

int cdnn_reorder_create(cdnn_engine *engine, const cdnn_tensor *src, const cdnn_tensor *dst,
                        cdnn_primitive **primitive) {
  struct build build = begin(engine, 0, src, dst, NULL, NULL, NULL, 0);
  if (build.status == dnnl_success)
    build.status = dnnl_reorder_primitive_desc_create(&build.descriptor, build.md[0], engine->handle, build.md[1],
                                                      engine->handle, build.attributes);
  return end(&build, engine, primitive);
}
