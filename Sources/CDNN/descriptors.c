#include "internal.h"

static dnnl_format_tag_t tag_for(int rank, int layout) {
  static const dnnl_format_tag_t plain[] = {dnnl_format_tag_undef, dnnl_a,    dnnl_ab,
                                            dnnl_abc,              dnnl_abcd, dnnl_abcde};
  switch (layout) {
  case CDNN_PLAIN:
    return rank >= 1 && rank <= 5 ? plain[rank] : dnnl_format_tag_undef;
  case CDNN_BLOCKED_8:
    return rank == 4 ? dnnl_aBcd8b : dnnl_format_tag_undef;
  case CDNN_BLOCKED_16:
    return rank == 4 ? dnnl_aBcd16b : dnnl_format_tag_undef;
  case CDNN_CHANNELS_LAST:
    return rank == 4 ? dnnl_acdb : dnnl_format_tag_undef;
  case CDNN_ANY:
    return dnnl_format_tag_any;
  default:
    return dnnl_format_tag_undef;
  }
}

static dnnl_data_type_t type_of(const cdnn_tensor *tensor) {
  return tensor->type == CDNN_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* oneDNN itself takes an undefined layout and makes a primitive that cannot be used. */
static int has_no_tag(const cdnn_tensor *tensor) {
  return tensor->layout != CDNN_FROM && tag_for(tensor->rank, tensor->layout) == dnnl_format_tag_undef;
}

#if DNNL_VERSION_MAJOR >= 3
dnnl_status_t cdnn_md_make(const cdnn_tensor *tensor, md_owned *out) {
  *out = NULL;
  if (!tensor)
    return dnnl_success;
  if (has_no_tag(tensor))
    return dnnl_invalid_arguments;
  if (tensor->layout == CDNN_FROM) {
    md_ref from = cdnn_md_of(tensor->from, tensor->from_argument);
    return from ? dnnl_memory_desc_clone(out, from) : dnnl_invalid_arguments;
  }
  return dnnl_memory_desc_create_with_tag(out, tensor->rank, tensor->dims, type_of(tensor),
                                          tag_for(tensor->rank, tensor->layout));
}
#else
dnnl_status_t cdnn_md_fill(const cdnn_tensor *tensor, dnnl_memory_desc_t *out) {
  memset(out, 0, sizeof *out);
  if (!tensor)
    return dnnl_success;
  if (has_no_tag(tensor))
    return dnnl_invalid_arguments;
  if (tensor->layout == CDNN_FROM) {
    md_ref from = cdnn_md_of(tensor->from, tensor->from_argument);
    if (!from)
      return dnnl_invalid_arguments;
    *out = *from;
    return dnnl_success;
  }
  return dnnl_memory_desc_init_by_tag(out, tensor->rank, tensor->dims, type_of(tensor),
                                      tag_for(tensor->rank, tensor->layout));
}

dnnl_status_t cdnn_md_make(const cdnn_tensor *tensor, md_owned *out) {
  *out = malloc(sizeof **out);
  return *out ? cdnn_md_fill(tensor, *out) : dnnl_out_of_memory;
}
#endif

void cdnn_md_free(md_owned md) {
  if (!md)
    return;
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_destroy(md);
#else
  free(md);
#endif
}

/* The exec argument of each cdnn_argument. */
static const int exec_argument[CDNN_ARGUMENTS] = {
    DNNL_ARG_SRC,       DNNL_ARG_WEIGHTS,    DNNL_ARG_BIAS,     DNNL_ARG_DST,
    DNNL_ARG_WORKSPACE, DNNL_ARG_SCRATCHPAD, DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_WEIGHTS,
    DNNL_ARG_DIFF_BIAS, DNNL_ARG_DIFF_DST,   DNNL_ARG_SRC_1};

md_ref cdnn_md_of(const cdnn_primitive *primitive, int argument) {
  if (argument < 0 || argument >= CDNN_ARGUMENTS)
    return NULL;
  md_ref md =
      dnnl_primitive_desc_query_md(primitive->descriptor, dnnl_query_exec_arg_md, primitive->exec_argument[argument]);
  if (!md || dnnl_memory_desc_get_size(md) == 0)
    return NULL;
  return md;
}

dnnl_status_t cdnn_attributes_make(const cdnn_post *posts, int count, int allows_bf16, dnnl_primitive_attr_t *out) {
  dnnl_status_t status = dnnl_primitive_attr_create(out);
  if (status != dnnl_success)
    return status;
  status = dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && allows_bf16)
    status = dnnl_primitive_attr_set_fpmath_mode(*out, dnnl_fpmath_mode_bf16);
  if (status != dnnl_success || count == 0)
    return status;
  dnnl_post_ops_t list;
  status = dnnl_post_ops_create(&list);
  if (status != dnnl_success)
    return status;
  for (int i = 0; i < count && status == dnnl_success; i++) {
    const cdnn_post *post = &posts[i];
    float alpha = post->alpha, beta = post->beta;
    if (post->kind == CDNN_POST_ELEMENTWISE)
      cdnn_elementwise_parameters(post->algorithm, &alpha, &beta);
#if DNNL_VERSION_MAJOR >= 3
    if (post->kind == CDNN_POST_SUM)
      status = dnnl_post_ops_append_sum(list, alpha, 0, dnnl_data_type_undef);
    else
      status = dnnl_post_ops_append_eltwise(list, cdnn_elementwise_kind(post->algorithm), alpha, beta);
#else
    if (post->kind == CDNN_POST_SUM)
      status = dnnl_post_ops_append_sum(list, alpha);
    else
      status = dnnl_post_ops_append_eltwise(list, 1.0f, cdnn_elementwise_kind(post->algorithm), alpha, beta);
#endif
  }
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops(*out, list);
  dnnl_post_ops_destroy(list);
  return status;
}

dnnl_alg_kind_t cdnn_elementwise_kind(int algorithm) {
  switch (algorithm) {
  case CDNN_RELU:
    return dnnl_eltwise_relu;
  case CDNN_TANH:
    return dnnl_eltwise_tanh;
  case CDNN_SIGMOID:
    return dnnl_eltwise_logistic;
  case CDNN_SILU:
    return dnnl_eltwise_swish;
  case CDNN_GELU_ERF:
    return dnnl_eltwise_gelu_erf;
  case CDNN_GELU_TANH:
    return dnnl_eltwise_gelu_tanh;
  case CDNN_HARDSWISH:
    return dnnl_eltwise_hardswish;
  case CDNN_CLIP:
    return dnnl_eltwise_clip;
  case CDNN_EXP:
    return dnnl_eltwise_exp;
  case CDNN_LOG:
    return dnnl_eltwise_log;
  case CDNN_SQRT:
    return dnnl_eltwise_sqrt;
  case CDNN_SQUARE:
    return dnnl_eltwise_square;
  case CDNN_ABS:
    return dnnl_eltwise_abs;
  case CDNN_LINEAR:
    return dnnl_eltwise_linear;
  case CDNN_SOFTPLUS:
    return dnnl_eltwise_soft_relu;
  default:
    return dnnl_alg_kind_undef;
  }
}

void cdnn_elementwise_parameters(int algorithm, float *alpha, float *beta) {
  if (algorithm == CDNN_HARDSWISH) {
    *alpha = 1.0f / 6;
    *beta = 0.5f;
  } else if (algorithm == CDNN_SOFTPLUS) {
    *alpha = 1;
    *beta = 0;
  }
}

dnnl_status_t cdnn_finish(cdnn_engine *engine, dnnl_primitive_desc_t descriptor, cdnn_primitive **out) {
  cdnn_primitive *primitive = calloc(1, sizeof *primitive);
  if (!primitive) {
    dnnl_primitive_desc_destroy(descriptor);
    return dnnl_out_of_memory;
  }
  primitive->descriptor = descriptor;
  memcpy(primitive->exec_argument, exec_argument, sizeof exec_argument);
  dnnl_primitive_kind_t kind;
  if (dnnl_primitive_desc_query(descriptor, dnnl_query_primitive_kind, 0, &kind) == dnnl_success &&
      kind == dnnl_reorder) {
    primitive->exec_argument[CDNN_SRC] = DNNL_ARG_FROM;
    primitive->exec_argument[CDNN_DST] = DNNL_ARG_TO;
  }
  dnnl_status_t status = dnnl_primitive_create(&primitive->handle, descriptor);
  for (int i = 0; i < CDNN_ARGUMENTS && status == dnnl_success; i++) {
    md_ref md = cdnn_md_of(primitive, i);
    if (!md)
      continue;
    status = dnnl_memory_create(&primitive->memory[i], md, engine->handle, DNNL_MEMORY_NONE);
    primitive->list[primitive->count].arg = primitive->exec_argument[i];
    primitive->list[primitive->count].memory = primitive->memory[i];
    primitive->index[primitive->count++] = i;
  }
  if (status != dnnl_success) {
    cdnn_primitive_destroy(primitive);
    return status;
  }
  *out = primitive;
  return dnnl_success;
}
