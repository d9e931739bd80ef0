// libFuzzer harness for the kernels that turn camera frames into pixels: all variants on buffers of exactly the bytes that
// a kernel may touch, which the sanitizers watch, and all must give the same bytes. See run.sh.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cframes.h"

static const uint8_t *data;
static size_t left;

// The next bytes of the input, then zeros, in memory of exactly `count` bytes.
static uint8_t *take(size_t count) {
  uint8_t *bytes = malloc(count ? count : 1);
  const size_t have = count < left ? count : left;
  memset(bytes, 0, count);
  memcpy(bytes, data, have);
  data += have, left -= have;
  return bytes;
}

static void agree(const uint8_t *one, const uint8_t *other, size_t count) {
  if (memcmp(one, other, count)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 8) return 0;
  const int kernel = bytes[0] % 9, option = bytes[1];
  const size_t width = bytes[2] % 140 + 1u, x = bytes[3] % width, count = bytes[4] % (width - x) + 1u;
  const int16_t factor = (int16_t)(bytes[5] * 68), bias = (int16_t)(bytes[6] * 4 - 512);
  // Signs and sizes as of real matrices: no overflow is to be feared from those alone.
  const cframes_matrix matrix = {(int16_t)(8192 + bytes[5] * 5), factor, (int16_t)(-factor / 4), (int16_t)(-factor / 3),
                                 factor, bias};
  data = bytes + 7, left = size - 7;
  const size_t half = (width + 1) / 2;
  uint8_t *inputs[5] = {0};
  uint8_t *outputs[3] = {0};
  const size_t written = count * (kernel == 8 ? 6 : kernel == 6 || kernel == 3 ? kernel == 6 ? 2 : 1 : 3);
  for (int i = 0; i < 5; i++) {
    const size_t needed = kernel == 0 ? half * 4 : kernel == 1 && i ? half * 2 : kernel == 2 && i ? half
                          : kernel == 3 ? 2 * count : kernel == 4 ? 4 * count : kernel == 5 ? 3 * count
                          : kernel == 6 ? 2 * count : kernel == 8 ? 2 * width : width;
    inputs[i] = take(needed);
  }
  const cframes_word_layout words = {11, 5, 5, 6, 0, 5, option & 1};
  for (int level = 0; level <= cframes_level(); level++) {
    uint8_t *to = outputs[level] = malloc(written);
    switch (kernel) {
      case 0: cframes_rgb_from_packed(inputs[0], (cframes_order)(option % 4), x, count, to, &matrix, level); break;
      case 1: cframes_rgb_from_pairs(inputs[0], inputs[1], option & 1, x, count, to, &matrix, level); break;
      case 2: cframes_rgb_from_planes(inputs[0], inputs[1], inputs[2], x, count, to, &matrix, level); break;
      case 3:
        // Luma at the second byte of each pair, the last of the buffer.
        if (option & 1) cframes_gray_from_luma(inputs[0] + 1, 2, count, to, &matrix, level);
        else cframes_every_second(inputs[0] + 1, count, to, level);
        break;
      case 4:
        if (option & 1) cframes_rgb_from_words(inputs[0], &words, count, to, level);
        else cframes_rgb_from_four(inputs[0], option >> 1 & 3, option >> 3 & 3, option >> 5 & 3, count, to, level);
        break;
      case 5:
        cframes_rgb_from_bgr(inputs[0], count, to, level);
        if (option & 1) cframes_expand_range(to, 3 * count, level);
        break;
      case 6:
        cframes_widen(inputs[0], 8 + option % 9, option >> 6 & 1, count, (uint16_t *)(void *)to, level);
        if (option & 32) cframes_expand_range_16((uint16_t *)(void *)to, count, level);
        break;
      case 7:
        cframes_demosaic((const uint8_t *const *)inputs, width, option & 1, option >> 1 & 1, x, count, to, level);
        break;
      case 8:
        cframes_demosaic_16((const uint16_t *const *)(void *)inputs, width, option & 1, option >> 1 & 1, x, count,
                            (uint16_t *)(void *)to, level);
        break;
    }
    if (level) agree(outputs[0], to, written);
  }
  for (int i = 0; i < 5; i++) free(inputs[i]);
  for (int i = 0; i < 3; i++) free(outputs[i]);
  return 0;
}
