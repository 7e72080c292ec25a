// Blocks of matrix products that stay in registers: what loops of products have in common. Multiplications are fused with additions, and each
// number is a sum in the order of its terms, however a product is divided into blocks.
#ifndef REGULUS_CLANES_BLOCKS_H
#define REGULUS_CLANES_BLOCKS_H

#include "widths.h"

// Fused multiplications in registers of 128 bits would be calls of the mathematical library: some loops are made for 512 bits alone, others for 256, too, and
// nobody calls them on other processors.
#if defined(__x86_64__)
#define WIDEST __attribute__((target("avx512f")))
#else
#define WIDEST
#endif

// Defines `name` by `name_body` for both widths; the body's first parameter says whether registers have 512 bits, of which there are 32 and not 16.
#if defined(__x86_64__)
#define FOR_BOTH_WIDTHS(name, parameters, arguments) \
    __attribute__((target("avx512f"))) static void name##_512 parameters { name##_body(1, LIST arguments); } \
    __attribute__((target("avx2,fma"))) static void name##_256 parameters { name##_body(0, LIST arguments); } \
    void name parameters { \
        if (__builtin_cpu_supports("avx512f")) { \
            name##_512 arguments; \
        } else { \
            name##_256 arguments; \
        } \
    }
#else
#define FOR_BOTH_WIDTHS(name, parameters, arguments) \
    void name parameters { name##_body(0, LIST arguments); }
#endif

// Sums `sum[r][g]` of `height` rows and `groups` groups of sixteen columns over `terms` terms: the factor of row r and term i is left[r · left_row + i ·
// left_term], and the other one lies `right_row` numbers from the one before. `each` is done beside each term.
//
// A register points to each fourth row, and the three after it lie one to three times `left_row` from there. Left to itself, the compiler keeps an address
// for each row, for which there are too few registers, so that every second one would be read from memory.
#define SUMS(height, groups, terms, left, left_row, left_term, right, right_row, each) \
    { \
        const float *fourths[((height) + 3) / 4], *term_of_others = (right); \
        UNROLLED for (long r = 0; r < height; r += 4) fourths[r / 4] = (left) + r * (left_row); \
        for (long i = 0; i < (terms); ++i) { \
            lanes others[groups]; \
            each; \
            UNROLLED for (long g = 0; g < groups; ++g) others[g] = LOAD(term_of_others + 16 * g); \
            term_of_others += right_row; \
            UNROLLED for (long r = 0; r < height; ++r) { \
                float factor = fourths[r / 4][r % 4 * (left_row)]; \
                lanes all = ALL(factor); \
                UNROLLED for (long g = 0; g < groups; ++g) sum[r][g] = __builtin_elementwise_fma(all, others[g], sum[r][g]); \
            } \
            UNROLLED for (long r = 0; r < height; r += 4) { \
                fourths[r / 4] += left_term; \
                __asm__("" : "+r"(fourths[r / 4])); \
            } \
        } \
    }

// Runs `body` for each number of a block.
#define EACH(height, groups, body) \
    UNROLLED for (long r = 0; r < height; ++r) \
        UNROLLED for (long g = 0; g < groups; ++g) body;

#endif
