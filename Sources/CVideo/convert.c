#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
// libv4lconvert.h and libv4l-plugin.h lean on the headers above.
#include <libv4l-plugin.h>
#include <libv4lconvert.h>

#include "cvideo.h"

// Some decoders look a little past the end of a damaged frame.
#define CVIDEO_MARGIN 65536

struct cvideo_converter {
  struct v4lconvert_data *library;
  struct v4l2_format from, to;
  uint8_t *copy;
  size_t capacity;
};

// There is no device. One that says what it is must be there, or the library does not start; every other question
// fails, and the library goes on with its defaults.
static void *no_init(int descriptor) {
  (void)descriptor;
  return NULL;
}
static void no_close(void *state) { (void)state; }
static int no_ioctl(void *state, int descriptor, unsigned long request, void *argument) {
  (void)state, (void)descriptor;
  if (request == VIDIOC_QUERYCAP) {
    struct v4l2_capability *capability = argument;
    memset(capability, 0, sizeof *capability);
    memcpy(capability->driver, "none", 5);
    capability->capabilities = V4L2_CAP_VIDEO_CAPTURE;
    return 0;
  }
  errno = ENOTTY;
  return -1;
}
static ssize_t no_read(void *state, int descriptor, void *buffer, size_t count) {
  (void)state, (void)descriptor, (void)buffer, (void)count;
  errno = ENOTTY;
  return -1;
}
static ssize_t no_write(void *state, int descriptor, const void *buffer, size_t count) {
  (void)state, (void)descriptor, (void)buffer, (void)count;
  errno = ENOTTY;
  return -1;
}
static const struct libv4l_dev_ops no_device = {
    .init = no_init, .close = no_close, .ioctl = no_ioctl, .read = no_read, .write = no_write};

cvideo_converter *cvideo_create(uint32_t format, uint32_t width, uint32_t height, uint32_t bytes_per_line,
                                uint32_t byte_count) {
  cvideo_converter *converter = calloc(1, sizeof *converter);
  if (!converter) return NULL;
  converter->library = v4lconvert_create_with_dev_ops(-1, NULL, &no_device);
  if (!converter->library) {
    free(converter);
    return NULL;
  }
  struct v4l2_pix_format *from = &converter->from.fmt.pix, *to = &converter->to.fmt.pix;
  converter->from.type = converter->to.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  from->width = to->width = width;
  from->height = to->height = height;
  from->field = to->field = V4L2_FIELD_NONE;
  from->pixelformat = format;
  from->bytesperline = bytes_per_line;
  from->sizeimage = byte_count;
  to->pixelformat = V4L2_PIX_FMT_RGB24;
  to->bytesperline = 3 * width;
  to->sizeimage = 3 * width * height;
  return converter;
}

void cvideo_destroy(cvideo_converter *converter) {
  if (!converter) return;
  v4lconvert_destroy(converter->library);
  free(converter->copy);
  free(converter);
}

int32_t cvideo_convert(cvideo_converter *converter, const uint8_t *bytes, size_t count, uint8_t *rgb, char *message) {
  const size_t needed = count + CVIDEO_MARGIN;
  if (converter->capacity < needed) {
    free(converter->copy);
    converter->copy = malloc(needed);
    converter->capacity = converter->copy ? needed : 0;
  }
  if (!converter->copy || count > INT32_MAX) {
    snprintf(message, CVIDEO_MESSAGE_SIZE, "out of memory");
    return -1;
  }
  // The library takes its source as writable.
  memcpy(converter->copy, bytes, count);
  memset(converter->copy + count, 0, CVIDEO_MARGIN);
  const int wanted = (int)converter->to.fmt.pix.sizeimage;
  const int written = v4lconvert_convert(converter->library, &converter->from, &converter->to, converter->copy,
                                         (int)count, rgb, wanted);
  if (written == wanted) return 0;
  const char *reason = written < 0 ? v4lconvert_get_error_message(converter->library) : "incomplete picture";
  snprintf(message, CVIDEO_MESSAGE_SIZE, "%s", reason);
  for (size_t i = strlen(message); i > 0 && (message[i - 1] == '\n' || message[i - 1] == '.'); i--) message[i - 1] = 0;
  return -1;
}
