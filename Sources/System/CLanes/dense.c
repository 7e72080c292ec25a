#include "lanes.h"

#include <string.h>

#include "widths.h"

// Loops over neighboring numbers that the compiler turns into vectors by itself.

INLINE regulus_rectify_body(const float *restrict x, float *restrict y, long count) {
    // NaN is not below 0, and stays.
    for (long index = 0; index < count; ++index) y[index] = x[index] < 0 ? 0 : x[index];
}
FOR_EACH_WIDTH(regulus_rectify, (const float *x, float *y, long count), (x, y, count))

INLINE regulus_rectified_gradient_body(const float *restrict gradient, const float *restrict y, float *restrict result, long count) {
    for (long index = 0; index < count; ++index) {
        float slope = gradient[index];
        result[index] = y[index] > 0 ? slope : 0;
    }
}
FOR_EACH_WIDTH(regulus_rectified_gradient, (const float *gradient, const float *y, float *result, long count), (gradient, y, result, count))

INLINE regulus_multiply_body(const float *restrict x, const float *restrict y, float *restrict result, long count) {
    for (long index = 0; index < count; ++index) result[index] = x[index] * y[index];
}
FOR_EACH_WIDTH(regulus_multiply, (const float *x, const float *y, float *result, long count), (x, y, result, count))

INLINE regulus_chain_body(const float *restrict gradient, const float *restrict slope, float *restrict result, long count) {
    for (long index = 0; index < count; ++index) {
        float product = gradient[index] * slope[index];
        result[index] = gradient[index] == 0 ? 0 : product;
    }
}
FOR_EACH_WIDTH(regulus_chain, (const float *gradient, const float *slope, float *result, long count), (gradient, slope, result, count))

INLINE regulus_shift_rows_body(float *restrict y, const float *restrict bias, long rows, long width, int rectifies) {
    for (long row = 0; row < rows; ++row, y += width) {
        if (rectifies) {
            for (long index = 0; index < width; ++index) {
                float value = y[index] + bias[index];
                y[index] = value < 0 ? 0 : value;
            }
        } else {
            for (long index = 0; index < width; ++index) y[index] += bias[index];
        }
    }
}
FOR_EACH_WIDTH(regulus_shift_rows, (float *y, const float *bias, long rows, long width, int rectifies), (y, bias, rows, width, rectifies))

INLINE regulus_sum_rows_body(const float *restrict x, float *restrict sum, long rows, long width) {
    memset(sum, 0, sizeof *sum * width);
    for (long row = 0; row < rows; ++row, x += width)
        for (long index = 0; index < width; ++index) sum[index] += x[index];
}
FOR_EACH_WIDTH(regulus_sum_rows, (const float *x, float *sum, long rows, long width), (x, sum, rows, width))

typedef double unaligned_doubles __attribute__((vector_size(64), aligned(8), may_alias));

INLINE regulus_squares_body(const float *x, long count, double *sums) {
    // Four sums that do not wait for one another.
    doubles parts[4] = {{0}};
    for (long index = 0; index + 32 <= count; index += 32) {
        for (long part = 0; part < 4; ++part) {
            doubles value = __builtin_convertvector(*(const unaligned_eight *)(x + index + 8 * part), doubles);
            parts[part] += value * value;
        }
    }
    *(unaligned_doubles *)sums = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    for (long index = count / 32 * 32; index < count; ++index) sums[index % 8] += (double)x[index] * x[index];
}
FOR_EACH_WIDTH(regulus_squares, (const float *x, long count, double *sums), (x, count, sums))

// Philox 4×32-10, eight blocks at a time: see `Philox` in the room of tensors.
typedef uint64_t counters __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(32)));

INLINE regulus_bernoulli_body(float *out, long groups, struct regulus_draws draws) {
    const counters low = (counters){0} + 0xFFFFFFFF;
    const words none = {0};
    for (long group = 0; group < groups; ++group) {
        counters count = (counters){0, 1, 2, 3, 4, 5, 6, 7} + (draws.first + 8 * (uint64_t)group);
        // The four words of a block, each in the lower half of its place; what is in the upper half does not matter.
        counters x0 = count, x1 = count >> 32, x2 = (counters){0} + draws.step, x3 = (counters){0} + (draws.step >> 32);
        uint32_t k0 = (uint32_t)draws.key, k1 = (uint32_t)(draws.key >> 32);
        for (int round = 0; round < 10; ++round) {
            counters p0 = (x0 & low) * 0xD2511F53, p1 = (x2 & low) * 0xCD9E8D57;
            x0 = (p1 >> 32) ^ x1 ^ k0;
            x2 = (p0 >> 32) ^ x3 ^ k1;
            x1 = p1;
            x3 = p0;
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        const counters drawn[4] = {x0, x1, x2, x3};
        for (int word = 0; word < 4; ++word, out += 16) {
            // Each word is two draws of sixteen bits.
            words bits = __builtin_convertvector(drawn[word], words);
            for (int half = 0; half < 2; ++half) {
                words draw = half ? bits >> 16 : bits & 0xFFFF;
                words kept = (words)(draw < (none + draws.threshold)) & ((union { float value; uint32_t bits; }){draws.value}).bits;
                *(unaligned_eight *)(out + 8 * half) = (eight)kept;
            }
        }
    }
}
FOR_EACH_WIDTH(regulus_bernoulli, (float *out, long groups, struct regulus_draws draws), (out, groups, draws))
