#define _GNU_SOURCE
#include "coutputs.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int coutputs_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int coutputs_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int coutputs_pidfd(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int coutputs_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

void coutputs_keep_freed_memory(void) {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
}
