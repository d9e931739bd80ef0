// libFuzzer harness for the C decoders: FORMAT is jpeg, png or tiff. See run.sh.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ccodecs.h"

#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c) JOIN_(a, b, c)

static ccodecs_status info_of(const uint8_t *bytes, size_t count, int choice, ccodecs_info *info, char *message) {
#ifdef FUZZ_JPEG
  ccodecs_jpeg_options options = {1 << (choice & 3), choice >> 2 & 1, choice >> 3 & 1, 0};
  return ccodecs_jpeg_info(bytes, count, options, info, message);
#else
  (void)choice;
  return JOIN(ccodecs_, FORMAT, _info)(bytes, count, info, message);
#endif
}

static ccodecs_status decode(const uint8_t *bytes, size_t count, int choice, const ccodecs_info *info, uint8_t *rows,
                             size_t row_bytes, char *message) {
#ifdef FUZZ_JPEG
  ccodecs_jpeg_options options = {1 << (choice & 3), choice >> 2 & 1, choice >> 3 & 1, 0};
  return ccodecs_jpeg_decode(bytes, count, options, info, rows, row_bytes, message);
#else
  (void)choice;
  return JOIN(ccodecs_, FORMAT, _decode)(bytes, count, info, rows, row_bytes, message);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  char message[CCODECS_MESSAGE_SIZE];
  ccodecs_info info;
  // The last byte picks the options, so that seeds are plain files.
  int choice = count ? bytes[count - 1] & 15 : 0;
  if (info_of(bytes, count, choice, &info, message) != CCODECS_OK) return 0;
  if ((uint64_t)info.width * info.height > 4000000 || info.least_bytes > count) return 0;
  if ((info.channels != 1 && info.channels != 3 && info.channels != 4) || (info.depth != 8 && info.depth != 16)) abort();
  // Exactly as many bytes as the caller gives, for the address sanitizer to watch their ends.
  size_t row_bytes = (size_t)info.width * (size_t)info.channels * (size_t)(info.depth / 8);
  uint8_t *rows = malloc(row_bytes * info.height);
  memset(message, 'x', sizeof message);
  message[0] = 0;
  ccodecs_status status = decode(bytes, count, choice, &info, rows, row_bytes, message);
  // Reading every byte shows rows that an accepted picture left unwritten, under the memory sanitizer.
  volatile unsigned sum = 0;
  if (status == CCODECS_OK) for (size_t i = 0; i < row_bytes * info.height; i += 97) sum += rows[i];
  free(rows);
  return 0;
}
