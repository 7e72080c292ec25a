#include "lanes.h"

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Sixteen numbers, which the compiler keeps in as many registers as the processor takes.
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t mask __attribute__((vector_size(64)));
// The same at any address. Vectors are no arguments of functions: how they are handed over depends on the processor.
typedef float row __attribute__((vector_size(64), aligned(4), may_alias));
#define LOAD(place) ((lanes)(*(const row *)(place)))
#define STORE(value, place) (*(row *)(place) = (value))
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

INLINE regulus_channel_moments_body(const float *x, const float *first, long rows, long width, float *sum, float *squares) {
    lanes origin = LOAD(first), total = {0}, total_squares = {0};
    for (long index = 0; index < rows; ++index) {
        lanes distance = LOAD(x + index * width) - origin;
        total += distance;
        total_squares += distance * distance;
    }
    STORE(total, sum);
    STORE(total_squares, squares);
}
FOR_EACH_WIDTH(regulus_channel_moments, (const float *x, const float *first, long rows, long width, float *sum, float *squares), (x, first, rows, width, sum, squares))

INLINE regulus_channel_map_body(const float *x, const float *other, float *y, const float *mean, const float *scale, const float *bias, long rows,
                                long width, int rectifies) {
    lanes m = LOAD(mean), a = LOAD(scale), b = LOAD(bias);
    for (long index = 0; index < rows; ++index) {
        long place = index * width;
        lanes value = (LOAD(x + place) - m) * a + b;
        if (other) value = value + LOAD(other + place);
        // NaN is not below 0, and stays.
        if (rectifies) value = WHERE(~(value < 0), value);
        STORE(value, y + place);
    }
}
FOR_EACH_WIDTH(regulus_channel_map,
               (const float *x, const float *other, float *y, const float *mean, const float *scale, const float *bias, long rows, long width,
                int rectifies),
               (x, other, y, mean, scale, bias, rows, width, rectifies))

INLINE regulus_channel_passed_body(const float *x, const float *other, const float *gradient, float *kept, const float *mean, const float *scale,
                                   const float *bias, long rows, long width, int rectifies, float *sum, float *along) {
    lanes m = LOAD(mean), a = LOAD(scale), b = LOAD(bias), total = {0}, total_along = {0};
    for (long index = 0; index < rows; ++index) {
        long place = index * width;
        lanes distance = LOAD(x + place) - m, passed = LOAD(gradient + place);
        if (rectifies) {
            lanes value = distance * a + b;
            if (other) value = value + LOAD(other + place);
            passed = WHERE(~(value <= 0), passed);
        }
        if (kept) STORE(passed, kept + place);
        total += passed;
        total_along += passed * distance;
    }
    STORE(total, sum);
    STORE(total_along, along);
}
FOR_EACH_WIDTH(regulus_channel_passed,
               (const float *x, const float *other, const float *gradient, float *kept, const float *mean, const float *scale, const float *bias,
                long rows, long width, int rectifies, float *sum, float *along),
               (x, other, gradient, kept, mean, scale, bias, rows, width, rectifies, sum, along))

INLINE regulus_channel_gradient_body(const float *x, const float *gradient, float *result, const float *mean, const float *scale, const float *bias,
                                     const float *center, const float *along, long rows, long width, int rectifies) {
    lanes m = LOAD(mean), a = LOAD(scale), b = LOAD(bias), c = LOAD(center), s = LOAD(along);
    for (long index = 0; index < rows; ++index) {
        long place = index * width;
        lanes distance = LOAD(x + place) - m, passed = LOAD(gradient + place);
        if (rectifies) passed = WHERE(~(distance * a + b <= 0), passed);
        STORE(a * (passed - c - distance * s), result + place);
    }
}
FOR_EACH_WIDTH(regulus_channel_gradient,
               (const float *x, const float *gradient, float *result, const float *mean, const float *scale, const float *bias, const float *center,
                const float *along, long rows, long width, int rectifies),
               (x, gradient, result, mean, scale, bias, center, along, rows, width, rectifies))

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
