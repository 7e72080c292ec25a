// OpenBLAS: matrix products (CBLAS), and what the processor can do.
//
// The program is not linked with OpenBLAS. The functions of `cblas.h` that Regulus calls are defined in this module: they open the library
// at the first call, which is not part of what every start of the program waits for, and hand their arguments on.
#ifndef REGULUS_COPENBLAS_H
#define REGULUS_COPENBLAS_H

// Debian has a folder for each way in which OpenBLAS splits work, Fedora has one; a `cblas.h` elsewhere may be another library's.
#if __has_include(<openblas-pthread/cblas.h>)
#include <openblas-pthread/cblas.h>
#elif __has_include(<openblas-openmp/cblas.h>)
#include <openblas-openmp/cblas.h>
#elif __has_include(<openblas-serial/cblas.h>)
#include <openblas-serial/cblas.h>
#elif __has_include(<openblas/cblas.h>)
#include <openblas/cblas.h>
#else
#include <cblas.h>
#endif

// The widest vector instructions that both the processor and the system support and that OpenBLAS has kernels for, in bits;
// 0 where there are none beyond the first, or the processor is of another family.
static inline int regulus_vector_instructions(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return 512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 256;
#endif
    return 0;
}

// Lets OpenBLAS choose its kernels again, as it did when it was opened. Returns 0 where it was built for one type of processor.
int regulus_choose_kernels(void);

#endif
