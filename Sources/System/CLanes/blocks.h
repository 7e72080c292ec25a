// Blocks of matrix products that stay in registers: what the loops for 512-bit vectors have in common. Multiplications are fused with additions, and each
// number is a sum in the order of its terms, however a product is divided into blocks.
#ifndef REGULUS_CLANES_BLOCKS_H
#define REGULUS_CLANES_BLOCKS_H

#include "widths.h"

// Loops over a block are unrolled, since what is indexed by a counter would lie in memory.
#define UNROLLED _Pragma("clang loop unroll(full)")
#define ALL(number) (lanes){number, number, number, number, number, number, number, number, number, number, number, number, number, number, number, number}

// Fused multiplications in narrower registers would be calls of the mathematical library: these loops are made for 512 bits, and nobody else uses them.
#if defined(__x86_64__)
#define WIDEST __attribute__((target("avx512f")))
#else
#define WIDEST
#endif

// Sums `sum[r][g]` of `height` rows and `groups` groups of sixteen columns over `terms` terms: the factor of row r and term i is left[r · left_row + i ·
// left_term], and the other one lies `right_row` numbers from the one before.
#define SUMS(height, groups, terms, left, left_row, left_term, right, right_row) \
    for (long i = 0; i < (terms); ++i) { \
        lanes others[groups]; \
        UNROLLED for (long g = 0; g < groups; ++g) others[g] = LOAD((right) + i * (right_row) + 16 * g); \
        UNROLLED for (long r = 0; r < height; ++r) { \
            float factor = (left)[r * (left_row) + i * (left_term)]; \
            lanes all = ALL(factor); \
            UNROLLED for (long g = 0; g < groups; ++g) sum[r][g] = __builtin_elementwise_fma(all, others[g], sum[r][g]); \
        } \
    }

// Runs `body` for each number of a block.
#define EACH(height, groups, body) \
    UNROLLED for (long r = 0; r < height; ++r) \
        UNROLLED for (long g = 0; g < groups; ++g) body;

#endif
