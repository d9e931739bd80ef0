#include <stdlib.h>

#include "ccodecs.h"

static uint32_t get16(const uint8_t *at, int big) {
  return big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static uint32_t get32(const uint8_t *at, int big) {
  return big ? get16(at, 1) << 16 | get16(at + 2, 1) : get16(at + 2, 0) << 16 | get16(at, 0);
}

// Exif 2.32: a TIFF header, then the first directory's entries of 12 bytes; orientation is tag 0x0112, a SHORT.
int32_t ccodecs_exif_orientation(const uint8_t *bytes, size_t count) {
  if (count < 14) return 1;
  int big = bytes[0] == 'M' && bytes[1] == 'M';
  if (!big && !(bytes[0] == 'I' && bytes[1] == 'I')) return 1;
  if (get16(bytes + 2, big) != 42) return 1;
  size_t directory = get32(bytes + 4, big);
  if (directory > count - 2) return 1;
  uint32_t entries = get16(bytes + directory, big);
  for (uint32_t i = 0; i < entries; i++) {
    size_t entry = directory + 2 + (size_t)i * 12;
    if (entry + 12 > count) return 1;
    if (get16(bytes + entry, big) != 0x0112 || get16(bytes + entry + 2, big) != 3) continue;
    uint32_t value = get16(bytes + entry + 8, big);
    return value >= 1 && value <= 8 ? (int32_t)value : 1;
  }
  return 1;
}

void ccodecs_free(ccodecs_buffer buffer) { free(buffer.bytes); }
