#include "cv4l2.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>

_Static_assert(CV4L2_CAP_CAPTURE == V4L2_CAP_VIDEO_CAPTURE, "capability");
_Static_assert(CV4L2_CAP_CAPTURE_MPLANE == V4L2_CAP_VIDEO_CAPTURE_MPLANE, "capability");
_Static_assert(CV4L2_CAP_STREAMING == V4L2_CAP_STREAMING, "capability");
_Static_assert(CV4L2_BUFFER_ERROR == V4L2_BUF_FLAG_ERROR, "buffer flag");
_Static_assert(CV4L2_TIMESTAMP_MASK == V4L2_BUF_FLAG_TIMESTAMP_MASK, "buffer flag");
_Static_assert(CV4L2_TIMESTAMP_MONOTONIC == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC, "buffer flag");
_Static_assert(CV4L2_FORMAT_EMULATED == V4L2_FMT_FLAG_EMULATED, "format flag");
_Static_assert((int)CV4L2_INTEGER_MENU == (int)V4L2_CTRL_TYPE_INTEGER_MENU, "control type");
_Static_assert(CV4L2_CONTROL_VOLATILE == V4L2_CTRL_FLAG_VOLATILE, "control flag");
_Static_assert(CV4L2_CONTROL_INACTIVE == V4L2_CTRL_FLAG_INACTIVE, "control flag");

enum { CAPTURE = V4L2_BUF_TYPE_VIDEO_CAPTURE };

static int call(int fd, unsigned long request, void *argument) {
  while (ioctl(fd, request, argument) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

/// The kernel ends its strings; a driver that does not must not make us read on.
static void copy(char *to, size_t to_size, const void *from, size_t from_size) {
  size_t count = from_size < to_size ? from_size : to_size;
  memcpy(to, from, count);
  to[count - 1] = 0;
}

int cv4l2_query_capability(int fd, cv4l2_capability *out) {
  struct v4l2_capability c = {0};
  int error = call(fd, VIDIOC_QUERYCAP, &c);
  if (error) return error;
  memset(out, 0, sizeof *out);
  copy(out->driver, sizeof out->driver, c.driver, sizeof c.driver);
  copy(out->card, sizeof out->card, c.card, sizeof c.card);
  copy(out->bus_info, sizeof out->bus_info, c.bus_info, sizeof c.bus_info);
  out->version = c.version;
  out->caps = c.capabilities & V4L2_CAP_DEVICE_CAPS ? c.device_caps : c.capabilities;
  return 0;
}

int cv4l2_enumerate_format(int fd, uint32_t index, cv4l2_format_description *out) {
  struct v4l2_fmtdesc d = {.index = index, .type = CAPTURE};
  int error = call(fd, VIDIOC_ENUM_FMT, &d);
  if (error) return error;
  out->pixelformat = d.pixelformat;
  out->flags = d.flags;
  copy(out->description, sizeof out->description, d.description, sizeof d.description);
  return 0;
}

int cv4l2_enumerate_size(int fd, uint32_t index, uint32_t pixelformat, cv4l2_frame_size *out) {
  struct v4l2_frmsizeenum s = {.index = index, .pixel_format = pixelformat};
  int error = call(fd, VIDIOC_ENUM_FRAMESIZES, &s);
  if (error) return error;
  if (s.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    *out = (cv4l2_frame_size){.is_discrete = 1,
                              .min_width = s.discrete.width,
                              .max_width = s.discrete.width,
                              .min_height = s.discrete.height,
                              .max_height = s.discrete.height,
                              .step_width = 1,
                              .step_height = 1};
  } else {
    *out = (cv4l2_frame_size){.min_width = s.stepwise.min_width,
                              .max_width = s.stepwise.max_width,
                              .step_width = s.stepwise.step_width ? s.stepwise.step_width : 1,
                              .min_height = s.stepwise.min_height,
                              .max_height = s.stepwise.max_height,
                              .step_height = s.stepwise.step_height ? s.stepwise.step_height : 1};
  }
  return 0;
}

int cv4l2_enumerate_interval(int fd, uint32_t index, uint32_t pixelformat, uint32_t width, uint32_t height,
                             cv4l2_frame_interval *out) {
  struct v4l2_frmivalenum v = {.index = index, .pixel_format = pixelformat, .width = width, .height = height};
  int error = call(fd, VIDIOC_ENUM_FRAMEINTERVALS, &v);
  if (error) return error;
  int is_discrete = v.type == V4L2_FRMIVAL_TYPE_DISCRETE;
  struct v4l2_fract least = is_discrete ? v.discrete : v.stepwise.min;
  struct v4l2_fract most = is_discrete ? v.discrete : v.stepwise.max;
  *out = (cv4l2_frame_interval){is_discrete, least.numerator, least.denominator, most.numerator, most.denominator};
  return 0;
}

static void flatten(const struct v4l2_pix_format *pix, cv4l2_format *out) {
  *out = (cv4l2_format){
      .pixelformat = pix->pixelformat,
      .width = pix->width,
      .height = pix->height,
      .bytes_per_line = pix->bytesperline,
      .size_image = pix->sizeimage,
      .field = pix->field,
      .colorspace = pix->colorspace,
      .ycbcr_encoding = pix->ycbcr_enc,
      .quantization = pix->quantization,
  };
}

int cv4l2_get_format(int fd, cv4l2_format *out) {
  struct v4l2_format f = {.type = CAPTURE};
  int error = call(fd, VIDIOC_G_FMT, &f);
  if (!error) flatten(&f.fmt.pix, out);
  return error;
}

int cv4l2_set_format(int fd, cv4l2_format *format) {
  struct v4l2_format f = {.type = CAPTURE};
  f.fmt.pix.pixelformat = format->pixelformat;
  f.fmt.pix.width = format->width;
  f.fmt.pix.height = format->height;
  f.fmt.pix.field = V4L2_FIELD_ANY;
  f.fmt.pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
  int error = call(fd, VIDIOC_S_FMT, &f);
  if (!error) flatten(&f.fmt.pix, format);
  return error;
}

int cv4l2_get_interval(int fd, uint32_t *numerator, uint32_t *denominator) {
  struct v4l2_streamparm p = {.type = CAPTURE};
  int error = call(fd, VIDIOC_G_PARM, &p);
  if (error) return error;
  if (!(p.parm.capture.capability & V4L2_CAP_TIMEPERFRAME)) return EINVAL;
  *numerator = p.parm.capture.timeperframe.numerator;
  *denominator = p.parm.capture.timeperframe.denominator;
  return 0;
}

int cv4l2_set_interval(int fd, uint32_t *numerator, uint32_t *denominator) {
  struct v4l2_streamparm p = {.type = CAPTURE};
  int error = call(fd, VIDIOC_G_PARM, &p);
  if (error) return error;
  if (!(p.parm.capture.capability & V4L2_CAP_TIMEPERFRAME)) return EINVAL;
  p.parm.capture.timeperframe = (struct v4l2_fract){*numerator, *denominator};
  error = call(fd, VIDIOC_S_PARM, &p);
  if (error) return error;
  *numerator = p.parm.capture.timeperframe.numerator;
  *denominator = p.parm.capture.timeperframe.denominator;
  return 0;
}

int cv4l2_input(int fd, cv4l2_item *out) {
  int index = 0;
  int error = call(fd, VIDIOC_G_INPUT, &index);
  if (error) return error;
  struct v4l2_input input = {.index = (uint32_t)index};
  error = call(fd, VIDIOC_ENUMINPUT, &input);
  if (error) return error;
  out->value = input.status & (V4L2_IN_ST_NO_POWER | V4L2_IN_ST_NO_SIGNAL | V4L2_IN_ST_NO_SYNC);
  copy(out->name, sizeof out->name, input.name, sizeof input.name);
  return 0;
}

int cv4l2_request_buffers(int fd, uint32_t *count) {
  struct v4l2_requestbuffers r = {.count = *count, .type = CAPTURE, .memory = V4L2_MEMORY_MMAP};
  int error = call(fd, VIDIOC_REQBUFS, &r);
  if (!error) *count = r.count;
  return error;
}

int cv4l2_query_buffer(int fd, uint32_t index, uint32_t *length, uint32_t *offset) {
  struct v4l2_buffer b = {.index = index, .type = CAPTURE, .memory = V4L2_MEMORY_MMAP};
  int error = call(fd, VIDIOC_QUERYBUF, &b);
  if (error) return error;
  *length = b.length;
  *offset = b.m.offset;
  return 0;
}

int cv4l2_queue_buffer(int fd, uint32_t index) {
  struct v4l2_buffer b = {.index = index, .type = CAPTURE, .memory = V4L2_MEMORY_MMAP};
  return call(fd, VIDIOC_QBUF, &b);
}

int cv4l2_dequeue_buffer(int fd, cv4l2_buffer *out) {
  struct v4l2_buffer b = {.type = CAPTURE, .memory = V4L2_MEMORY_MMAP};
  int error = call(fd, VIDIOC_DQBUF, &b);
  if (error) return error;
  *out = (cv4l2_buffer){b.index, b.bytesused, b.flags, b.sequence, b.length, b.field, b.timestamp.tv_sec,
                        b.timestamp.tv_usec};
  return 0;
}

int cv4l2_stream(int fd, int on) {
  int type = CAPTURE;
  return call(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

int cv4l2_next_control(int fd, uint32_t id, cv4l2_control *out) {
  struct v4l2_query_ext_ctrl q = {.id = id};
  while (1) {
    q.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
    int error = call(fd, VIDIOC_QUERY_EXT_CTRL, &q);
    if (error) return error;
    int is_known = q.type >= V4L2_CTRL_TYPE_INTEGER && q.type <= V4L2_CTRL_TYPE_INTEGER_MENU;
    if (is_known && q.type != V4L2_CTRL_TYPE_STRING && !(q.flags & V4L2_CTRL_FLAG_DISABLED)) break;
  }
  *out = (cv4l2_control){.id = q.id,
                         .type = q.type,
                         .flags = q.flags,
                         .minimum = q.minimum,
                         .maximum = q.maximum,
                         .step = (int64_t)q.step,
                         .default_value = q.default_value};
  copy(out->name, sizeof out->name, q.name, sizeof q.name);
  return 0;
}

int cv4l2_menu_item(int fd, uint32_t id, uint32_t index, cv4l2_item *out) {
  struct v4l2_querymenu m = {.id = id, .index = index};
  int error = call(fd, VIDIOC_QUERYMENU, &m);
  if (error) return error;
  // One union holds both; which of them is meant depends on the control's type.
  out->value = m.value;
  copy(out->name, sizeof out->name, m.name, sizeof m.name);
  return 0;
}

int cv4l2_get_control(int fd, uint32_t id, uint32_t type, int64_t *value) {
  struct v4l2_ext_control c = {.id = id};
  struct v4l2_ext_controls all = {.which = V4L2_CTRL_WHICH_CUR_VAL, .count = 1, .controls = &c};
  int error = call(fd, VIDIOC_G_EXT_CTRLS, &all);
  if (error) return error;
  *value = type == V4L2_CTRL_TYPE_INTEGER64 ? c.value64 : c.value;
  return 0;
}

int cv4l2_set_control(int fd, uint32_t id, uint32_t type, int64_t value) {
  struct v4l2_ext_control c = {.id = id};
  if (type == V4L2_CTRL_TYPE_INTEGER64) {
    c.value64 = value;
  } else {
    c.value = (int32_t)value;
  }
  struct v4l2_ext_controls all = {.which = V4L2_CTRL_WHICH_CUR_VAL, .count = 1, .controls = &c};
  return call(fd, VIDIOC_S_EXT_CTRLS, &all);
}

int cv4l2_subscribe_control(int fd, uint32_t id) {
  struct v4l2_event_subscription s = {.type = V4L2_EVENT_CTRL, .id = id};
  return call(fd, VIDIOC_SUBSCRIBE_EVENT, &s);
}

int cv4l2_next_event(int fd, uint32_t *id, int64_t *value) {
  struct v4l2_event e = {0};
  int error = call(fd, VIDIOC_DQEVENT, &e);
  if (error) return error;
  *id = e.type == V4L2_EVENT_CTRL ? e.id : 0;
  *value = e.type == V4L2_EVENT_CTRL ? e.u.ctrl.value64 : 0;
  return 0;
}
