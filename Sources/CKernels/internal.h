#pragma once
#include "ckernels.h"

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

/* Calls body with the block size as a constant, so that the loops over lanes become vector instructions. */
#define FOR_BLOCK(block, body)                                                                                         \
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
