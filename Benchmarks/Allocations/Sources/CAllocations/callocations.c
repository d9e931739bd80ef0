#define _GNU_SOURCE
#include "callocations.h"
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unwind.h>

/* glibc's own, which it exports for this purpose. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

enum { SITES = 4096, RANGES = 512, RUNTIME = -1 };

static atomic_int armed;
static _Thread_local int inside; /* the unwinder itself may ask for memory */
static _Atomic uint64_t calls[CALLOCATIONS_OWNERS], bytes[CALLOCATIONS_OWNERS], frees[CALLOCATIONS_OWNERS];
static atomic_flag lock = ATOMIC_FLAG_INIT; /* of the sites */
static callocations_site sites[SITES];
static int site_count;

static struct range {
  uintptr_t low, high;
  int owner;
} ranges[RANGES];
static int range_count;

static int owner_of_file(const char *path) {
  static const char *const runtimes[] = {"libc.so",     "libc-",       "libstdc++", "libgcc_s",        "libm.so",
                                         "libswiftCore", "libswift_", "ld-linux",  "libswiftGlibc",   "libpthread",
                                         "libdispatch",  "libBlocks", "linux-vdso", "libFoundation"};
  if (!*path)
    return CALLOCATIONS_PROGRAM; /* dl_iterate_phdr gives the program no name */
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (strstr(name, "libdnnl"))
    return CALLOCATIONS_ONEDNN;
  for (size_t i = 0; i < sizeof runtimes / sizeof *runtimes; i++)
    if (strncmp(name, runtimes[i], strlen(runtimes[i])) == 0)
      return RUNTIME;
  return CALLOCATIONS_OTHER;
}

static int add_ranges(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size, (void)context;
  for (int i = 0; i < info->dlpi_phnum && range_count < RANGES; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
      continue;
    uintptr_t low = info->dlpi_addr + segment->p_vaddr;
    ranges[range_count++] = (struct range){low, low + segment->p_memsz, owner_of_file(info->dlpi_name)};
  }
  return 0;
}

static int owner_of_address(const void *address) {
  uintptr_t value = (uintptr_t)address;
  for (int i = 0; i < range_count; i++)
    if (value >= ranges[i].low && value < ranges[i].high)
      return ranges[i].owner;
  /* Code that was made at run time: oneDNN's kernels. */
  return CALLOCATIONS_ONEDNN;
}

struct walk {
  int skip, depth;
  const void *frames[CALLOCATIONS_DEPTH];
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *pointer) {
  struct walk *walk = pointer;
  if (walk->skip > 0) {
    walk->skip--;
    return _URC_NO_REASON;
  }
  const void *address = (const void *)_Unwind_GetIP(context);
  if (!address || walk->depth == CALLOCATIONS_DEPTH)
    return _URC_END_OF_STACK;
  walk->frames[walk->depth++] = address;
  return _URC_NO_REASON;
}

static callocations_owner owner_of_walk(const struct walk *walk) {
  for (int i = 0; i < walk->depth; i++) {
    int owner = owner_of_address(walk->frames[i]);
    if (owner != RUNTIME)
      return (callocations_owner)owner;
  }
  return CALLOCATIONS_OTHER;
}

static void keep_site(const struct walk *walk, callocations_owner owner, size_t size) {
  while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
    ;
  int i = 0;
  while (i < site_count && (sites[i].depth != walk->depth ||
                            memcmp(sites[i].frames, walk->frames, (size_t)walk->depth * sizeof(void *)) != 0))
    i++;
  if (i == site_count && site_count < SITES) {
    sites[i] = (callocations_site){0, 0, owner, walk->depth, {0}};
    memcpy(sites[i].frames, walk->frames, sizeof walk->frames);
    site_count++;
  }
  if (i < site_count) {
    sites[i].calls++;
    sites[i].bytes += size;
  }
  atomic_flag_clear_explicit(&lock, memory_order_release);
}

/* The walk begins at the caller of the function that calls this: neither must be inlined. */
__attribute__((noinline)) static void note(size_t size, int is_free) {
  inside = 1;
  struct walk walk = {.skip = 2, .depth = 0};
  _Unwind_Backtrace(visit, &walk);
  callocations_owner owner = owner_of_walk(&walk);
  if (is_free) {
    frees[owner]++;
  } else {
    calls[owner]++;
    bytes[owner] += size;
    keep_site(&walk, owner, size);
  }
  inside = 0;
}

static inline int counts(void) { return atomic_load_explicit(&armed, memory_order_relaxed) && !inside; }

__attribute__((noinline)) void *malloc(size_t size) {
  if (counts())
    note(size, 0);
  return __libc_malloc(size);
}

__attribute__((noinline)) void *calloc(size_t count, size_t size) {
  if (counts())
    note(count * size, 0);
  return __libc_calloc(count, size);
}

__attribute__((noinline)) void *realloc(void *pointer, size_t size) {
  if (counts())
    note(size, 0);
  return __libc_realloc(pointer, size);
}

__attribute__((noinline)) void *memalign(size_t alignment, size_t size) {
  if (counts())
    note(size, 0);
  return __libc_memalign(alignment, size);
}

__attribute__((noinline)) void *aligned_alloc(size_t alignment, size_t size) {
  if (counts())
    note(size, 0);
  return __libc_memalign(alignment, size);
}

__attribute__((noinline)) int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
    return EINVAL;
  if (counts())
    note(size, 0);
  void *memory = __libc_memalign(alignment, size);
  if (!memory)
    return ENOMEM;
  *result = memory;
  return 0;
}

__attribute__((noinline)) void free(void *pointer) {
  if (pointer && counts())
    note(0, 1);
  __libc_free(pointer);
}

void callocations_arm(void) {
  struct walk walk = {.skip = 0, .depth = 0};
  _Unwind_Backtrace(visit, &walk); /* its first call reads tables */
  range_count = 0;
  dl_iterate_phdr(add_ranges, NULL);
  site_count = 0;
  for (int i = 0; i < CALLOCATIONS_OWNERS; i++)
    calls[i] = bytes[i] = frees[i] = 0;
  atomic_store(&armed, 1);
}

void callocations_disarm(void) { atomic_store(&armed, 0); }

callocations_count callocations_of(callocations_owner owner) {
  return (callocations_count){calls[owner], bytes[owner], frees[owner]};
}

int callocations_sites(void) { return site_count; }

callocations_site callocations_site_at(int index) { return sites[index]; }

/* A return address is that of the next instruction, which may be another function's. */
const char *callocations_function(const void *address) {
  Dl_info info;
  return dladdr((const char *)address - 1, &info) && info.dli_sname ? info.dli_sname : "";
}

const char *callocations_file(const void *address) {
  Dl_info info;
  return dladdr((const char *)address - 1, &info) && info.dli_fname ? info.dli_fname : "";
}

uint64_t callocations_offset(const void *address) {
  Dl_info info;
  const char *call = (const char *)address - 1;
  return dladdr(call, &info) ? (uint64_t)(call - (const char *)info.dli_fbase) : 0;
}
