// libv4lconvert as a program uses it that captures: one converter, no copies.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Null where it cannot be made.
void *cpeer_create(void);
/// To red, green, blue of 3 * width * height bytes; 0 where it worked. `bytes` are not written to.
int32_t cpeer_convert(void *peer, uint32_t format, uint32_t width, uint32_t height, const uint8_t *bytes, size_t count,
                      uint8_t *rgb);
