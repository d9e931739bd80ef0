// A thin layer over OpenBLAS: what it is, and LAPACK's QR factorisation.
#ifndef COPENBLAS_H
#define COPENBLAS_H

#include <stdint.h>

/// Loads the library; 0 where it is not installed. The other functions load it themselves.
int copenblas_load(void);

/// The processor core that OpenBLAS chose its kernels for, such as "Haswell"; "" without the library.
const char *copenblas_core_name(void);
/// Version and build of the library, such as "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Haswell".
const char *copenblas_configuration(void);

#define COPENBLAS_MISSING (-1000)

/// Replaces the column-major rows x columns matrix `a` (rows >= columns) by the Q of its QR factorisation, whose
/// columns are orthonormal, and writes the diagonal of R to `diagonal` [columns]. `tau` is scratch of `columns` and
/// `work` of `work_count` elements (at least `columns`). Returns LAPACK's info, 0 where all went well, or
/// `COPENBLAS_MISSING`.
int copenblas_qr(int64_t rows, int64_t columns, float *a, float *diagonal, float *tau, float *work,
                 int64_t work_count);

#endif
