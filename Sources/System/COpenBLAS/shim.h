// Matrix products (CBLAS), and what the processor can do.
#ifndef REGULUS_COPENBLAS_H
#define REGULUS_COPENBLAS_H

#include <cblas.h>

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

#endif
