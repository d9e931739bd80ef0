/* What hides the difference between oneDNN 2.x and 3.x from the rest of the layer. */
#pragma once
#include "cdnn.h"
#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t md_ref;
typedef dnnl_memory_desc_t md_owned;
#else
typedef const dnnl_memory_desc_t *md_ref;
typedef dnnl_memory_desc_t *md_owned;
#endif

struct cdnn_engine {
  dnnl_engine_t handle;
  int allows_bf16;
};
struct cdnn_stream {
  dnnl_stream_t handle;
};
struct cdnn_primitive {
  dnnl_primitive_t handle;
  dnnl_primitive_desc_t descriptor;
  dnnl_memory_t memory[CDNN_ARGUMENTS];
  int exec_argument[CDNN_ARGUMENTS];
  dnnl_exec_arg_t list[CDNN_ARGUMENTS];
  int index[CDNN_ARGUMENTS]; /* cdnn_argument of each entry in list */
  int count;
  int has_run; /* the first run may make kernels that stay */
};

/* Releases with cdnn_md_free. A null `tensor` gives the zero descriptor (2.x) or null (3.x). */
dnnl_status_t cdnn_md_make(const cdnn_tensor *tensor, md_owned *out);
void cdnn_md_free(md_owned md);
#if DNNL_VERSION_MAJOR < 3
/* The same into memory of the caller. */
dnnl_status_t cdnn_md_fill(const cdnn_tensor *tensor, dnnl_memory_desc_t *out);
#endif
md_ref cdnn_md_of(const cdnn_primitive *primitive, int argument);
dnnl_status_t cdnn_attributes_make(const cdnn_post *posts, int count, int allows_bf16, dnnl_primitive_attr_t *out);
dnnl_alg_kind_t cdnn_elementwise_kind(int algorithm);
/* Hard swish and softplus have no parameters in 2.x; 3.x takes them from the caller, so give it 2.x's. */
void cdnn_elementwise_parameters(int algorithm, float *alpha, float *beta);

/* Makes the primitive and the memory objects for its arguments; takes over `descriptor`. */
dnnl_status_t cdnn_finish(cdnn_engine *engine, dnnl_primitive_desc_t descriptor, cdnn_primitive **out);
