/* AMX: registers of up to 16 rows by 64 bytes, which an instruction multiplies as matrices (Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 1, chapter 18). */
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTILES_ROWS 16
#define CTILES_BYTES 64 /* of a row */

/* Whether the processor multiplies tiles of bytes, or of bfloat16, and the kernel lets this process: Linux gives the state
 * of these registers only to one that asks. */
int ctiles_have_bytes(void);
int ctiles_have_halves(void);

/* What LDTILECFG reads: bytes of a row and rows of each register. */
typedef struct {
  uint8_t palette, start_row, reserved[14]; /* 1 and zeros */
  uint16_t row_bytes[16];
  uint8_t rows[16];
} __attribute__((aligned(64))) ctiles_shapes;

#ifdef __cplusplus
}
#endif
