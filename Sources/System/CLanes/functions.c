#include "functions.h"

#include "exponential.h"

// The polynomials are least-squares fits, reweighted toward the smallest largest error; that error is given with each.

#define ABSOLUTE(x) ((lanes)((mask)(x) & 0x7FFFFFFF))

// tanh in place; NaN stays NaN.
INLINE hyperbolic_tangent(lanes *number) {
    const lanes x = ABSOLUTE(*number);
    lanes large = x + x;
    exponential(&large);
    large = 1 - 2 / (large + 1);
    // (tanh x - x) / x³ as a polynomial of x² for x ≤ 0.65, where the form above would cancel; within 7·10⁻⁹.
    const lanes z = x * x;
    lanes p = z * -5.5285976e-3f + 2.0483278e-2f;
    p = p * z - 5.3692956e-2f;
    p = p * z + 0.13330899f;
    p = p * z - 0.33333263f;
    const lanes small = p * z * x + x;
    const lanes size = EITHER(x < 0.65f, small, large);
    *number = (lanes)((mask)ABSOLUTE(size) | ((mask)*number & (mask)ALL(-0.0f)));
}

// 1 / (1 + e⁻ˣ) in place, without overflow for large negative x.
INLINE logistic(lanes *number) {
    const lanes x = *number;
    lanes decay = -ABSOLUTE(x);
    exponential(&decay);
    *number = EITHER(x < 0, decay, ALL(1.0f)) / (decay + 1);
}

// exp(-x²/2) in place.
INLINE bell(lanes *number) {
    *number = *number * *number * -0.5f;
    exponential(number);
}

// Φ in place; in the lower tail also within 2·10⁻⁶ of its value down to x = -4.
INLINE normal_distribution(lanes *number) {
    const lanes x = ABSOLUTE(*number);
    // 2 Φ(-x) e^{x²/2} = erfc(z) e^{z²} with z = x/√2, as a polynomial of t = 1 / (1 + 0.4 z); within 7·10⁻⁸.
    const lanes t = 1 / (x * 0.2828427f + 1);
    lanes p = t * 4.1254256e-2f - 0.14032504f;
    p = p * t + 8.399903e-2f;
    p = p * t + 8.7951243e-2f;
    p = p * t + 7.9765275e-2f;
    p = p * t + 0.19338959f;
    p = p * t + 0.20188847f;
    p = p * t + 0.22644299f;
    p = p * t + 0.22563423f;
    lanes density = x;
    bell(&density);
    const lanes tail = p * t * 0.5f * density;
    *number = EITHER(*number > 0, 1 - tail, tail);
}

// 0 where x is -infinity: its product with a function that is 0 there would be NaN.
#define WITHOUT_LOWEST(x) WHERE((x) != -__builtin_inff(), x)
// The number within the bounds; NaN stays NaN.
#define BETWEEN(x, lower, upper) EITHER((x) < (lower), ALL(lower), EITHER((x) > (upper), ALL(upper), x))

// √(2/π) and 1/√(2π).
static const float root_of_share = 0.797884583f, density_at_zero = 0.398942292f;
#define CUBIC(x) (root_of_share * ((x) + 0.044715f * (x) * (x) * (x)))

// Makes of each number x what `body` leaves in `value`, which is x at first.
#define FUNCTION(name, body) \
    INLINE name##_body(const float *numbers, float *results, long count) { \
        IN_SIXTEENS(results, count, const lanes x = SIXTEEN(numbers); value = x; body) \
    } \
    FOR_EACH_WIDTH(name, (const float *x, float *y, long count), (x, y, count))

// The same with a gradient, `slope`, for each number.
#define GRADIENT(name, body) \
    INLINE name##_body(const float *slopes, const float *numbers, float *results, long count) { \
        IN_SIXTEENS(results, count, const lanes x = SIXTEEN(numbers); const lanes slope = SIXTEEN(slopes); value = x; body) \
    } \
    FOR_EACH_WIDTH(name, (const float *gradient, const float *x, float *result, long count), (gradient, x, result, count))

FUNCTION(regulus_exp, exponential(&value))
FUNCTION(regulus_tanh, hyperbolic_tangent(&value))
FUNCTION(regulus_sigmoid, logistic(&value))
FUNCTION(regulus_gelu, normal_distribution(&value); value = WITHOUT_LOWEST(x) * value)
FUNCTION(regulus_silu, logistic(&value); value = WITHOUT_LOWEST(x) * value)
FUNCTION(regulus_approximate_gelu, value = CUBIC(x); hyperbolic_tangent(&value); value = 0.5f * WITHOUT_LOWEST(x) * (1 + value))

GRADIENT(regulus_softplus_gradient, logistic(&value); value = slope * value)
GRADIENT(regulus_gelu_gradient, {
    // The density is 0 long before x is infinite, and 0 times infinity would be NaN.
    const lanes factor = EITHER(ABSOLUTE(x) > 100, ALL(0.0f), x);
    lanes density = x;
    bell(&density);
    normal_distribution(&value);
    value = slope * (value + factor * density_at_zero * density);
})
GRADIENT(regulus_approximate_gelu_gradient, {
    // Beyond ±20 the function is 0 or x to the last digit, and the powers below would overflow.
    const lanes within = BETWEEN(x, -20.0f, 20.0f);
    lanes tangent = CUBIC(within);
    hyperbolic_tangent(&tangent);
    const lanes steepness = root_of_share * (1 + 0.134145f * within * within);
    value = slope * 0.5f * (1 + tangent + within * (1 - tangent * tangent) * steepness);
})
GRADIENT(regulus_silu_gradient, {
    // The slope is 0 or 1 to the last digit beyond ±100, and 0 times infinity would be NaN.
    const lanes within = BETWEEN(x, -100.0f, 100.0f);
    lanes share = within;
    logistic(&share);
    value = slope * share * (1 + within * (1 - share));
})
