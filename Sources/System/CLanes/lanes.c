#include "lanes.h"

#include <string.h>

#include "widths.h"

// The square root of a number that is not negative, to about one unit in the last place: x·(1/√x), where the inverse root comes from three steps of
// Newton's method, starting from a guess that halves the exponent.
static inline __attribute__((always_inline)) float root(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = 0x5F3759DF - (bits >> 1);
    float y, half = 0.5f * x;
    memcpy(&y, &bits, sizeof y);
    y = y * (1.5f - half * y * y);
    y = y * (1.5f - half * y * y);
    y = y * (1.5f - half * y * y);
    return x * y;
}

INLINE regulus_adam_body(float *restrict values, const float *restrict gradient, float *restrict mean, float *restrict square, long count,
                         struct regulus_adam_step step) {
    for (long index = 0; index < count; ++index) {
        float g = gradient[index] + step.decay * values[index];
        float m = step.beta1 * mean[index] + step.share1 * g;
        float v = step.beta2 * square[index] + step.share2 * (g * g);
        mean[index] = m;
        square[index] = v;
        values[index] = step.keep * values[index] - step.rate * m / (root(v) * step.scale + step.epsilon);
    }
}
FOR_EACH_WIDTH(regulus_adam,
               (float *values, const float *gradient, float *mean, float *square, long count, struct regulus_adam_step step),
               (values, gradient, mean, square, count, step))

// The part of a window that lies inside one axis: from `start` up to but not including `end`.
struct span {
    long start, end;
};
static inline __attribute__((always_inline)) struct span inside(long cell, long stride, long padding, long window, long extent) {
    long start = cell * stride - padding, end = start + window;
    return (struct span){start < 0 ? 0 : start, end < extent ? end : extent};
}

// Runs `body` for every cell of the output, with the spans of its window along the three axes.
#define FOR_EACH_CELL(p, body) \
    for (long c0 = 0, cell = 0; c0 < p.cells[0]; ++c0) { \
        struct span s0 = inside(c0, p.stride[0], p.padding[0], p.window[0], p.extent[0]); \
        for (long c1 = 0; c1 < p.cells[1]; ++c1) { \
            struct span s1 = inside(c1, p.stride[1], p.padding[1], p.window[1], p.extent[1]); \
            for (long c2 = 0; c2 < p.cells[2]; ++c2, ++cell) { \
                struct span s2 = inside(c2, p.stride[2], p.padding[2], p.window[2], p.extent[2]); \
                body \
            } \
        } \
    }

// Runs `body` for every place of a cell's window.
#define FOR_EACH_PLACE(p, body) \
    for (long i0 = s0.start; i0 < s0.end; ++i0) \
        for (long i1 = s1.start; i1 < s1.end; ++i1) \
            for (long i2 = s2.start; i2 < s2.end; ++i2) { \
                long place = (i0 * p.extent[1] + i1) * p.extent[2] + i2; \
                body \
            }

INLINE maxima(const float *restrict x, float *restrict y, int32_t *restrict winners, const struct regulus_windows p) {
    const long width = p.channels, whole = width / 16 * 16;
    FOR_EACH_CELL(p, {
        for (long channel = 0; channel < whole; channel += 16) {
            lanes best = (lanes){0} - __builtin_inff();
            mask winner = (mask){0} - 1;
            FOR_EACH_PLACE(p, {
                lanes value = LOAD(x + place * width + channel);
                // What is not at most the best is larger or NaN. NaN is never replaced, and the first place is taken whatever it holds.
                mask takes = EXCEEDS(value, best) | (winner < 0);
                best = EITHER(takes, value, best);
                winner = (takes & (int32_t)place) | (~takes & winner);
            })
            STORE(best, y + cell * width + channel);
            *(unaligned_mask *)(winners + cell * width + channel) = winner;
        }
        for (long channel = whole; channel < width; ++channel) {
            float best = -__builtin_inff();
            int32_t winner = -1;
            FOR_EACH_PLACE(p, {
                float value = x[place * width + channel];
                int takes = (!(value <= best) & (best == best)) | (winner < 0);
                best = takes ? value : best;
                winner = takes ? (int32_t)place : winner;
            })
            y[cell * width + channel] = best;
            winners[cell * width + channel] = winner;
        }
    })
}

INLINE maxima_gradient(const float *restrict gradient, const int32_t *restrict winners, float *restrict result, const struct regulus_windows p) {
    const long width = p.channels, whole = width / 16 * 16;
    memset(result, 0, sizeof *result * width * p.extent[0] * p.extent[1] * p.extent[2]);
    FOR_EACH_CELL(p, {
        for (long channel = 0; channel < whole; channel += 16) {
            lanes slope = LOAD(gradient + cell * width + channel);
            mask winner = *(const unaligned_mask *)(winners + cell * width + channel);
            FOR_EACH_PLACE(p, {
                float *target = result + place * width + channel;
                STORE(LOAD(target) + WHERE(winner == (int32_t)place, slope), target);
            })
        }
        for (long channel = whole; channel < width; ++channel) {
            int32_t winner = winners[cell * width + channel];
            if (winner >= 0) result[winner * width + channel] += gradient[cell * width + channel];
        }
    })
}

// The windows of most networks, 2×2 side by side, with what is known of them while compiling.
static inline __attribute__((always_inline)) struct regulus_windows halving(struct regulus_windows p) {
    return (struct regulus_windows){{1, p.extent[1], p.extent[2]}, {1, p.cells[1], p.cells[2]}, {1, 2, 2}, {1, 2, 2}, {0, 0, 0}, p.channels};
}
static inline __attribute__((always_inline)) int halves(struct regulus_windows p) {
    struct regulus_windows q = halving(p);
    return memcmp(&p, &q, sizeof p) == 0;
}

INLINE regulus_maxima_body(const float *x, float *y, int32_t *winners, struct regulus_windows windows) {
    if (halves(windows)) {
        maxima(x, y, winners, halving(windows));
    } else {
        maxima(x, y, winners, windows);
    }
}
FOR_EACH_WIDTH(regulus_maxima, (const float *x, float *y, int32_t *winners, struct regulus_windows windows), (x, y, winners, windows))

INLINE regulus_maxima_gradient_body(const float *gradient, const int32_t *winners, float *result, struct regulus_windows windows) {
    if (halves(windows)) {
        maxima_gradient(gradient, winners, result, halving(windows));
    } else {
        maxima_gradient(gradient, winners, result, windows);
    }
}
FOR_EACH_WIDTH(regulus_maxima_gradient, (const float *gradient, const int32_t *winners, float *result, struct regulus_windows windows),
               (gradient, winners, result, windows))
