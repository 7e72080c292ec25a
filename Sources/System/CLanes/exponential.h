// eˣ of sixteen numbers, for functions that are made of it.
#ifndef REGULUS_CLANES_EXPONENTIAL_H
#define REGULUS_CLANES_EXPONENTIAL_H

#include "widths.h"

typedef uint32_t patterns __attribute__((vector_size(64)));

// 2ⁿ for n from -127 to 128.
#define POWER_OF_TWO(n) ((lanes)((patterns)((n) + 127) << 23))

// eˣ in place, within 2 units in the last place; overflow gives infinity, underflow 0, and NaN stays NaN.
INLINE exponential(lanes *number) {
    const lanes x = EITHER(*number < -104, ALL(-104.0f), EITHER(*number > 89, ALL(89.0f), *number));
    // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
    const float shifter = 12582912;
    const lanes shifted = x * 1.44269504f + shifter;
    const lanes whole = shifted - shifter;
    // ln 2 in two parts, the first short enough that its product with a whole number is exact.
    const lanes r = x - whole * 0.693359375f - whole * -2.1219444e-4f;
    // (eʳ - 1 - r) / r² on |r| ≤ ½ ln 2, within 5·10⁻¹¹ of eʳ.
    lanes p = r * 1.9915756e-4f + 1.3946247e-3f;
    p = p * r + 8.3332695e-3f;
    p = p * r + 4.1666266e-2f;
    p = p * r + 0.16666667f;
    p = p * r + 0.5f;
    const lanes y = p * r * r + r + 1;
    // 2ⁿ in two factors, as n reaches below the smallest and above the largest exponent.
    const mask exponent = (mask)shifted - (mask)ALL(shifter);
    const mask half = exponent >> 1;
    *number = y * POWER_OF_TWO(half) * POWER_OF_TWO(exponent - half);
}

#endif
