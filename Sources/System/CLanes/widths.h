// How loops are written in sixteen lanes and compiled for each width of vector registers.
#ifndef REGULUS_CLANES_WIDTHS_H
#define REGULUS_CLANES_WIDTHS_H

#include <stdint.h>

#pragma STDC FP_CONTRACT OFF

// Sixteen numbers, which the compiler keeps in as many registers as the processor takes.
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));
// The same at any address. Vectors are no arguments of functions: how they are handed over depends on the processor.
typedef float unaligned_lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t unaligned_mask __attribute__((vector_size(64), aligned(4), may_alias));
#define LOAD(place) ((lanes)(*(const unaligned_lanes *)(place)))
#define STORE(value, place) (*(unaligned_lanes *)(place) = (value))
// The value where the condition holds, 0 elsewhere.
#define WHERE(condition, value) ((lanes)((mask)(condition) & (mask)(value)))

#define INLINE static inline __attribute__((always_inline)) void

// Defines `name` by `name_body`, compiled for each width.
#if defined(__x86_64__)
#define FOR_EACH_WIDTH(name, parameters, arguments) \
    __attribute__((target("avx512f"))) static void name##_512 parameters { name##_body arguments; } \
    __attribute__((target("avx2"))) static void name##_256 parameters { name##_body arguments; } \
    void name parameters { \
        if (__builtin_cpu_supports("avx512f")) { \
            name##_512 arguments; \
        } else if (__builtin_cpu_supports("avx2")) { \
            name##_256 arguments; \
        } else { \
            name##_body arguments; \
        } \
    }
#else
#define FOR_EACH_WIDTH(name, parameters, arguments) \
    void name parameters { name##_body arguments; }
#endif

#endif
