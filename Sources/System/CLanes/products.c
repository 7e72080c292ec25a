#include "winograd.h"

#include "blocks.h"

// Products of narrow matrices, in blocks of the result that stay in registers: 24 to 28 registers of 512 bits.

// `height` rows and `groups` groups of sixteen columns of a product from row `row` and column `column` on, for `terms` terms of each sum: the factor of row
// r and term i is at a[r · a_row + i · a_term].
#define BLOCK(height, groups, terms, a_row, a_term, goes_on) \
    { \
        lanes sum[height][groups]; \
        EACH(height, groups, sum[r][g] = goes_on ? LOAD(c + (row + r) * columns + column + 16 * g) : (lanes){0}) \
        SUMS(height, groups, terms, a + row * (a_row), a_row, a_term, b + column, columns, ) \
        EACH(height, groups, STORE(sum[r][g], c + (row + r) * columns + column + 16 * g)) \
        row += height; \
    }

// All `count` rows of `groups` groups of columns, `height` at a time, and the rest in smaller blocks; what follows is that of a block.
#define ROWS(height, rest, groups, count, ...) \
    { \
        long row = 0; \
        while ((count) - row >= height) BLOCK(height, groups, __VA_ARGS__) \
        while ((count) - row >= rest) BLOCK(rest, groups, __VA_ARGS__) \
        while (row < (count)) BLOCK(1, groups, __VA_ARGS__) \
        column += 16 * groups; \
    }

WIDEST void regulus_narrow_products(const float *a, const float *b, float *c, long products, long rows, long inner, long columns) {
    for (long product = 0; product < products; ++product, a += rows * inner, b += inner * columns, c += rows * columns) {
        for (long column = 0; column < columns;) {
            if (columns - column >= 64) {
                ROWS(6, 4, 4, rows, inner, inner, 1, 0)
            } else if (columns - column >= 32) {
                ROWS(12, 4, 2, rows, inner, inner, 1, 0)
            } else {
                ROWS(14, 4, 1, rows, inner, inner, 1, 0)
            }
        }
    }
}

WIDEST void regulus_narrow_transposed_products(const float *a, const float *b, float *c, long products, long a_step, long b_step, long a_row, long rows,
                                               long inner, long columns, int adds) {
    for (long product = 0; product < products; ++product, a += a_step, b += b_step, c += inner * columns) {
        for (long column = 0; column < columns;) {
            if (columns - column >= 64) {
                ROWS(6, 2, 4, inner, rows, 1, a_row, adds)
            } else if (columns - column >= 32) {
                ROWS(12, 4, 2, inner, rows, 1, a_row, adds)
            } else {
                ROWS(16, 4, 1, inner, rows, 1, a_row, adds)
            }
        }
    }
}
