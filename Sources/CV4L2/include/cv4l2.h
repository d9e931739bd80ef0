// The Video4Linux2 ioctls that capturing needs, with flat structures: Swift imports neither the request macros, nor
// variadic ioctl(), nor all of the unions. Each function repeats a call that a signal interrupted and returns 0, or the
// error number. No allocation, no state, no threads.
// https://www.kernel.org/doc/html/latest/userspace-api/media/v4l/v4l2.html
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
  char driver[16], card[32], bus_info[32];
  uint32_t version;
  /// Capabilities of this node, not of the whole device.
  uint32_t caps;
} cv4l2_capability;

enum {
  CV4L2_CAP_CAPTURE = 1,
  CV4L2_CAP_CAPTURE_MPLANE = 0x1000,
  CV4L2_CAP_STREAMING = 0x04000000,
};

typedef struct {
  uint32_t pixelformat, flags;
  char description[32];
} cv4l2_format_description;

/// V4L2_FMT_FLAG_COMPRESSED, V4L2_FMT_FLAG_EMULATED
enum { CV4L2_FORMAT_COMPRESSED = 1, CV4L2_FORMAT_EMULATED = 2 };

/// One size, or a range of sizes, in pixels.
typedef struct {
  uint32_t is_discrete;
  uint32_t min_width, max_width, step_width, min_height, max_height, step_height;
} cv4l2_frame_size;

/// One frame interval, or a range of them, in seconds as fractions.
typedef struct {
  uint32_t is_discrete;
  uint32_t min_numerator, min_denominator, max_numerator, max_denominator;
} cv4l2_frame_interval;

typedef struct {
  uint32_t pixelformat, width, height, bytes_per_line, size_image, field, colorspace, ycbcr_encoding, quantization;
} cv4l2_format;

typedef struct {
  uint32_t index, bytes_used, flags, sequence, length, field;
  /// Of the clock that the flags name; monotonic with all drivers of today.
  int64_t seconds, microseconds;
} cv4l2_buffer;

enum {
  CV4L2_BUFFER_ERROR = 0x40,
  CV4L2_TIMESTAMP_MASK = 0xE000,
  CV4L2_TIMESTAMP_MONOTONIC = 0x2000,
};

typedef struct {
  uint32_t id, type, flags;
  char name[32];
  int64_t minimum, maximum, step, default_value;
} cv4l2_control;

typedef struct {
  char name[32];
  int64_t value;
} cv4l2_item;

/// V4L2_CTRL_TYPE_...
enum {
  CV4L2_INTEGER = 1,
  CV4L2_BOOLEAN = 2,
  CV4L2_MENU = 3,
  CV4L2_BUTTON = 4,
  CV4L2_INTEGER64 = 5,
  CV4L2_CLASS = 6,
  CV4L2_STRING = 7,
  CV4L2_BITMASK = 8,
  CV4L2_INTEGER_MENU = 9,
};
/// V4L2_CTRL_FLAG_...
enum {
  CV4L2_CONTROL_DISABLED = 1,
  CV4L2_CONTROL_GRABBED = 2,
  CV4L2_CONTROL_READ_ONLY = 4,
  CV4L2_CONTROL_INACTIVE = 0x10,
  CV4L2_CONTROL_WRITE_ONLY = 0x40,
  CV4L2_CONTROL_VOLATILE = 0x80,
};

int cv4l2_query_capability(int fd, cv4l2_capability *out);
/// Formats of captured video by index; EINVAL after the last. The same below.
int cv4l2_enumerate_format(int fd, uint32_t index, cv4l2_format_description *out);
int cv4l2_enumerate_size(int fd, uint32_t index, uint32_t pixelformat, cv4l2_frame_size *out);
int cv4l2_enumerate_interval(int fd, uint32_t index, uint32_t pixelformat, uint32_t width, uint32_t height,
                             cv4l2_frame_interval *out);
int cv4l2_get_format(int fd, cv4l2_format *out);
/// Asks for a format and writes what the driver made of it. Colours and field are asked for as defaults.
int cv4l2_set_format(int fd, cv4l2_format *format);
/// Seconds between frames as a fraction; EINVAL or ENOTTY where the driver has no such thing.
int cv4l2_get_interval(int fd, uint32_t *numerator, uint32_t *denominator);
int cv4l2_set_interval(int fd, uint32_t *numerator, uint32_t *denominator);
/// The current input's name; the value is 0 where it has power, signal and sync.
int cv4l2_input(int fd, cv4l2_item *out);

/// Buffers in the driver's memory; `count` becomes what was granted. 0 gives them back.
int cv4l2_request_buffers(int fd, uint32_t *count);
/// Length and offset (for mmap) of a buffer.
int cv4l2_query_buffer(int fd, uint32_t index, uint32_t *length, uint32_t *offset);
int cv4l2_queue_buffer(int fd, uint32_t index);
int cv4l2_dequeue_buffer(int fd, cv4l2_buffer *out);
int cv4l2_stream(int fd, int on);

/// The control after `id` (0 for the first), compound ones and those of no use left out; EINVAL after the last.
int cv4l2_next_control(int fd, uint32_t id, cv4l2_control *out);
/// A menu's item: its name, or for an integer menu its value.
int cv4l2_menu_item(int fd, uint32_t id, uint32_t index, cv4l2_item *out);
int cv4l2_get_control(int fd, uint32_t id, uint32_t type, int64_t *value);
int cv4l2_set_control(int fd, uint32_t id, uint32_t type, int64_t value);
/// Has the driver tell of changes to a control, as a priority event on the file.
int cv4l2_subscribe_control(int fd, uint32_t id);
/// Takes one waiting event; ENOENT where there is none. `id` is 0 for events other than a control's.
int cv4l2_next_event(int fd, uint32_t *id, int64_t *value);
