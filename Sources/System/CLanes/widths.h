// How loops are written in sixteen lanes and compiled for each width of vector registers.
#ifndef REGULUS_CLANES_WIDTHS_H
#define REGULUS_CLANES_WIDTHS_H

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Sixteen numbers, which the compiler keeps in as many registers as the processor takes.
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));
// The same at any address. Vectors are no arguments of functions: how they are handed over depends on the processor.
typedef float unaligned_lanes __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t unaligned_mask __attribute__((vector_size(64), aligned(4), may_alias));
#define LOAD(place) ((lanes)(*(const unaligned_lanes *)(place)))
#define STORE(value, place) (*(unaligned_lanes *)(place) = (value))
// Copies fewer than sixteen numbers, in pieces whose sizes are known while compiling: a call of the C library takes longer than the copy.
static inline __attribute__((always_inline)) void copy_partly(float *target, const float *source, long count) {
#define COPY(piece) \
    if (count & (piece)) { \
        memcpy(target, source, (piece) * sizeof *target); \
        target += piece; \
        source += piece; \
    }
    COPY(8) COPY(4) COPY(2) COPY(1)
#undef COPY
}
// Reads and writes the first `kept` of sixteen numbers; the others are read as 0.
#define LOAD_PARTLY(place, kept) ({ float part[16] = {0}; copy_partly(part, place, kept); LOAD(part); })
#define STORE_PARTLY(value, place, kept) \
    { \
        float part[16]; \
        STORE(value, part); \
        copy_partly(place, part, kept); \
    }
// Runs `body`, which sets `value`, for sixteen numbers at a time and writes that to `results`. SIXTEEN is what an operand has there; behind the end it has zeros,
// and what comes of them is dropped.
#define IN_SIXTEENS(results, count, body) \
    for (long index = 0; index < (count); index += 16) { \
        const long kept = (count) - index; \
        lanes value; \
        body; \
        if (kept < 16) \
            STORE_PARTLY(value, (results) + index, kept) \
        else \
            STORE(value, (results) + index); \
    }
#define SIXTEEN(operand) (kept < 16 ? LOAD_PARTLY((operand) + index, kept) : LOAD((operand) + index))
// The value where the condition holds, 0 elsewhere.
#define WHERE(condition, value) ((lanes)((mask)(condition) & (mask)(value)))

// One number where the condition holds, the other elsewhere.
#define EITHER(condition, one, other) ((lanes)(((condition) & (mask)(one)) | (~(condition) & (mask)(other))))
// Whether a number takes the place of the largest so far: NaN counts as the largest, and the first of several equal numbers stays.
#define EXCEEDS(value, largest) (~((value) <= (largest)) & ((largest) == (largest)))

// Loops over a block are unrolled, since what is indexed by a counter would lie in memory.
#define UNROLLED _Pragma("clang loop unroll(full)")
#define ALL(number) (lanes){number, number, number, number, number, number, number, number, number, number, number, number, number, number, number, number}

// Sixteen small numbers, such as those of the places that won a cell.
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint8_t unaligned_bytes __attribute__((vector_size(16), aligned(1), may_alias));

// Eight numbers in double precision, and as many in single precision, also at any address.
typedef double doubles __attribute__((vector_size(64)));
typedef float eight __attribute__((vector_size(32)));
typedef float unaligned_eight __attribute__((vector_size(32), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline)) void

// Defines `name` by `name_body`, compiled for each width.
#define FOR_EACH_WIDTH(name, parameters, arguments) \
    DEFINE(name, parameters, arguments, name##_body arguments, name##_body arguments, name##_body arguments)

// The same for a body whose first parameter is how many groups of sixteen numbers it may work on at once without running out of registers.
#define FOR_EACH_WIDTH_IN_GROUPS(name, parameters, arguments) \
    DEFINE(name, parameters, arguments, name##_body(4, LIST arguments), name##_body(2, LIST arguments), name##_body(1, LIST arguments))

// The same for a body whose first parameter says whether multiplications are fused with additions, which is so for registers of 512 bits.
#define FOR_EACH_WIDTH_FUSING(name, parameters, arguments) \
    DEFINE(name, parameters, arguments, name##_body(1, LIST arguments), name##_body(0, LIST arguments), name##_body(0, LIST arguments))

#define LIST(...) __VA_ARGS__
#if defined(__x86_64__)
#define DEFINE(name, parameters, arguments, widest, wide, narrow) \
    __attribute__((target("avx512f"))) static void name##_512 parameters { widest; } \
    __attribute__((target("avx2"))) static void name##_256 parameters { wide; } \
    void name parameters { \
        if (__builtin_cpu_supports("avx512f")) { \
            name##_512 arguments; \
        } else if (__builtin_cpu_supports("avx2")) { \
            name##_256 arguments; \
        } else { \
            narrow; \
        } \
    }
#else
#define DEFINE(name, parameters, arguments, widest, wide, narrow) \
    void name parameters { narrow; }
#endif

// Runs `body` for all `channels` channels, a multiple of sixteen, `groups` groups of sixteen at a time from `channel` on. The more there are at a time, the
// more of a row is read at once, and the less often memory is gone through.
#define FOR_EACH_GROUP(most, channels, body) \
    for (long channel = 0; channel < (channels);) { \
        if ((most) >= 4 && (channels) - channel >= 64) { \
            enum { groups = 4 }; \
            body; \
            channel += 64; \
        } else if ((most) >= 2 && (channels) - channel >= 32) { \
            enum { groups = 2 }; \
            body; \
            channel += 32; \
        } else { \
            enum { groups = 1 }; \
            body; \
            channel += 16; \
        } \
    }

#endif
