// Matrix products (CBLAS) and factorizations (LAPACKE), as Debian ships them: OpenBLAS carries CBLAS and LAPACK,
// the C interface to LAPACK is a library of its own.
#ifndef REGULUS_COPENBLAS_H
#define REGULUS_COPENBLAS_H

#include <cblas.h>
#include <lapacke.h>

#endif
