#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// jpeglib.h uses FILE and size_t without including their headers.
#include <jerror.h>
#include <jpeglib.h>

#include "ccodecs.h"
#include "jpeg_rows.h"

// libjpeg ends by longjmp to `jump`, always set in the one C function that called into it.
typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf jump;
  char *message;
  ccodecs_status status;
  int allows_extraneous_bytes;
} ccodecs_jpeg_errors;

// Cameras fill the data up to some multiple of bytes; what is longer is damage.
#define CCODECS_JPEG_STRAY_BYTES 16

// More scans than any encoder writes: each costs a pass over the whole picture, and a few bytes of file.
#define CCODECS_JPEG_SCANS 100

static void fail(j_common_ptr common) {
  ccodecs_jpeg_errors *errors = (ccodecs_jpeg_errors *)common->err;
  char text[JMSG_LENGTH_MAX];
  errors->manager.format_message(common, text);
  snprintf(errors->message, CCODECS_MESSAGE_SIZE, "%s", text);
  switch (errors->manager.msg_code) {
    case JERR_OUT_OF_MEMORY: errors->status = CCODECS_OUT_OF_MEMORY; break;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL: errors->status = CCODECS_UNSUPPORTED; break;
    default: errors->status = CCODECS_CORRUPT; break;
  }
  longjmp(errors->jump, 1);
}

// libjpeg warns and goes on with grey or garbage where data is missing or broken; for an inspection that is an error.
static void emit(j_common_ptr common, int level) {
  if (level >= 0) return;  // trace messages
  ccodecs_jpeg_errors *errors = (ccodecs_jpeg_errors *)common->err;
  switch (errors->manager.msg_code) {
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
      return;
    case JWRN_EXTRANEOUS_DATA:
      // How many bytes were skipped, and before which marker.
      if (errors->allows_extraneous_bytes && errors->manager.msg_parm.i[0] <= CCODECS_JPEG_STRAY_BYTES &&
          errors->manager.msg_parm.i[1] == JPEG_EOI)
        return;
      break;
    default: break;
  }
  fail(common);
}

static void output_nothing(j_common_ptr common) { (void)common; }

static void errors_init(ccodecs_jpeg_errors *errors, char *message) {
  jpeg_std_error(&errors->manager);
  errors->manager.error_exit = fail;
  errors->manager.emit_message = emit;
  errors->manager.output_message = output_nothing;
  errors->message = message;
  errors->status = CCODECS_CORRUPT;
  errors->allows_extraneous_bytes = 0;
  message[0] = 0;
}

static void watch_scans(j_common_ptr common) {
  j_decompress_ptr decoder = (j_decompress_ptr)common;
  if (decoder->input_scan_number > CCODECS_JPEG_SCANS) {
    ccodecs_jpeg_errors *errors = (ccodecs_jpeg_errors *)common->err;
    snprintf(errors->message, CCODECS_MESSAGE_SIZE, "more than %d scans", CCODECS_JPEG_SCANS);
    errors->status = CCODECS_UNSUPPORTED;
    longjmp(errors->jump, 1);
  }
}

static int32_t orientation_of(j_decompress_ptr decoder) {
  for (jpeg_saved_marker_ptr marker = decoder->marker_list; marker; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && memcmp(marker->data, "Exif\0\0", 6) == 0)
      return ccodecs_exif_orientation(marker->data + 6, marker->data_length - 6);
  }
  return 1;
}

// Reads the header and sets the output format; shared by both entry points, which own the jump.
static void start(j_decompress_ptr decoder, const uint8_t *bytes, size_t count, ccodecs_jpeg_options options) {
  jpeg_mem_src(decoder, bytes, count);
  jpeg_read_header(decoder, TRUE);
  decoder->dct_method = JDCT_ISLOW;
  decoder->do_block_smoothing = FALSE;
  decoder->scale_num = 1;
  decoder->scale_denom = (unsigned)options.scale_denominator;
  switch (decoder->jpeg_color_space) {
    case JCS_CMYK:
    case JCS_YCCK: decoder->out_color_space = JCS_CMYK; break;
    case JCS_GRAYSCALE: decoder->out_color_space = JCS_GRAYSCALE; break;
    case JCS_YCbCr: decoder->out_color_space = options.wants_gray ? JCS_GRAYSCALE : JCS_RGB; break;
    case JCS_RGB: decoder->out_color_space = JCS_RGB; break;
    default: ERREXIT(decoder, JERR_CONVERSION_NOTIMPL);
  }
  jpeg_calc_output_dimensions(decoder);
}

ccodecs_status ccodecs_jpeg_info(const uint8_t *bytes, size_t count, ccodecs_jpeg_options options, ccodecs_info *info,
                                 char *message) {
  struct jpeg_decompress_struct decoder;
  ccodecs_jpeg_errors errors;
  errors_init(&errors, message);
  decoder.err = &errors.manager;
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&decoder);
    return errors.status;
  }
  // Zeroes all but `err`, so that destroying is right even when creating fails half way.
  jpeg_create_decompress(&decoder);
  errors.allows_extraneous_bytes = options.allows_extraneous_bytes;
  jpeg_save_markers(&decoder, JPEG_APP0 + 1, 0xFFFF);
  start(&decoder, bytes, count, options);
  info->width = decoder.output_width;
  info->height = decoder.output_height;
  info->source_width = decoder.image_width;
  info->source_height = decoder.image_height;
  info->channels = decoder.out_color_space == JCS_GRAYSCALE ? 1 : 3;
  info->depth = 8;
  info->orientation = orientation_of(&decoder);
  // Huffman coding spends at least one bit on each 8 x 8 block; arithmetic coding has no such floor.
  uint64_t blocks = (((uint64_t)decoder.image_width + 7) / 8) * (((uint64_t)decoder.image_height + 7) / 8);
  info->least_bytes = decoder.arith_code ? blocks / 4096 : blocks / 8;
  jpeg_destroy_decompress(&decoder);
  return CCODECS_OK;
}

// CMYK to RGB as Pillow does it; Adobe's files hold inverted values.
static void rgb_from_cmyk(const uint8_t *cmyk, uint8_t *rgb, uint32_t width, int inverted) {
  const unsigned flip = inverted ? 0 : 255;
  for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    unsigned light = cmyk[3] ^ flip;
    for (int c = 0; c < 3; c++) {
      unsigned ink = 255 - (cmyk[c] ^ flip);
      unsigned product = ink * light + 128;
      rgb[c] = (uint8_t)(light - ((product + (product >> 8)) >> 8));
    }
  }
}

ccodecs_status ccodecs_jpeg_decode(const uint8_t *bytes, size_t count, ccodecs_jpeg_options options,
                                   const ccodecs_info *info, uint8_t *rows, size_t row_bytes, char *message) {
  struct jpeg_decompress_struct decoder;
  struct jpeg_progress_mgr progress = {.progress_monitor = watch_scans};
  ccodecs_jpeg_errors errors;
  errors_init(&errors, message);
  decoder.err = &errors.manager;
  if (setjmp(errors.jump)) {
    jpeg_destroy_decompress(&decoder);
    return errors.status;
  }
  jpeg_create_decompress(&decoder);
  errors.allows_extraneous_bytes = options.allows_extraneous_bytes;
  decoder.progress = &progress;
  start(&decoder, bytes, count, options);
  const int is_quick = !options.is_plain && ccodecs_jpeg_has_quick_rows(&decoder);
  if (is_quick) decoder.raw_data_out = TRUE;
  jpeg_start_decompress(&decoder);
  if (decoder.output_width != info->width || decoder.output_height != info->height) ERREXIT(&decoder, JERR_BAD_STATE);
  if (is_quick) {
    ccodecs_jpeg_quick_rows(&decoder, rows, row_bytes);
  } else if (decoder.out_color_space == JCS_CMYK) {
    JSAMPARRAY line =
        decoder.mem->alloc_sarray((j_common_ptr)&decoder, JPOOL_IMAGE, decoder.output_width * 4, 1);
    while (decoder.output_scanline < decoder.output_height) {
      uint8_t *row = rows + (size_t)decoder.output_scanline * row_bytes;
      jpeg_read_scanlines(&decoder, line, 1);
      rgb_from_cmyk(line[0], row, decoder.output_width, decoder.saw_Adobe_marker);
    }
  } else {
    while (decoder.output_scanline < decoder.output_height) {
      JSAMPROW lines[16];
      JDIMENSION left = decoder.output_height - decoder.output_scanline;
      JDIMENSION batch = left < 16 ? left : 16;
      for (JDIMENSION i = 0; i < batch; i++) lines[i] = rows + (size_t)(decoder.output_scanline + i) * row_bytes;
      jpeg_read_scanlines(&decoder, lines, batch);
    }
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return CCODECS_OK;
}

ccodecs_status ccodecs_jpeg_encode(const uint8_t *rows, size_t row_bytes, uint32_t width, uint32_t height,
                                   int32_t channels, int32_t quality, int32_t subsampled, ccodecs_buffer *out,
                                   char *message) {
  struct jpeg_compress_struct encoder;
  ccodecs_jpeg_errors errors;
  unsigned char *written = NULL;
  unsigned long size = 0;
  if (width > JPEG_MAX_DIMENSION || height > JPEG_MAX_DIMENSION || width == 0 || height == 0) {
    snprintf(message, CCODECS_MESSAGE_SIZE, "JPEG holds 1 to %ld pixels a side", JPEG_MAX_DIMENSION);
    return CCODECS_UNSUPPORTED;
  }
  errors_init(&errors, message);
  encoder.err = &errors.manager;
  if (setjmp(errors.jump)) {
    // Past the checks above only memory can run out; `written` may dangle then, so libjpeg's buffer is let go.
    jpeg_destroy_compress(&encoder);
    return errors.status;
  }
  jpeg_create_compress(&encoder);
  jpeg_mem_dest(&encoder, &written, &size);
  encoder.image_width = width;
  encoder.image_height = height;
  encoder.input_components = channels;
  encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  if (channels == 3 && !subsampled) encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = 1;
  encoder.dct_method = JDCT_ISLOW;
  jpeg_start_compress(&encoder, TRUE);
  while (encoder.next_scanline < encoder.image_height) {
    JSAMPROW row = (JSAMPROW)(uintptr_t)(rows + (size_t)encoder.next_scanline * row_bytes);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  out->bytes = written;
  out->count = size;
  return CCODECS_OK;
}
