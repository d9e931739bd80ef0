#pragma once
#include <string.h>

#include "cframes.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define CFRAMES_X86 1
#define SSE41 __attribute__((target("sse4.1")))
#define AVX2 __attribute__((target("avx2")))
#define LOAD16(pointer) _mm_loadu_si128((const __m128i *)(const void *)(pointer))
#define LOAD8(pointer) _mm_loadl_epi64((const __m128i *)(const void *)(pointer))
#define STORE16(pointer, value) _mm_storeu_si128((__m128i *)(void *)(pointer), value)
#define LOAD32(pointer) _mm256_loadu_si256((const __m256i *)(const void *)(pointer))
#define STORE32(pointer, value) _mm256_storeu_si256((__m256i *)(void *)(pointer), value)
#endif
#define INLINE static inline __attribute__((always_inline))

// A loop written once as NAME_loop and compiled for each instruction set, which the compiler vectorises for.
#ifdef CFRAMES_X86
#define CFRAMES_VARIANTS(name, parameters, arguments) \
  static void name##_plain parameters { name##_loop arguments; } \
  SSE41 static void name##_sse41 parameters { name##_loop arguments; } \
  AVX2 static void name##_avx2 parameters { name##_loop arguments; }
#define CFRAMES_DISPATCH(name, level, arguments) \
  do { \
    if ((level) >= 2) name##_avx2 arguments; \
    else if ((level) >= 1) name##_sse41 arguments; \
    else name##_plain arguments; \
  } while (0)
#else
#define CFRAMES_VARIANTS(name, parameters, arguments) \
  static void name##_plain parameters { name##_loop arguments; }
#define CFRAMES_DISPATCH(name, level, arguments) \
  do { \
    (void)(level); \
    name##_plain arguments; \
  } while (0)
#endif

INLINE int32_t cframes_clamp(int32_t value) { return value < 0 ? 0 : value > 255 ? 255 : value; }

// What the instruction PMULHRSW does.
INLINE int32_t cframes_product(int32_t a, int32_t b) { return (a * b + 0x4000) >> 15; }
