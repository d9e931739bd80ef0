#include "ccodecs.h"

#include <stdio.h>

// After <stdio.h>, which it needs but does not include.
#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *ccodecs_png_version(void) { return png_get_libpng_ver(NULL); }

const char *ccodecs_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
  return "turbo " TEXT(LIBJPEG_TURBO_VERSION);
#else
  return TEXT(JPEG_LIB_VERSION);
#endif
}

const char *ccodecs_tiff_version(void) { return TIFFGetVersion(); }
