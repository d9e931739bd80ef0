#include "jpeg_rows.h"

#include <string.h>

#include "cframes.h"

// What the kernel may read before and behind a row.
#define CCODECS_BEFORE 32
#define CCODECS_BEHIND 96

int ccodecs_jpeg_has_quick_rows(j_decompress_ptr decoder) {
  if (cframes_level() < 2 || decoder->scale_denom != 1 || decoder->num_components != 3) return 0;
  if (decoder->jpeg_color_space != JCS_YCbCr || decoder->out_color_space != JCS_RGB) return 0;
  const jpeg_component_info *part = decoder->comp_info;
  // libjpeg repeats the chroma of very narrow pictures instead of mixing it.
  return part[0].h_samp_factor == 2 && (part[0].v_samp_factor == 1 || part[0].v_samp_factor == 2) &&
         part[1].h_samp_factor == 1 && part[1].v_samp_factor == 1 && part[2].h_samp_factor == 1 &&
         part[2].v_samp_factor == 1 && decoder->image_width > 4;
}

// `count` rows of `width` samples with room around each, from libjpeg's own memory, which goes with the decoder.
static void make_rows(j_decompress_ptr decoder, JSAMPROW *rows, int count, size_t width) {
  const size_t stride = CCODECS_BEFORE + width + CCODECS_BEHIND;
  uint8_t *memory = decoder->mem->alloc_large((j_common_ptr)decoder, JPOOL_IMAGE, stride * (size_t)count);
  memset(memory, 0, stride * (size_t)count);
  for (int i = 0; i < count; i++) rows[i] = memory + (size_t)i * stride + CCODECS_BEFORE;
}

void ccodecs_jpeg_quick_rows(j_decompress_ptr decoder, uint8_t *rows, size_t row_bytes) {
  const size_t width = decoder->output_width, height = decoder->output_height, half = (width + 1) / 2;
  const int is_vertical = decoder->comp_info[0].v_samp_factor == 2;
  const size_t lines = is_vertical ? 16 : 8, chroma_rows = is_vertical ? (height + 1) / 2 : height;
  // The rows of two reads: the last row of one needs the first chroma row of the next.
  JSAMPROW luma[2][16], u[2][8], v[2][8];
  for (int side = 0; side < 2; side++) {
    make_rows(decoder, luma[side], (int)lines, decoder->comp_info[0].width_in_blocks * DCTSIZE);
    make_rows(decoder, u[side], 8, decoder->comp_info[1].width_in_blocks * DCTSIZE);
    make_rows(decoder, v[side], 8, decoder->comp_info[2].width_in_blocks * DCTSIZE);
  }
  size_t done = 0, read = 0;
  for (int side = 0; read < height; side ^= 1, read += lines) {
    JSAMPARRAY planes[3] = {luma[side], u[side], v[side]};
    jpeg_read_raw_data(decoder, planes, (JDIMENSION)lines);
    for (int i = 0; i < 8; i++) {
      u[side][i][-1] = u[side][i][0], u[side][i][half] = u[side][i][half - 1];
      v[side][i][-1] = v[side][i][0], v[side][i][half] = v[side][i][half - 1];
    }
    const size_t end = read + lines < height ? read + lines : height;
    if (!is_vertical) {
      for (; done < end; done++)
        cframes_rgb_from_triangle(luma[side][done - read], u[side][done - read], v[side][done - read], NULL, NULL, width,
                                  rows + done * row_bytes);
      continue;
    }
    // Row by row, each with the chroma row it lies in and the nearer of the two beside that; the picture's outermost
    // chroma rows stand for those beyond.
    for (; done < end; done++) {
      const size_t near = done / 2, far = done % 2 ? near + 1 : near - (near > 0);
      if (far * 2 >= read + lines && far < chroma_rows) break;
      const size_t other = far < chroma_rows ? far : near;
      const int near_side = near * 2 < read ? side ^ 1 : side, far_side = other * 2 < read ? side ^ 1 : side;
      cframes_rgb_from_triangle(luma[done < read ? side ^ 1 : side][done % 16], u[near_side][near % 8],
                                v[near_side][near % 8], u[far_side][other % 8], v[far_side][other % 8], width,
                                rows + done * row_bytes);
    }
  }
}
