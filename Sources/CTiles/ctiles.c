#define _GNU_SOURCE
#include "ctiles.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REQUEST 0x1023 /* arch_prctl: ARCH_REQ_XCOMP_PERM */
#define TILE_DATA 18   /* the state component */

static int have(unsigned kind) {
  unsigned a, b, c, d;
  if (!__builtin_cpu_supports("avx512f") || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
    return 0;
  const unsigned needed = 1u << 24 | kind; /* AMX-TILE */
  return (d & needed) == needed && syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}

int ctiles_have_bytes(void) { return have(1u << 25); }
int ctiles_have_halves(void) { return have(1u << 22); }

#else

int ctiles_have_bytes(void) { return 0; }
int ctiles_have_halves(void) { return 0; }

#endif
