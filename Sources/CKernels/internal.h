#pragma once
#include "ckernels.h"

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

/* Calls name_8, name_16 or name_1: the function for the block size. */
#define FOR_BLOCK(block, name, ...)                                                                                    \
  do {                                                                                                                 \
    if ((block) == 8)                                                                                                  \
      name##_8(__VA_ARGS__);                                                                                           \
    else if ((block) == 16)                                                                                            \
      name##_16(__VA_ARGS__);                                                                                          \
    else                                                                                                               \
      name##_1(__VA_ARGS__);                                                                                           \
  } while (0)

/* Calls body with the block size as a constant, so that the loops over lanes become vector instructions. */
#define WITH_BLOCK(block, body)                                                                                         \
  switch (block) {                                                                                                     \
  case 16:                                                                                                             \
    body(16);                                                                                                          \
    break;                                                                                                             \
  case 8:                                                                                                              \
    body(8);                                                                                                           \
    break;                                                                                                             \
  default:                                                                                                             \
    body(1);                                                                                                           \
  }
