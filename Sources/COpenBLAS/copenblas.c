#include "copenblas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

// The library is loaded when it is first needed: linked, it would add its 35 MB and a start of its threads, which spin
// for a while, to every run of a program that seldom asks it for anything.
static struct {
  const char *(*core_name)(void);
  const char *(*configuration)(void);
  // LAPACK's Fortran interface: everything by reference, matrices column by column.
  void (*sgeqrf)(const int *m, const int *n, float *a, const int *lda, float *tau, float *work, const int *lwork,
                 int *info);
  void (*sorgqr)(const int *m, const int *n, const int *k, float *a, const int *lda, const float *tau, float *work,
                 const int *lwork, int *info);
  int is_whole;
} library;

static void load(void) {
  // oneDNN's threads spin between two operations; others would have to fight them for the processors.
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
  void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL)
    return;
  library.core_name = (const char *(*)(void))dlsym(handle, "openblas_get_corename");
  library.configuration = (const char *(*)(void))dlsym(handle, "openblas_get_config");
  *(void **)&library.sgeqrf = dlsym(handle, "sgeqrf_");
  *(void **)&library.sorgqr = dlsym(handle, "sorgqr_");
  library.is_whole = library.core_name && library.configuration && library.sgeqrf && library.sorgqr;
}

int copenblas_load(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  return library.is_whole;
}

const char *copenblas_core_name(void) { return copenblas_load() ? library.core_name() : ""; }
const char *copenblas_configuration(void) { return copenblas_load() ? library.configuration() : ""; }

int copenblas_qr(int64_t rows, int64_t columns, float *a, float *diagonal, float *tau, float *work,
                 int64_t work_count) {
  int m = (int)rows, n = (int)columns, count = (int)work_count, info = 0;
  if (!copenblas_load())
    return COPENBLAS_MISSING;
  library.sgeqrf(&m, &n, a, &m, tau, work, &count, &info);
  if (info != 0)
    return info;
  for (int i = 0; i < n; i++)
    diagonal[i] = a[(int64_t)i * m + i];
  library.sorgqr(&m, &n, &n, a, &m, tau, work, &count, &info);
  return info;
}
