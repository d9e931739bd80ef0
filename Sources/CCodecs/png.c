#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ccodecs.h"

typedef struct {
  jmp_buf jump;
  char *message;
  ccodecs_status status;
  const uint8_t *bytes;
  size_t count;
  size_t position;
} ccodecs_png_state;

static void fail(png_structp png, png_const_charp text) {
  ccodecs_png_state *state = png_get_error_ptr(png);
  snprintf(state->message, CCODECS_MESSAGE_SIZE, "%s", text);
  if (strstr(text, "memory")) state->status = CCODECS_OUT_OF_MEMORY;
  longjmp(state->jump, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
  ccodecs_png_state *state = png_get_io_ptr(png);
  if (count > state->count - state->position) png_error(png, "the data ends too early");
  memcpy(to, state->bytes + state->position, count);
  state->position += count;
}

// Chunks that are never looked at; their compressed parts could be bombs.
static const png_byte ignored[] = "iCCP\0zTXt\0iTXt\0tEXt\0sPLT\0hIST\0pCAL\0sCAL\0tIME\0bKGD\0gAMA\0cHRM\0sRGB\0pHYs\0oFFs";

// Reads up to the pixels and asks for 8 or 16 bits of grey, RGB or RGBA.
static void start(png_structp png, png_infop header, ccodecs_png_state *state) {
  png_set_read_fn(png, state, read_bytes);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored, (int)(sizeof ignored / 5));
  png_read_info(png, header);
  png_byte type = png_get_color_type(png, header);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, header) < 8) png_set_expand_gray_1_2_4_to_8(png);
  int transparent = png_get_valid(png, header, PNG_INFO_tRNS) != 0;
  if (transparent) png_set_tRNS_to_alpha(png);
  if (type == PNG_COLOR_TYPE_GRAY_ALPHA || (type == PNG_COLOR_TYPE_GRAY && transparent)) png_set_gray_to_rgb(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (png_get_bit_depth(png, header) == 16) png_set_swap(png);
#endif
}

ccodecs_status ccodecs_png_info(const uint8_t *bytes, size_t count, ccodecs_info *info, char *message) {
  ccodecs_png_state state = {.message = message, .status = CCODECS_CORRUPT, .bytes = bytes, .count = count};
  png_structp volatile png = NULL;
  png_infop volatile header = NULL;
  message[0] = 0;
  if (setjmp(state.jump)) {
    png_structp held = png;
    png_infop held_header = header;
    png_destroy_read_struct(&held, &held_header, NULL);
    return state.status;
  }
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, fail, ignore);
  header = png ? png_create_info_struct(png) : NULL;
  if (!header) {
    png_structp held = png;
    if (held) png_destroy_read_struct(&held, NULL, NULL);
    return CCODECS_OUT_OF_MEMORY;
  }
  start(png, header, &state);
  uint64_t width = png_get_image_width(png, header), height = png_get_image_height(png, header);
  uint64_t bits = (uint64_t)png_get_bit_depth(png, header) * png_get_channels(png, header);
  int32_t orientation = 1;
  png_uint_32 exif_size = 0;
  png_bytep exif = NULL;
  if (png_get_eXIf_1(png, header, &exif_size, &exif)) orientation = ccodecs_exif_orientation(exif, exif_size);
  png_read_update_info(png, header);
  info->width = info->source_width = (uint32_t)width;
  info->height = info->source_height = (uint32_t)height;
  info->channels = png_get_channels(png, header);
  info->depth = png_get_bit_depth(png, header);
  info->orientation = orientation;
  // Deflate shrinks by 1032 at most.
  info->least_bytes = height * ((width * bits + 7) / 8) / 1032;
  png_structp held = png;
  png_infop held_header = header;
  png_destroy_read_struct(&held, &held_header, NULL);
  return CCODECS_OK;
}

ccodecs_status ccodecs_png_decode(const uint8_t *bytes, size_t count, const ccodecs_info *info, uint8_t *rows,
                                  size_t row_bytes, char *message) {
  ccodecs_png_state state = {.message = message, .status = CCODECS_CORRUPT, .bytes = bytes, .count = count};
  png_structp volatile png = NULL;
  png_infop volatile header = NULL;
  message[0] = 0;
  if (setjmp(state.jump)) {
    png_structp held = png;
    png_infop held_header = header;
    png_destroy_read_struct(&held, &held_header, NULL);
    return state.status;
  }
  png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, fail, ignore);
  header = png ? png_create_info_struct(png) : NULL;
  if (!header) {
    png_structp held = png;
    if (held) png_destroy_read_struct(&held, NULL, NULL);
    return CCODECS_OUT_OF_MEMORY;
  }
  start(png, header, &state);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, header);
  if (png_get_image_height(png, header) != info->height || png_get_rowbytes(png, header) > row_bytes)
    png_error(png, "the header does not match");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < info->height; y++) png_read_row(png, rows + (size_t)y * row_bytes, NULL);
  }
  png_read_end(png, NULL);
  png_structp held = png;
  png_infop held_header = header;
  png_destroy_read_struct(&held, &held_header, NULL);
  return CCODECS_OK;
}

typedef struct {
  jmp_buf jump;
  char *message;
  ccodecs_status status;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} ccodecs_png_sink;

static void fail_writing(png_structp png, png_const_charp text) {
  ccodecs_png_sink *sink = png_get_error_ptr(png);
  snprintf(sink->message, CCODECS_MESSAGE_SIZE, "%s", text);
  if (strstr(text, "memory")) sink->status = CCODECS_OUT_OF_MEMORY;
  longjmp(sink->jump, 1);
}

static void write_bytes(png_structp png, png_bytep from, size_t count) {
  ccodecs_png_sink *sink = png_get_io_ptr(png);
  if (count > sink->capacity - sink->count) {
    size_t capacity = sink->capacity * 2 + count;
    uint8_t *grown = realloc(sink->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    sink->bytes = grown;
    sink->capacity = capacity;
  }
  memcpy(sink->bytes + sink->count, from, count);
  sink->count += count;
}

static void flush_nothing(png_structp png) { (void)png; }

ccodecs_status ccodecs_png_encode(const uint8_t *rows, size_t row_bytes, uint32_t width, uint32_t height,
                                  int32_t channels, int32_t depth, int32_t level, const char *const *texts,
                                  size_t text_count, ccodecs_buffer *out, char *message) {
  ccodecs_png_sink sink = {.message = message, .status = CCODECS_UNSUPPORTED};
  png_structp volatile png = NULL;
  png_infop volatile header = NULL;
  message[0] = 0;
  if (setjmp(sink.jump)) {
    png_structp held = png;
    png_infop held_header = header;
    png_destroy_write_struct(&held, &held_header);
    free(sink.bytes);
    return sink.status;
  }
  png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, fail_writing, ignore);
  header = png ? png_create_info_struct(png) : NULL;
  if (!header) {
    png_structp held = png;
    if (held) png_destroy_write_struct(&held, NULL);
    return CCODECS_OUT_OF_MEMORY;
  }
  png_set_write_fn(png, &sink, write_bytes, flush_nothing);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_compression_level(png, level);
  // One cheap filter when speed counts; libpng's choice per row when size does.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, level <= 2 ? PNG_FILTER_SUB : PNG_ALL_FILTERS);
  int type = channels == 1 ? PNG_COLOR_TYPE_GRAY : channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA;
  png_set_IHDR(png, header, width, height, depth, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  for (size_t i = 0; i < text_count; i++) {
    png_text text = {.compression = PNG_ITXT_COMPRESSION_NONE,
                     .key = (png_charp)(uintptr_t)texts[2 * i],
                     .text = (png_charp)(uintptr_t)texts[2 * i + 1],
                     .lang = (png_charp)(uintptr_t) "",
                     .lang_key = (png_charp)(uintptr_t) ""};
    png_set_text(png, header, &text, 1);
  }
  png_write_info(png, header);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  if (depth == 16) png_set_swap(png);
#endif
  for (uint32_t y = 0; y < height; y++) png_write_row(png, rows + (size_t)y * row_bytes);
  png_write_end(png, NULL);
  png_structp held = png;
  png_infop held_header = header;
  png_destroy_write_struct(&held, &held_header);
  out->bytes = sink.bytes;
  out->count = sink.count;
  return CCODECS_OK;
}
