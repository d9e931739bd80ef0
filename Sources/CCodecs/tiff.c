#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "ccodecs.h"

typedef struct {
  const uint8_t *bytes;
  uint64_t count;
  uint64_t position;
  char *message;
  int failed;
} ccodecs_tiff_state;

// What the pixels are, from the directory's tags.
typedef struct {
  uint32_t width, height;
  uint16_t bits, samples, photometric, planar, format, compression, orientation;
  int alpha;  // 0 none, 1 premultiplied, 2 straight; the first extra sample
  int through_rgba;  // colour spaces that libtiff converts to 8-bit RGBA itself
} ccodecs_tiff_layout;

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count) {
  ccodecs_tiff_state *state = handle;
  if (state->position >= state->count || count <= 0) return 0;
  uint64_t left = state->count - state->position;
  uint64_t taken = (uint64_t)count < left ? (uint64_t)count : left;
  memcpy(to, state->bytes + state->position, taken);
  state->position += taken;
  return (tmsize_t)taken;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t count) {
  (void)handle, (void)from, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
  ccodecs_tiff_state *state = handle;
  switch (from) {
    case SEEK_CUR: state->position += offset; break;
    case SEEK_END: state->position = state->count + offset; break;
    default: state->position = offset; break;
  }
  return state->position;
}

static int close_nothing(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((ccodecs_tiff_state *)handle)->count; }

// The first error is the cause; what follows are its consequences.
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  ccodecs_tiff_state *state = user;
  if (!state->failed) vsnprintf(state->message, CCODECS_MESSAGE_SIZE, format, arguments);
  state->failed = 1;
  return 1;
}

// Odd tags are no harm, but the JPEG and fax codecs only warn when picture data is missing or broken.
static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  if (module && (strncmp(module, "JPEG", 4) == 0 || strncmp(module, "Fax", 3) == 0))
    return on_error(tiff, user, module, format, arguments);
  return 1;
}

static TIFF *open_tiff(ccodecs_tiff_state *state) {
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, state);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, state);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)1 << 30);
  // "m": read, do not map.
  TIFF *tiff = TIFFClientOpenExt("image", "rm", state, read_bytes, write_nothing, seek, close_nothing, size_of, NULL,
                                 NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

static ccodecs_status unsupported(char *message, const char *format, int value) {
  snprintf(message, CCODECS_MESSAGE_SIZE, format, value);
  return CCODECS_UNSUPPORTED;
}

static ccodecs_status read_layout(TIFF *tiff, ccodecs_tiff_layout *layout, char *message) {
  uint16_t extra_count = 0;
  uint16_t *extra = NULL;
  memset(layout, 0, sizeof *layout);
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout->width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout->height) || layout->width == 0 || layout->height == 0) {
    snprintf(message, CCODECS_MESSAGE_SIZE, "no width and height");
    return CCODECS_CORRUPT;
  }
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout->planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout->format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout->compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &layout->orientation);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout->photometric))
    layout->photometric = layout->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  if (layout->orientation < 1 || layout->orientation > 8) layout->orientation = 1;
  if (extra_count > 0 && (extra[0] == EXTRASAMPLE_ASSOCALPHA || extra[0] == EXTRASAMPLE_UNASSALPHA))
    layout->alpha = extra[0] == EXTRASAMPLE_ASSOCALPHA ? 1 : 2;
  if (!TIFFIsCODECConfigured(layout->compression))
    return unsupported(message, "compression %d is not built into libtiff", layout->compression);
  if (layout->format != SAMPLEFORMAT_UINT && layout->format != SAMPLEFORMAT_VOID)
    return unsupported(message, "%d-bit samples that are not unsigned integers", layout->bits);
  if (layout->samples == 0) return unsupported(message, "%d samples per pixel", 0);

  int colors;
  switch (layout->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE: colors = 1; break;
    case PHOTOMETRIC_RGB: colors = 3; break;
    case PHOTOMETRIC_PALETTE:
      colors = 1;
      layout->alpha = 0;
      if (layout->bits > 8) return unsupported(message, "a palette of %d bits", layout->bits);
      break;
    default:
      if (layout->bits != 8 && layout->photometric != PHOTOMETRIC_LOGL && layout->photometric != PHOTOMETRIC_LOGLUV)
        return unsupported(message, "a color space other than grey, RGB and palette with %d bits", layout->bits);
      layout->through_rgba = 1;
      layout->alpha = 0;
      return CCODECS_OK;
  }
  if (layout->bits < 1 || layout->bits > 16) return unsupported(message, "samples of %d bits", layout->bits);
  if (layout->samples < colors) {
    snprintf(message, CCODECS_MESSAGE_SIZE, "%d samples per pixel are too few for its colors", layout->samples);
    return CCODECS_CORRUPT;
  }
  if (layout->samples == colors) layout->alpha = 0;
  return CCODECS_OK;
}

static void describe(const ccodecs_tiff_layout *layout, ccodecs_info *info) {
  info->width = info->source_width = layout->width;
  info->height = info->source_height = layout->height;
  info->orientation = layout->orientation;
  int gray = layout->photometric == PHOTOMETRIC_MINISBLACK || layout->photometric == PHOTOMETRIC_MINISWHITE;
  info->depth = layout->bits > 8 && !layout->through_rgba ? 16 : 8;
  info->channels = layout->alpha ? 4 : gray ? 1 : 3;
  uint64_t row = ((uint64_t)layout->width * layout->samples * layout->bits + 7) / 8;
  uint64_t raw = row > UINT64_MAX / layout->height ? UINT64_MAX : row * layout->height;
  switch (layout->compression) {
    case COMPRESSION_NONE:
      // Subsampled chroma takes less than `samples` says.
      info->least_bytes = layout->through_rgba ? raw / 4 : raw;
      break;
    case COMPRESSION_PACKBITS: info->least_bytes = raw / 64; break;
    case COMPRESSION_LZW: info->least_bytes = raw / 2000; break;
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE: info->least_bytes = raw / 1032; break;
    case COMPRESSION_JPEG: info->least_bytes = (uint64_t)layout->width * layout->height / 512; break;
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTRLEW: info->least_bytes = layout->height / 8; break;
    default: info->least_bytes = raw / 65536; break;
  }
}

ccodecs_status ccodecs_tiff_info(const uint8_t *bytes, size_t count, ccodecs_info *info, char *message) {
  ccodecs_tiff_state state = {.bytes = bytes, .count = count, .message = message};
  message[0] = 0;
  TIFF *tiff = open_tiff(&state);
  if (!tiff) return CCODECS_CORRUPT;
  ccodecs_tiff_layout layout;
  ccodecs_status status = read_layout(tiff, &layout, message);
  if (status == CCODECS_OK) describe(&layout, info);
  TIFFClose(tiff);
  return status;
}

// Sample `index` of packed big-endian bits, scaled to the whole range of 8 or 16 bits.
static inline uint32_t sample_at(const uint8_t *row, size_t index, int bits) {
  if (bits == 8) return row[index];
  if (bits == 16) return ((const uint16_t *)(const void *)row)[index];
  size_t bit = index * (size_t)bits;
  uint32_t value = 0;
  for (int left = bits; left > 0;) {
    int offset = (int)(bit & 7), taken = 8 - offset < left ? 8 - offset : left;
    value = value << taken | (((uint32_t)row[bit >> 3] >> (8 - offset - taken)) & ((1u << taken) - 1));
    bit += (size_t)taken;
    left -= taken;
  }
  uint32_t most = (1u << bits) - 1, top = bits > 8 ? 65535 : 255;
  return (value * top + most / 2) / most;
}

static inline void put(uint8_t *row, size_t index, int depth, uint32_t value) {
  if (depth == 16) ((uint16_t *)(void *)row)[index] = (uint16_t)value;
  else row[index] = (uint8_t)value;
}

typedef struct {
  const uint16_t *red, *green, *blue;
  int shift;
} ccodecs_tiff_palette;

// Copies `width` pixels of one decoded row. With separate planes `plane` says which component `from` holds.
static void copy_row(const ccodecs_tiff_layout *layout, const ccodecs_info *info, const ccodecs_tiff_palette *palette,
                     int plane, const uint8_t *from, uint8_t *to, uint32_t first, uint32_t width) {
  const int bits = layout->bits, depth = info->depth, out = info->channels;
  const size_t samples = plane < 0 ? layout->samples : 1;
  to += (size_t)first * (size_t)out * (size_t)(depth / 8);
  if (layout->photometric == PHOTOMETRIC_PALETTE) {
    if (plane > 0) return;
    const uint32_t mask = (1u << bits) - 1;
    for (uint32_t x = 0; x < width; x++) {
      // Undo the scaling: a palette wants the raw index.
      uint32_t index = bits == 8 ? from[x * samples] : (sample_at(from, x * samples, bits) * mask + 127) / 255;
      to[3 * x] = (uint8_t)(palette->red[index] >> palette->shift);
      to[3 * x + 1] = (uint8_t)(palette->green[index] >> palette->shift);
      to[3 * x + 2] = (uint8_t)(palette->blue[index] >> palette->shift);
    }
    return;
  }
  const int colors = layout->photometric == PHOTOMETRIC_RGB ? 3 : 1;
  const int used = colors + (layout->alpha ? 1 : 0);
  const uint32_t flip = layout->photometric == PHOTOMETRIC_MINISWHITE ? (depth == 16 ? 65535 : 255) : 0;
  if (plane < 0 && bits == depth && flip == 0 && used == out && samples == (size_t)out) {
    memcpy(to, from, (size_t)width * (size_t)out * (size_t)(depth / 8));
    return;
  }
  for (int c = plane < 0 ? 0 : plane; c < (plane < 0 ? used : plane + 1) && c < used; c++) {
    const size_t offset = plane < 0 ? (size_t)c : 0;
    for (uint32_t x = 0; x < width; x++) {
      uint32_t value = sample_at(from, x * samples + offset, bits);
      if (c < colors) value ^= flip;
      if (colors == 3 || out == 1) {
        put(to, (size_t)x * (size_t)out + (size_t)c, depth, value);
      } else if (c == 1) {  // grey with alpha becomes RGBA
        put(to, (size_t)x * 4 + 3, depth, value);
      } else {
        for (size_t i = 0; i < 3; i++) put(to, (size_t)x * 4 + i, depth, value);
      }
    }
  }
}

// Premultiplied alpha to straight.
static void divide_by_alpha(uint8_t *row, uint32_t width, int depth) {
  const uint32_t top = depth == 16 ? 65535 : 255;
  for (size_t x = 0; x < width; x++) {
    uint32_t alpha = sample_at(row, 4 * x + 3, depth);
    for (size_t c = 0; c < 3 && alpha > 0; c++) {
      uint64_t value = ((uint64_t)sample_at(row, 4 * x + c, depth) * top + alpha / 2) / alpha;
      put(row, 4 * x + c, depth, value > top ? top : (uint32_t)value);
    }
  }
}

static ccodecs_status decode_blocks(TIFF *tiff, const ccodecs_tiff_layout *layout, const ccodecs_info *info,
                                    uint8_t *rows, size_t row_bytes, char *message) {
  ccodecs_tiff_palette palette = {0};
  if (layout->photometric == PHOTOMETRIC_PALETTE) {
    uint16_t *red, *green, *blue;
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue)) {
      snprintf(message, CCODECS_MESSAGE_SIZE, "a palette image without a palette");
      return CCODECS_CORRUPT;
    }
    palette = (ccodecs_tiff_palette){red, green, blue, 0};
    // Some writers store 8-bit entries in the 16-bit table.
    for (uint32_t i = 0; i < 1u << layout->bits; i++) {
      if (red[i] > 255 || green[i] > 255 || blue[i] > 255) palette.shift = 8;
    }
  }
  const int tiled = TIFFIsTiled(tiff), separate = layout->planar == PLANARCONFIG_SEPARATE && layout->samples > 1;
  const int colors = layout->photometric == PHOTOMETRIC_RGB ? 3 : 1;
  const int planes = separate ? colors + (layout->alpha ? 1 : 0) : 1;
  uint32_t block_width = layout->width, block_height = 0;
  if (tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &block_width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &block_height);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &block_height);
    if (block_height > layout->height) block_height = layout->height;
  }
  const tmsize_t line = tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
  const tmsize_t size = tiled ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  // What copy_row reads from one row; a wrong size here would run past the block.
  const uint64_t needed = ((uint64_t)block_width * layout->bits * (separate ? 1 : layout->samples) + 7) / 8;
  if (block_width == 0 || block_height == 0 || line <= 0 || size <= 0 || (uint64_t)line < needed ||
      size > (tmsize_t)1 << 30 || (uint64_t)line * block_height > (uint64_t)size) {
    if (!message[0]) snprintf(message, CCODECS_MESSAGE_SIZE, "strips or tiles of an impossible size");
    return CCODECS_CORRUPT;
  }
  uint8_t *block = calloc((size_t)size, 1);
  if (!block) return CCODECS_OUT_OF_MEMORY;
  ccodecs_status status = CCODECS_CORRUPT;
  for (int plane = 0; plane < planes; plane++) {
    for (uint32_t top = 0; top < layout->height; top += block_height) {
      const uint32_t height = layout->height - top < block_height ? layout->height - top : block_height;
      for (uint32_t left = 0; left < layout->width; left += block_width) {
        const uint32_t width = layout->width - left < block_width ? layout->width - left : block_width;
        tmsize_t wanted = tiled ? size : line * (tmsize_t)height, got;
        if (tiled) {
          got = TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, left, top, 0, (uint16_t)plane), block, size);
        } else {
          got = TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, top, (uint16_t)plane), block, wanted);
        }
        if (got < wanted) goto done;
        for (uint32_t y = 0; y < height; y++) {
          copy_row(layout, info, &palette, separate ? plane : -1, block + (size_t)line * y,
                   rows + (size_t)(top + y) * row_bytes, left, width);
        }
        if (layout->width - left <= block_width) break;  // the sum could pass 2^32
      }
      if (layout->height - top <= block_height) break;
    }
  }
  status = CCODECS_OK;
done:
  free(block);
  if (status == CCODECS_OK && layout->alpha == 1) {
    for (uint32_t y = 0; y < layout->height; y++)
      divide_by_alpha(rows + (size_t)y * row_bytes, layout->width, info->depth);
  }
  return status;
}

// YCbCr, CMYK, Lab and LogLuv: libtiff's own conversion, to 8-bit RGB.
static ccodecs_status decode_through_rgba(TIFF *tiff, const ccodecs_tiff_layout *layout, uint8_t *rows,
                                          size_t row_bytes) {
  uint32_t *raster = malloc((size_t)layout->width * layout->height * 4);
  if (!raster) return CCODECS_OUT_OF_MEMORY;
  // Stored order: orientation is left to the caller, as for the other kinds. 1: stop at the first error.
  if (!TIFFReadRGBAImageOriented(tiff, layout->width, layout->height, raster, layout->orientation, 1)) {
    free(raster);
    return CCODECS_CORRUPT;
  }
  for (uint32_t y = 0; y < layout->height; y++) {
    const uint32_t *from = raster + (size_t)y * layout->width;
    uint8_t *to = rows + (size_t)y * row_bytes;
    for (uint32_t x = 0; x < layout->width; x++) {
      to[3 * x] = (uint8_t)TIFFGetR(from[x]);
      to[3 * x + 1] = (uint8_t)TIFFGetG(from[x]);
      to[3 * x + 2] = (uint8_t)TIFFGetB(from[x]);
    }
  }
  free(raster);
  return CCODECS_OK;
}

ccodecs_status ccodecs_tiff_decode(const uint8_t *bytes, size_t count, const ccodecs_info *info, uint8_t *rows,
                                   size_t row_bytes, char *message) {
  ccodecs_tiff_state state = {.bytes = bytes, .count = count, .message = message};
  message[0] = 0;
  TIFF *tiff = open_tiff(&state);
  if (!tiff) return CCODECS_CORRUPT;
  ccodecs_tiff_layout layout;
  ccodecs_status status = read_layout(tiff, &layout, message);
  if (status == CCODECS_OK && (layout.width != info->width || layout.height != info->height)) {
    snprintf(message, CCODECS_MESSAGE_SIZE, "the header does not match");
    status = CCODECS_CORRUPT;
  }
  if (status == CCODECS_OK) {
    status = layout.through_rgba ? decode_through_rgba(tiff, &layout, rows, row_bytes)
                                 : decode_blocks(tiff, &layout, info, rows, row_bytes, message);
  }
  // A warning taken for an error does not stop libtiff, so look at the flag as well.
  if (status == CCODECS_OK && state.failed) status = CCODECS_CORRUPT;
  TIFFClose(tiff);
  return status;
}
