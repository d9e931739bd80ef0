// Small functions over libpng, libjpeg and libtiff that Swift can call safely.
//
// The libraries report errors by longjmp or by global handlers; here every jump stays inside one C function, and the
// caller gets a status and a message. Every function is stateless: it takes the whole file in memory, keeps nothing,
// and may be called from any thread. Pixels are written straight into the caller's rows.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CCODECS_MESSAGE_SIZE 200

typedef enum {
  CCODECS_OK = 0,
  /// The data breaks its format's rules or ends too early.
  CCODECS_CORRUPT = 1,
  /// Correct as far as read, but a variant that is not handled.
  CCODECS_UNSUPPORTED = 2,
  CCODECS_OUT_OF_MEMORY = 3,
} ccodecs_status;

/// What a header says, and how the pixels will come out of the matching decode function.
typedef struct {
  uint32_t width;   ///< Columns that decoding gives.
  uint32_t height;  ///< Rows that decoding gives.
  uint32_t source_width;   ///< Columns in the file, before scaled decoding.
  uint32_t source_height;  ///< Rows in the file, before scaled decoding.
  int32_t channels;     ///< 1 grey, 3 RGB, 4 RGBA, straight alpha.
  int32_t depth;        ///< Bits per component as decoded: 8 or 16 (native byte order).
  int32_t orientation;  ///< Exif orientation 1...8; 1 where the file says nothing.
  /// Fewest bytes of compressed data that could hold such an image; a smaller file cannot be whole.
  uint64_t least_bytes;
} ccodecs_info;

typedef struct {
  /// Denominator of scaled decoding: 1, 2, 4 or 8.
  int32_t scale_denominator;
  /// Decode luma only where the file has it.
  int32_t wants_gray;
  /// Accept up to 16 stray bytes between the end of the picture's data and the end marker, as some cameras send.
  int32_t allows_extraneous_bytes;
  /// Leave all work to libjpeg: what the quicker way is tested against.
  int32_t is_plain;
} ccodecs_jpeg_options;

ccodecs_status ccodecs_jpeg_info(const uint8_t *bytes, size_t count, ccodecs_jpeg_options options, ccodecs_info *info,
                                 char *message);
/// `rows` is `height` rows of `row_bytes` each, as `ccodecs_jpeg_info` with the same options describes them.
ccodecs_status ccodecs_jpeg_decode(const uint8_t *bytes, size_t count, ccodecs_jpeg_options options,
                                   const ccodecs_info *info, uint8_t *rows, size_t row_bytes, char *message);

ccodecs_status ccodecs_png_info(const uint8_t *bytes, size_t count, ccodecs_info *info, char *message);
ccodecs_status ccodecs_png_decode(const uint8_t *bytes, size_t count, const ccodecs_info *info, uint8_t *rows,
                                  size_t row_bytes, char *message);

ccodecs_status ccodecs_tiff_info(const uint8_t *bytes, size_t count, ccodecs_info *info, char *message);
ccodecs_status ccodecs_tiff_decode(const uint8_t *bytes, size_t count, const ccodecs_info *info, uint8_t *rows,
                                   size_t row_bytes, char *message);

/// Reads the orientation from Exif data (a TIFF structure, without the "Exif\0\0" in front); 1 where there is none.
int32_t ccodecs_exif_orientation(const uint8_t *bytes, size_t count);

/// The libraries' own words for their versions.
const char *ccodecs_png_version(void);
const char *ccodecs_jpeg_version(void);
const char *ccodecs_tiff_version(void);

/// What an encoder wrote; give it back with `ccodecs_free`.
typedef struct {
  uint8_t *bytes;
  size_t count;
} ccodecs_buffer;

void ccodecs_free(ccodecs_buffer buffer);

/// `channels` is 1 or 3; `quality` is 1...100; `subsampled` halves the chroma planes both ways.
ccodecs_status ccodecs_jpeg_encode(const uint8_t *rows, size_t row_bytes, uint32_t width, uint32_t height,
                                   int32_t channels, int32_t quality, int32_t subsampled, ccodecs_buffer *out,
                                   char *message);

/// `channels` is 1, 3 or 4; `depth` is 8 or 16 (native byte order); `level` is zlib's 0...9. `texts` holds
/// `text_count` pairs of zero-ended UTF-8 strings: keyword, text.
ccodecs_status ccodecs_png_encode(const uint8_t *rows, size_t row_bytes, uint32_t width, uint32_t height,
                                  int32_t channels, int32_t depth, int32_t level, const char *const *texts,
                                  size_t text_count, ccodecs_buffer *out, char *message);
