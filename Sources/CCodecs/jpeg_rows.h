#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <jpeglib.h>

/// Whether the picture's rows can be made from libjpeg's raw planes: Y'CbCr in full size with chroma halved along the
/// rows, or both ways, wanted as RGB, on a processor with AVX2. The header has been read.
int ccodecs_jpeg_has_quick_rows(j_decompress_ptr decoder);
/// Reads the planes and writes RGB rows, the same bytes as libjpeg's own, in one pass over them. Decompression has been
/// started with `raw_data_out`.
void ccodecs_jpeg_quick_rows(j_decompress_ptr decoder, uint8_t *rows, size_t row_bytes);
