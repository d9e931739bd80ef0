/* Counts the calls of malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign and free of a whole process, all
 * threads and all libraries, while armed, and keeps the stacks that they came from.
 *
 * The functions are defined here, in the program, over glibc's own; the dynamic linker has every library use them. What
 * is counted is nothing that the counter does itself: it takes no memory. */
#pragma once
#include <stdint.h>

/* Whose call it was: the first code on the stack that belongs to none of the C, C++ and Swift runtime libraries. */
typedef enum {
  CALLOCATIONS_PROGRAM = 0, /* the program itself, with all that is linked into it */
  CALLOCATIONS_ONEDNN = 1,
  CALLOCATIONS_OTHER = 2, /* OpenMP, OpenBLAS and whatever else */
  CALLOCATIONS_OWNERS = 3
} callocations_owner;

typedef struct {
  uint64_t calls; /* that ask for memory */
  uint64_t bytes; /* asked for */
  uint64_t frees; /* of pointers other than null */
} callocations_count;

enum { CALLOCATIONS_DEPTH = 24 };

/* A place that asks for memory. */
typedef struct {
  uint64_t calls, bytes;
  callocations_owner owner;
  int depth;
  const void *frames[CALLOCATIONS_DEPTH]; /* return addresses, innermost first */
} callocations_site;

/* Starts to count, from zero. Reads first which libraries are loaded: those loaded later count as others. */
void callocations_arm(void);
void callocations_disarm(void);
callocations_count callocations_of(callocations_owner owner);
/* Distinct places, as far as there was room for them. */
int callocations_sites(void);
callocations_site callocations_site_at(int index);
/* The name of the function that a return address lies in, mangled, and its file; "" where unknown. */
const char *callocations_function(const void *address);
const char *callocations_file(const void *address);
/* Where in that file's memory image the call is, for symbolisers. */
uint64_t callocations_offset(const void *address);
