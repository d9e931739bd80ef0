// libv4lconvert for the formats that few cameras still send: old vendors' compressions and odd packings. It is given no
// device: nothing but conversion is asked of it.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CVIDEO_MESSAGE_SIZE 200

/// A converter of frames of one layout. Not safe for use by two threads at once.
typedef struct cvideo_converter cvideo_converter;

/// Null where memory is short. `format` is a V4L2 four-character code.
cvideo_converter *cvideo_create(uint32_t format, uint32_t width, uint32_t height, uint32_t bytes_per_line,
                                uint32_t byte_count);
void cvideo_destroy(cvideo_converter *converter);
/// Converts to red, green, blue: 3 * width * height bytes. Returns 0, or -1 with a message of at most
/// `CVIDEO_MESSAGE_SIZE` bytes.
int32_t cvideo_convert(cvideo_converter *converter, const uint8_t *bytes, size_t count, uint8_t *rgb, char *message);
