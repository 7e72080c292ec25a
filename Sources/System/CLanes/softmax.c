#include <math.h>

#include "exponential.h"
#include "functions.h"

// The most numbers that are added up in single precision: 64 in each of eight lanes.
enum { chunk = 512 };

// Adds up to `chunk` numbers to `total`: whole groups of eight in lanes, and each of the others by itself.
INLINE add(const float *x, long count, double *total) {
    eight parts = {0};
    long index = 0;
    for (; index + 8 <= count; index += 8) parts += *(const unaligned_eight *)(x + index);
    if (index > 0) {
        float sum = 0;
        for (long lane = 0; lane < 8; ++lane) sum += parts[lane];
        *total += sum;
    }
    for (; index < count; ++index) *total += x[index];
}

static inline __attribute__((always_inline)) float total_of(const float *x, long count) {
    double total = 0;
    for (long first = 0; first < count; first += chunk) add(x + first, count - first < chunk ? count - first : chunk, &total);
    return (float)total;
}

// The largest number; -infinity where there is none. NaN is ignored.
static inline __attribute__((always_inline)) float largest_of(const float *x, long count) {
    float largest = -__builtin_inff();
    long index = 0;
    if (count >= 16) {
        lanes best = ALL(largest);
        for (; index + 16 <= count; index += 16) {
            const lanes value = LOAD(x + index);
            best = EITHER(value > best, value, best);
        }
        for (long lane = 0; lane < 16; ++lane) largest = best[lane] > largest ? best[lane] : largest;
    }
    for (; index < count; ++index) largest = x[index] > largest ? x[index] : largest;
    return largest;
}

// y = exp(x - shift).
INLINE shifted_exponentials(const float *x, float shift, float *y, long count) {
    IN_SIXTEENS(y, count, value = SIXTEEN(x) - shift; exponential(&value))
}

// ln Σ exp(x) of a row.
static inline __attribute__((always_inline)) float log_sum_exp(const float *x, long width) {
    const float largest = largest_of(x, width);
    if (__builtin_isinf(largest)) {
        for (long index = 0; index < width; ++index)
            if (x[index] != x[index]) return x[index];
        return largest;
    }
    float shares[chunk];
    double total = 0;
    for (long first = 0; first < width; first += chunk) {
        const long count = width - first < chunk ? width - first : chunk;
        shifted_exponentials(x + first, largest, shares, count);
        add(shares, count, &total);
    }
    // A NaN was not the largest, but makes the sum NaN.
    return largest + logf((float)total);
}

INLINE regulus_log_sum_exp_body(const float *x, float *sums, long rows, long width) {
    for (long row = 0; row < rows; ++row) sums[row] = log_sum_exp(x + row * width, width);
}
FOR_EACH_WIDTH(regulus_log_sum_exp, (const float *x, float *sums, long rows, long width), (x, sums, rows, width))

INLINE regulus_log_softmax_body(const float *x, float *y, long rows, long width) {
    for (long row = 0; row < rows; ++row, x += width, y += width) {
        const float normalizer = log_sum_exp(x, width);
        for (long index = 0; index < width; ++index) y[index] = x[index] - normalizer;
    }
}
FOR_EACH_WIDTH(regulus_log_softmax, (const float *x, float *y, long rows, long width), (x, y, rows, width))

INLINE regulus_softmax_body(const float *x, float *y, long rows, long width) {
    for (long row = 0; row < rows; ++row, x += width, y += width) {
        shifted_exponentials(x, largest_of(x, width), y, width);
        const float share = 1 / total_of(y, width);
        for (long index = 0; index < width; ++index) y[index] *= share;
    }
}
FOR_EACH_WIDTH(regulus_softmax, (const float *x, float *y, long rows, long width), (x, y, rows, width))

INLINE regulus_softmax_gradient_body(const float *gradient, const float *y, float *result, long rows, long width) {
    for (long row = 0; row < rows; ++row, gradient += width, y += width, result += width) {
        for (long index = 0; index < width; ++index) result[index] = gradient[index] * y[index];
        const float along = total_of(result, width);
        for (long index = 0; index < width; ++index) result[index] = y[index] * (gradient[index] - along);
    }
}
FOR_EACH_WIDTH(regulus_softmax_gradient, (const float *gradient, const float *y, float *result, long rows, long width), (gradient, y, result, rows, width))

INLINE regulus_cross_entropy_gradient_body(const float *y, const float *targets, float *result, long rows, long width, float factor) {
    for (long row = 0; row < rows; ++row, y += width, targets += width, result += width) {
        const float total = total_of(targets, width);
        shifted_exponentials(y, 0, result, width);
        for (long index = 0; index < width; ++index) result[index] = (result[index] * total - targets[index]) * factor;
    }
}
FOR_EACH_WIDTH(regulus_cross_entropy_gradient, (const float *y, const float *targets, float *result, long rows, long width, float factor),
               (y, targets, result, rows, width, factor))
