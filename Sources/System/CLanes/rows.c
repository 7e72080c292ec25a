#include "lanes.h"

#include <string.h>

#include "widths.h"

// Rows on their way into a batch: brought to a scale, and gathered from wherever they lie.

// A number wherever it lies: rows of a mapped file begin at any address.
typedef float unaligned_float __attribute__((aligned(1), may_alias));

INLINE standardize(const unaligned_float *restrict x, float *restrict y, const float *restrict means, const float *restrict factors, long count) {
    for (long index = 0; index < count; ++index) y[index] = (x[index] - means[index]) * factors[index];
}

INLINE regulus_standardize_body(const float *restrict x, float *restrict y, const float *restrict means, const float *restrict factors, long count,
                                long width) {
    for (long first = 0; first < count; first += width)
        standardize(x + first, y + first, means, factors, count - first < width ? count - first : width);
}
FOR_EACH_WIDTH(regulus_standardize,
               (const float *x, float *y, const float *means, const float *factors, long count, long width),
               (x, y, means, factors, count, width))

// Asks for memory that will be read soon, and does not wait for it. Of a long piece only the beginning is asked for: once that is being read, processors ask for
// what follows by themselves.
INLINE prefetch(const void *start, long bytes) {
    enum { line = 64, most = 1024 };
    const char *first = (const char *)start, *end = first + (bytes < most ? bytes : most);
    for (; first < end; first += line) __builtin_prefetch(first);
    // A piece that begins within a line ends within a further one.
    if (bytes > 0) __builtin_prefetch(end - 1);
}

INLINE regulus_gather_rows_body(const void *restrict x, const long *restrict starts, float *restrict y, long rows, long size,
                                const float *restrict means, const float *restrict factors, long width) {
    // The rows of a batch may lie anywhere, so that each would be waited for. Before a row is copied, memory is asked for the one some places behind it.
    enum { ahead = 8 };
    const unaligned_float *values = x;
    for (long row = -ahead; row < rows; ++row) {
        if (row + ahead < rows && starts[row + ahead] >= 0) prefetch(values + starts[row + ahead], size * (long)sizeof *values);
        if (row < 0) continue;
        const unaligned_float *source = starts[row] < 0 ? 0 : values + starts[row];
        float *target = y + row * size;
        if (width == 0) {
            if (source) {
                memcpy(target, source, size * sizeof *target);
            } else {
                memset(target, 0, size * sizeof *target);
            }
            continue;
        }
        for (long first = 0; first < size; first += width) {
            const long count = size - first < width ? size - first : width;
            if (source) {
                standardize(source + first, target + first, means, factors, count);
            } else {
                for (long index = 0; index < count; ++index) target[first + index] = (0.0f - means[index]) * factors[index];
            }
        }
    }
}
FOR_EACH_WIDTH(regulus_gather_rows,
               (const void *x, const long *starts, float *y, long rows, long size, const float *means, const float *factors, long width),
               (x, starts, y, rows, size, means, factors, width))
