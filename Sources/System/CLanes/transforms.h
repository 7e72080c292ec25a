// Winograd's transforms along one axis, for sixteen channels: what pictures and clips have in common.
#ifndef REGULUS_CLANES_TRANSFORMS_H
#define REGULUS_CLANES_TRANSFORMS_H

#include "widths.h"

// The transforms along one axis. With inputs d, taps w and the matrices of Lavin and Gray 2016, four outputs are Aᵀ[(G w) ⊙ (Bᵀ d)]; gradients go through
// the transposed matrices. The two-dimensional ones go along the columns and then along the rows.

// Multiplications are fused with additions where `fuses`, which is in registers of 512 bits, as in the products.
#define FUSED(factor, x, y) (fuses ? __builtin_elementwise_fma(ALL((float)(factor)), x, y) : (factor) * (x) + (y))

// Bᵀ: six inputs become the six numbers of a tile.
INLINE input(const int fuses, const lanes d[6], lanes out[6]) {
    lanes p = FUSED(-4, d[2], d[4]), q = FUSED(-4, d[1], d[3]), r = d[4] - d[2], s = d[3] - d[1];
    out[0] = FUSED(4, d[0], FUSED(-5, d[2], d[4]));
    out[1] = p + q;
    out[2] = p - q;
    out[3] = FUSED(2, s, r);
    out[4] = FUSED(-2, s, r);
    out[5] = FUSED(4, d[1], FUSED(-5, d[3], d[5]));
}

// Aᵀ: six products become four outputs.
INLINE output(const int fuses, const lanes m[6], lanes out[4]) {
    lanes p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    out[0] = m[0] + p + r;
    out[1] = FUSED(2, s, q);
    out[2] = FUSED(4, r, p);
    out[3] = FUSED(8, s, q) + m[5];
}

// A: the gradients of four outputs become those of six products.
INLINE output_gradient(const int fuses, const lanes g[4], lanes out[6]) {
    lanes p = g[0] + g[2], q = g[1] + g[3], r = FUSED(4, g[2], g[0]), s = FUSED(4, g[3], g[1]);
    out[0] = g[0];
    out[1] = p + q;
    out[2] = p - q;
    out[3] = FUSED(2, s, r);
    out[4] = FUSED(-2, s, r);
    out[5] = g[3];
}

// G: three taps of a kernel become six numbers.
INLINE kernel(const lanes w[3], lanes out[6]) {
    const float sixth = 1.0f / 6, twelfth = 1.0f / 12, twentyfourth = 1.0f / 24;
    lanes p = (w[0] + w[2]) * -sixth, q = w[1] * sixth, r = w[0] * twentyfourth + w[2] * sixth, s = w[1] * twelfth;
    out[0] = w[0] * 0.25f;
    out[1] = p - q;
    out[2] = p + q;
    out[3] = r + s;
    out[4] = r - s;
    out[5] = w[2];
}

// Gᵀ: the gradients of six numbers become those of three taps.
INLINE kernel_gradient(const lanes m[6], lanes out[3]) {
    const float sixth = 1.0f / 6, twelfth = 1.0f / 12, twentyfourth = 1.0f / 24;
    lanes p = m[1] + m[2], q = m[2] - m[1], r = m[3] + m[4], s = m[3] - m[4];
    out[0] = m[0] * 0.25f - p * sixth + r * twentyfourth;
    out[1] = q * sixth + s * twelfth;
    out[2] = m[5] - p * sixth + r * sixth;
}

// Writes results, with what is added to them and a ReLU where asked for. NaN is not below 0 and stays.
#define FINISH(result, place, adds, rectifies) \
    do { \
        lanes value = (result); \
        if (adds) value = value + LOAD(place); \
        if (rectifies) value = WHERE(~(value < 0), value); \
        STORE(value, place); \
    } while (0)

#endif
