#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <libv4l-plugin.h>
#include <libv4lconvert.h>

#include "cpeer.h"

// No device is there: it says that it captures, and answers nothing else.
static void *no_init(int descriptor) { return (void)descriptor, NULL; }
static void no_close(void *state) { (void)state; }
static int no_ioctl(void *state, int descriptor, unsigned long request, void *argument) {
  (void)state, (void)descriptor;
  if (request == VIDIOC_QUERYCAP) {
    memset(argument, 0, sizeof(struct v4l2_capability));
    ((struct v4l2_capability *)argument)->capabilities = V4L2_CAP_VIDEO_CAPTURE;
    return 0;
  }
  errno = ENOTTY;
  return -1;
}
static const struct libv4l_dev_ops no_device = {.init = no_init, .close = no_close, .ioctl = no_ioctl};

void *cpeer_create(void) { return v4lconvert_create_with_dev_ops(-1, NULL, &no_device); }

int32_t cpeer_convert(void *peer, uint32_t format, uint32_t width, uint32_t height, const uint8_t *bytes, size_t count,
                      uint8_t *rgb) {
  struct v4l2_format from, to;
  memset(&from, 0, sizeof from);
  from.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  from.fmt.pix.width = width;
  from.fmt.pix.height = height;
  from.fmt.pix.field = V4L2_FIELD_NONE;
  to = from;
  from.fmt.pix.pixelformat = format;
  from.fmt.pix.bytesperline = format == V4L2_PIX_FMT_YUYV ? 2 * width : 0;
  from.fmt.pix.sizeimage = (uint32_t)count;
  to.fmt.pix.pixelformat = V4L2_PIX_FMT_RGB24;
  to.fmt.pix.bytesperline = 3 * width;
  to.fmt.pix.sizeimage = 3 * width * height;
  const int wanted = (int)to.fmt.pix.sizeimage;
  return v4lconvert_convert(peer, &from, &to, (unsigned char *)(uintptr_t)bytes, (int)count, rgb, wanted) == wanted
             ? 0 : -1;
}
