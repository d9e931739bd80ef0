/* Means of channels and gates on channels (the squeeze and the excitation of Hu et al. 2018, arXiv 1709.01507), for
 * images [batch][blocks][pixels][block]: blocks of channels, or with the channels last one block of all of them.
 *
 * No allocation, no threads of its own, no globals. A job is shared by the threads that call its `_part` function with
 * different indices, after its `_start`; each part takes work until none is left. What is summed in which order depends
 * on the sizes alone. */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  int64_t batch, channels, pixels;
  int64_t block; /* at least 8; a last block that is not full is filled up with zeros */
  int64_t next;  /* work that is handed out; reset by cchannels_start */
  const float *x;
  /* Means: [batch][channels]. Gates: the image. */
  float *y;
  const float *gates; /* [batch][channels], or [channels] for all images where gate_stride is 0 */
  int64_t gate_stride;
  float *scratch; /* means: cchannels_scratch floats */
} cchannels_job;

int64_t cchannels_scratch(const cchannels_job *job);
void cchannels_start(cchannels_job *job);
/* First the sums, then the means. */
void cchannels_sums_part(void *job, int index);
void cchannels_means_part(void *job, int index);
/* y = x gate; y may be x. */
void cchannels_gate_part(void *job, int index);

#ifdef __cplusplus
}
#endif
