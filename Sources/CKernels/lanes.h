/* Vectors of 8 and 16 floats (and of one, for the plain layout): one register each where the instruction set has them, several where not. */
#pragma once
#include <string.h>

/* Passing such vectors is different code with and without AVX; every function that does is inlined, so it is none. */
#pragma clang diagnostic ignored "-Wpsabi"

typedef float lanes_1 __attribute__((ext_vector_type(1)));
typedef float lanes_8 __attribute__((ext_vector_type(8)));
typedef float lanes_16 __attribute__((ext_vector_type(16)));
typedef int32_t mask_1 __attribute__((ext_vector_type(1)));
typedef int32_t mask_8 __attribute__((ext_vector_type(8)));
typedef int32_t mask_16 __attribute__((ext_vector_type(16)));

#define DEFINE_LANES(N)                                                                                                \
  INLINE lanes_##N load_##N(const float *from) {                                                                       \
    lanes_##N v;                                                                                                       \
    memcpy(&v, from, sizeof v);                                                                                        \
    return v;                                                                                                          \
  }                                                                                                                    \
  INLINE void store_##N(float *to, lanes_##N v) { memcpy(to, &v, sizeof v); }                                          \
  INLINE lanes_##N select_##N(mask_##N mask, lanes_##N yes, lanes_##N no) {                                            \
    return (lanes_##N)(((mask_##N)yes & mask) | ((mask_##N)no & ~mask));                                               \
  }
DEFINE_LANES(1)
DEFINE_LANES(8)
DEFINE_LANES(16)
#undef DEFINE_LANES
