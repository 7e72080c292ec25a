#include "products.h"

#include "blocks.h"

// Blocks of the result stay in registers: 24 to 28 of 512 bits, or 12 of 256. Columns are computed 64, 32 or 16 at a time, in the narrower registers always 16,
// and those that are left are computed as sixteen, of which some are not written.

// `height` rows and `groups` groups of sixteen columns of a product from row `row` and column `column` on, for `terms` terms of each sum: the factor of row
// r and term i is at a[r · a_row + i · a_term], and those of a term in b lie `right_row` numbers from the ones before. `kept` columns are written of the last
// group.
#define BLOCK(height, groups, kept, terms, a_row, a_term, goes_on) \
    { \
        lanes sum[height][groups]; \
        float *block = c + row * c_row + column; \
        EACH(height, groups, sum[r][g] = !(goes_on) ? (lanes){0} : (kept) < 16 ? LOAD_PARTLY(block + r * c_row, kept) : LOAD(block + r * c_row + 16 * g)) \
        SUMS(height, groups, terms, a + row * (a_row), a_row, a_term, right, right_row, ) \
        if ((kept) < 16) { \
            EACH(height, groups, STORE_PARTLY(sum[r][g], block + r * c_row, kept)) \
        } else { \
            EACH(height, groups, STORE(sum[r][g], block + r * c_row + 16 * g)) \
        } \
        row += height; \
    }

// All `count` rows of `groups` groups of columns, `height` at a time, and the rest in smaller blocks; what follows is that of a block.
#define ROWS(height, rest, groups, count, ...) \
    { \
        long row = 0; \
        while ((count) - row >= height) BLOCK(height, groups, __VA_ARGS__) \
        while ((count) - row >= rest) BLOCK(rest, groups, __VA_ARGS__) \
        while (row < (count)) BLOCK(1, groups, __VA_ARGS__) \
        column += 16 * (groups); \
    }

// The columns from `first` up to `last` of a product of `count` rows. `operand` says where b is read for a number of groups, of which the last has `kept`
// columns; `rest` and `tallest` are heights of blocks of 64 and of 16 columns in the wide registers; what follows is that of a block.
#define COLUMNS(wide, first, last, operand, rest, tallest, count, ...) \
    for (long column = first; column < (last);) { \
        const float *right; \
        long right_row; \
        if (!(wide)) { \
            const long kept = (last) - column < 16 ? (last) - column : 16; \
            operand(1, kept) \
            ROWS(6, 2, 1, count, kept, __VA_ARGS__) \
        } else if ((last) - column >= 64) { \
            operand(4, 16) \
            ROWS(6, rest, 4, count, 16, __VA_ARGS__) \
        } else if ((last) - column >= 32) { \
            operand(2, 16) \
            ROWS(12, 4, 2, count, 16, __VA_ARGS__) \
        } else if ((last) - column >= 16) { \
            operand(1, 16) \
            ROWS(tallest, 4, 1, count, 16, __VA_ARGS__) \
        } else { \
            const long kept = (last) - column; \
            operand(1, kept) \
            ROWS(tallest, 4, 1, count, kept, __VA_ARGS__) \
        } \
    }

// The columns where they lie; those that are left are copied, so that nothing is read beyond the end.
#define IN_PLACE(groups, kept) \
    right = (kept) < 16 ? scratch : b + column; \
    right_row = (kept) < 16 ? 16 : columns; \
    if ((kept) < 16) \
        for (long term = 0; term < inner; ++term) STORE(LOAD_PARTLY(b + term * columns + column, kept), scratch + 16 * term);

INLINE regulus_small_products_body(int wide, const float *a, const float *b, float *c, float *scratch, long products, long rows, long inner, long columns) {
    const long c_row = columns;
    for (long product = 0; product < products; ++product, a += rows * inner, b += inner * columns, c += rows * columns)
        COLUMNS(wide, 0, columns, IN_PLACE, 4, 14, rows, inner, inner, 1, 0)
}
FOR_BOTH_WIDTHS(regulus_small_products,
                (const float *a, const float *b, float *c, float *scratch, long products, long rows, long inner, long columns),
                (a, b, c, scratch, products, rows, inner, columns))

INLINE regulus_small_products_of_transposed_body(int wide, const float *a, const float *b, float *c, float *scratch, long products, long a_step, long b_step,
                                                 long a_row, long rows, long inner, long columns, int adds) {
    const long c_row = columns;
    for (long product = 0; product < products; ++product, a += a_step, b += b_step, c += rows * columns)
        COLUMNS(wide, 0, columns, IN_PLACE, 2, 16, rows, inner, 1, a_row, adds)
}
FOR_BOTH_WIDTHS(regulus_small_products_of_transposed,
                (const float *a, const float *b, float *c, float *scratch, long products, long a_step, long b_step, long a_row, long rows, long inner,
                 long columns, int adds),
                (a, b, c, scratch, products, a_step, b_step, a_row, rows, inner, columns, adds))

// Four numbers at any address.
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
#define FOUR(place) (*(const four *)(place))
#define EIGHT(one, other) __builtin_shufflevector(one, other, 0, 1, 2, 3, 4, 5, 6, 7)
#define SIXTEEN_OF(one, other) __builtin_shufflevector(one, other, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
// Within each four places of two rows: every first and second number, or every third and fourth one, of both in turns; and the first or last two of both.
#define LOWER(x, y) __builtin_shufflevector(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define UPPER(x, y) __builtin_shufflevector(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define FIRST(x, y) __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define LAST(x, y) __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)

// Writes up to sixteen rows of `inner` numbers as columns, and zeros in place of those that are missing; a row of what is written begins `pitch` numbers after
// the one before.
INLINE turn(const float *b, float *target, long kept, long inner, long pitch) {
    long term = 0;
    for (; kept == 16 && term + 4 <= inner; term += 4) {
        // Numbers of every fourth row lie side by side, so that four columns are made by exchanging neighbors.
        lanes rows[4];
        UNROLLED for (long i = 0; i < 4; ++i) {
            const float *fourth = b + i * inner + term;
            rows[i] = SIXTEEN_OF(EIGHT(FOUR(fourth), FOUR(fourth + 4 * inner)), EIGHT(FOUR(fourth + 8 * inner), FOUR(fourth + 12 * inner)));
        }
        lanes lower = LOWER(rows[0], rows[1]), upper = UPPER(rows[0], rows[1]);
        lanes lower_next = LOWER(rows[2], rows[3]), upper_next = UPPER(rows[2], rows[3]);
        STORE(FIRST(lower, lower_next), target + term * pitch);
        STORE(LAST(lower, lower_next), target + (term + 1) * pitch);
        STORE(FIRST(upper, upper_next), target + (term + 2) * pitch);
        STORE(LAST(upper, upper_next), target + (term + 3) * pitch);
    }
    for (; term < inner; ++term)
        for (long i = 0; i < 16; ++i) target[term * pitch + i] = i < kept ? b[i * inner + term] : 0;
}

// The columns as rows of b, which are turned.
#define TURNED(groups, kept) \
    right = scratch; \
    right_row = 16 * (groups); \
    for (long group = 0; group < (groups); ++group) turn(b + (column + 16 * group) * inner, scratch + 16 * group, kept, inner, right_row);

INLINE regulus_small_products_by_transposed_body(int wide, const float *a, const float *b, float *c, float *scratch, long rows, long inner, long first,
                                                 long last, long c_row) {
    COLUMNS(wide, first, last, TURNED, 4, 14, rows, inner, inner, 1, 0)
}
FOR_BOTH_WIDTHS(regulus_small_products_by_transposed,
                (const float *a, const float *b, float *c, float *scratch, long rows, long inner, long first, long last, long c_row),
                (a, b, c, scratch, rows, inner, first, last, c_row))
