#define _GNU_SOURCE
#include "internal.h"
#include <dlfcn.h>

void cdnn_version(int *major, int *minor, int *patch) {
  const dnnl_version_t *version = dnnl_version();
  *major = version->major;
  *minor = version->minor;
  *patch = version->patch;
}

int cdnn_vector_width(void) {
  dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  if ((isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core)
    return 16;
  return (isa & dnnl_cpu_isa_avx2) == dnnl_cpu_isa_avx2 ? 8 : 4;
}

const char *cdnn_isa_name(void) {
  switch (cdnn_vector_width()) {
  case 16:
    return cdnn_has_tiles() ? "AVX-512, AMX" : "AVX-512";
  case 8:
    return "AVX2";
  default:
    return "SSE4.1";
  }
}

int cdnn_has_bf16(void) {
  dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

int cdnn_has_tiles(void) {
  dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}

int cdnn_bf16_pays(void) {
  if (!cdnn_has_bf16())
    return 0;
#if defined(__x86_64__)
  /* Intel's processors do half as many of these products in a cycle as others do, unless they have tiles for them. */
  if (__builtin_cpu_is("intel"))
    return cdnn_has_tiles();
#endif
  return 1;
}

const char *cdnn_status_name(int status) {
  switch ((dnnl_status_t)status) {
  case dnnl_success:
    return "success";
  case dnnl_out_of_memory:
    return "out of memory";
  case dnnl_invalid_arguments:
    return "invalid arguments";
  case dnnl_unimplemented:
    return "not implemented";
  case dnnl_runtime_error:
    return "runtime error";
  default:
    return "unexpected status";
  }
}

/* oneDNN's OpenMP is loaded with it; these are the entry points that compiled OpenMP code calls. Looking them up
 * keeps Assay free of a link against one OpenMP runtime or another. */
typedef void (*set_threads_fn)(int);
typedef int (*get_fn)(void);
typedef void (*gomp_parallel_fn)(void (*)(void *), void *, unsigned, unsigned);

void cdnn_set_threads(int threads) {
  set_threads_fn set = (set_threads_fn)dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set)
    set(threads);
}

int cdnn_get_threads(void) {
  get_fn get = (get_fn)dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  return get ? get() : 1;
}

struct team {
  void (*body)(void *, int);
  void *context;
  int threads;
  get_fn thread_number, team_size;
};

static void team_member(void *pointer) {
  struct team *team = pointer;
  int size = team->team_size();
  /* The runtime may give fewer threads than asked for. */
  for (int index = team->thread_number(); index < team->threads; index += size)
    team->body(team->context, index);
}

void cdnn_parallel(int threads, void (*body)(void *, int), void *context) {
  static gomp_parallel_fn parallel; /* the same value whoever writes it */
  static get_fn thread_number, team_size;
  if (threads > 1 && !parallel) {
    thread_number = (get_fn)dlsym(RTLD_DEFAULT, "omp_get_thread_num");
    team_size = (get_fn)dlsym(RTLD_DEFAULT, "omp_get_num_threads");
    parallel = (gomp_parallel_fn)dlsym(RTLD_DEFAULT, "GOMP_parallel");
  }
  if (threads > 1 && parallel && thread_number && team_size) {
    struct team team = {body, context, threads, thread_number, team_size};
    parallel(team_member, &team, (unsigned)threads, 0);
    return;
  }
  for (int index = 0; index < threads; index++)
    body(context, index);
}

/* A Swift closure that does not escape is its code and what it has captured, on the caller's stack. Swift hands out
 * neither: a closure that is to be kept for a moment, as the context of cdnn_parallel, becomes a heap object each time.
 * A function with Swift's calling convention gets both. */
typedef __attribute__((swiftcall)) void (*closure)(int64_t part, int64_t begin, int64_t end,
                                                   __attribute__((swift_context)) void *captured);

struct job {
  closure body;
  void *captured;
  int64_t units, parts;
};

static void run_part(void *context, int part) {
  const struct job *job = context;
  job->body(part, job->units * part / job->parts, job->units * (part + 1) / job->parts, job->captured);
}

__attribute__((swiftcall)) void cdnn_parallel_closure(int64_t units, int64_t parts, closure body, void *captured) {
  struct job job = {body, captured, units, parts};
  cdnn_parallel((int)parts, run_part, &job);
}

int cdnn_engine_create(cdnn_engine **engine) {
  *engine = calloc(1, sizeof **engine);
  if (!*engine)
    return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_engine_create(&(*engine)->handle, dnnl_cpu, 0);
  if (status != dnnl_success) {
    free(*engine);
    *engine = NULL;
  }
  return status;
}

void cdnn_engine_allow_bf16(cdnn_engine *engine, int allows) { engine->allows_bf16 = allows; }

void cdnn_engine_destroy(cdnn_engine *engine) {
  if (!engine)
    return;
  dnnl_engine_destroy(engine->handle);
  free(engine);
}

int cdnn_stream_create(cdnn_engine *engine, cdnn_stream **stream) {
  *stream = calloc(1, sizeof **stream);
  if (!*stream)
    return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_stream_create(&(*stream)->handle, engine->handle, dnnl_stream_default_flags);
  if (status != dnnl_success) {
    free(*stream);
    *stream = NULL;
  }
  return status;
}

void cdnn_stream_destroy(cdnn_stream *stream) {
  if (!stream)
    return;
  dnnl_stream_destroy(stream->handle);
  free(stream);
}

void cdnn_primitive_destroy(cdnn_primitive *primitive) {
  if (!primitive)
    return;
  for (int i = 0; i < CDNN_ARGUMENTS; i++)
    if (primitive->memory[i])
      dnnl_memory_destroy(primitive->memory[i]);
  if (primitive->handle)
    dnnl_primitive_destroy(primitive->handle);
  if (primitive->descriptor)
    dnnl_primitive_desc_destroy(primitive->descriptor);
  free(primitive);
}

static size_t md_bytes(md_ref md) { return md ? dnnl_memory_desc_get_size(md) : 0; }

size_t cdnn_primitive_bytes(const cdnn_primitive *primitive, int argument) {
  return md_bytes(cdnn_md_of(primitive, argument));
}

int cdnn_primitive_matches(const cdnn_primitive *primitive, int argument, const cdnn_tensor *tensor) {
  md_ref have = cdnn_md_of(primitive, argument);
#if DNNL_VERSION_MAJOR >= 3
  md_owned wanted;
  dnnl_status_t status = cdnn_md_make(tensor, &wanted);
  int equal = status == dnnl_success && have && dnnl_memory_desc_equal(have, wanted);
  cdnn_md_free(wanted);
  return equal;
#else
  /* Asked in every training step, so that it should not take memory. */
  dnnl_memory_desc_t wanted;
  return have && cdnn_md_fill(tensor, &wanted) == dnnl_success && dnnl_memory_desc_equal(have, &wanted);
#endif
}

const char *cdnn_primitive_implementation(const cdnn_primitive *primitive) {
  const char *name = NULL;
  if (dnnl_primitive_desc_query(primitive->descriptor, dnnl_query_impl_info_str, 0, (void *)&name) != dnnl_success)
    return "";
  return name;
}

int cdnn_primitive_allows_bf16(const cdnn_primitive *primitive) {
  const_dnnl_primitive_attr_t attributes;
  dnnl_fpmath_mode_t mode;
  return dnnl_primitive_desc_get_attr(primitive->descriptor, &attributes) == dnnl_success &&
         dnnl_primitive_attr_get_fpmath_mode(attributes, &mode) == dnnl_success && mode == dnnl_fpmath_mode_bf16;
}

int cdnn_primitive_run(cdnn_primitive *primitive, cdnn_stream *stream, void *const *pointers) {
  for (int i = 0; i < primitive->count; i++) {
    dnnl_status_t status = dnnl_memory_set_data_handle(primitive->list[i].memory, pointers[primitive->index[i]]);
    if (status != dnnl_success)
      return status;
  }
  if (primitive->has_run)
    cdnn_slots_begin();
  dnnl_status_t status = dnnl_primitive_execute(primitive->handle, stream->handle, primitive->count, primitive->list);
  if (primitive->has_run)
    cdnn_slots_end();
  primitive->has_run = 1;
  return status != dnnl_success ? status : dnnl_stream_wait(stream->handle);
}

int cdnn_sgemm(int transpose_a, int transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
               int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  return dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
