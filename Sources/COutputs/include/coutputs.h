// What Swift's Glibc module leaves out: these calls are declared for _GNU_SOURCE only. Each returns -1 with errno set
// when the system refuses, and every descriptor that they make is closed in programs that are started.
#pragma once
#include <spawn.h>
#include <sys/types.h>

/// A pipe; `descriptors[0]` is the end to read from.
int coutputs_pipe(int descriptors[2]);
/// Accepts a connection; the new socket does not block.
int coutputs_accept(int listener);
/// A descriptor that becomes readable when the process ends.
int coutputs_pidfd(pid_t process);
/// The new program starts with descriptors below `first` only; 0 or an error number.
int coutputs_close_from(posix_spawn_file_actions_t *actions, int first);
/// Freed memory stays with the process instead of going back to the system (mallopt, which <malloc.h> alone declares).
void coutputs_keep_freed_memory(void);
