#include "single.h"

#include "blocks.h"

// What is computed from the map of a convolution over one channel is computed from its input each time: nine multiplications for sixteen channels take less
// time than reading what they make from memory, which for whole batches lies beyond the caches.

// The weights of sixteen channels, and what belongs to each channel of the normalization.
#define LOAD_TAPS(weight) \
    lanes taps[9]; \
    UNROLLED for (long tap = 0; tap < 9; ++tap) taps[tap] = LOAD((weight) + tap * channels);

// The map at `count` places side by side, of which the first reads from `place` of the framed picture on.
#define CONVOLVE(made, count, place) \
    UNROLLED for (long tap = 0; tap < 9; ++tap) \
        UNROLLED for (long q = 0; q < count; ++q) { \
            float number = (place)[tap / 3 * pitch + tap % 3 + q]; \
            lanes all = ALL(number); \
            made[q] = tap == 0 ? all * taps[0] : __builtin_elementwise_fma(all, taps[tap], made[q]); \
        }

// Adds sixteen numbers to as many in double precision.
#define ADD(numbers, sums) \
    for (long lane = 0; lane < 16; ++lane) (sums)[lane] += (double)(numbers)[lane];

typedef int64_t longs __attribute__((vector_size(64)));

// Sums over a row of a framed picture of its numbers b places on, and of their products with the numbers c places on in another row. In
// double precision these products are exact.
struct row_sums {
    doubles sums[3], products[3][3];
};

INLINE row_sums(const float *row, const float *other, long width, struct row_sums *made) {
    doubles sums[3] = {{0}}, products[3][3] = {{{0}}};
    const longs lane = {0, 1, 2, 3, 4, 5, 6, 7};
    for (long j = 0; j < width; j += 8) {
        doubles left[3], right[3];
        const longs inside = lane < width - j;
        UNROLLED for (long b = 0; b < 3; ++b) {
            left[b] = (doubles)((longs)__builtin_convertvector(*(const unaligned_eight *)(row + j + b), doubles) & inside);
            right[b] = __builtin_convertvector(*(const unaligned_eight *)(other + j + b), doubles);
            if (row == other) sums[b] += left[b];
        }
        UNROLLED for (long b = 0; b < 3; ++b)
            UNROLLED for (long c = 0; c < 3; ++c) products[b][c] = __builtin_elementwise_fma(left[b], right[c], products[b][c]);
    }
    UNROLLED for (long b = 0; b < 3; ++b) {
        made->sums[b] = sums[b];
        UNROLLED for (long c = 0; c < 3; ++c) made->products[b][c] = products[b][c];
    }
}

INLINE regulus_single_patches_body(int wide, const float *framed, long height, long width, double *sums) {
    const long pitch = width + 2;
    doubles total[90] = {{0}};
    for (long k = 0; k < height + 2; ++k) {
        // What row k and the one `apart` rows below it give to the patches in which they are rows a and a + apart.
        for (long apart = 0; apart < 3 && k + apart < height + 2; ++apart) {
            struct row_sums made;
            row_sums(framed + k * pitch, framed + (k + apart) * pitch, width, &made);
            for (long a = 0; a < 3 - apart; ++a) {
                if (k - a < 0 || k - a >= height) continue;
                for (long b = 0; b < 3; ++b) {
                    if (apart == 0) total[3 * a + b] += made.sums[b];
                    for (long c = 0; c < 3; ++c) total[9 + 9 * (3 * a + b) + 3 * (a + apart) + c] += made.products[b][c];
                }
            }
        }
    }
    for (long index = 0; index < 90; ++index)
        for (long lane = 0; lane < 8; ++lane) sums[index] += total[index][lane];
}
FOR_BOTH_WIDTHS(regulus_single_patches,
                (const float *framed, long height, long width, double *sums),
                (framed, height, width, sums))

// The normalization of sixteen channels with its scale turned upwards, and the weights with it: the largest number of the map is then the largest normalized
// one. Where the scale is 0, all numbers are equal.
#define LOAD_MAP \
    lanes m = LOAD(map.mean + channel), a = LOAD(map.scale + channel), b = LOAD(map.bias + channel); \
    const mask turned = (a < 0) & INT32_MIN, kept = a != 0; \
    m = TURNED(m); \
    a = TURNED(a); \
    UNROLLED for (long tap = 0; tap < 9; ++tap) taps[tap] = TURNED(taps[tap]);
#define TURNED(x) ((lanes)(((mask)(x) ^ turned) & kept))

// The maps of `cells` cells of 2×2 places, in two rows of 2 · cells, and of each cell the largest rectified number and where it is: 0 to 3 row by row, or 4
// where the ReLU lets no gradient pass. The winner is counted in floating point: of integers the compiler would make bytes after each comparison.
#define HALVED(cells) \
    { \
        lanes above[2 * cells], below[2 * cells]; \
        CONVOLVE(above, 2 * cells, row + 2 * j) \
        CONVOLVE(below, 2 * cells, row + pitch + 2 * j) \
        UNROLLED for (long q = 0; q < cells; ++q) { \
            lanes best = above[2 * q], others[3] = {above[2 * q + 1], below[2 * q], below[2 * q + 1]}; \
            lanes winner = {0}; \
            UNROLLED for (int index = 0; index < 3; ++index) { \
                mask takes = EXCEEDS(others[index], best); \
                best = EITHER(takes, others[index], best); \
                winner = EITHER(takes, ALL(index + 1), winner); \
            } \
            best = (best - m) * a + b; \
            mask stays = ~(best <= 0); \
            STORE(WHERE(~(best < 0), best), y + cell + q * channels); \
            winner = EITHER(stays, winner, ALL(4)); \
            if (winners) *(unaligned_bytes *)(winners + cell + q * channels) = __builtin_convertvector(winner, bytes); \
        } \
        cell += cells * channels; \
        j += cells; \
    }

INLINE regulus_single_halved_body(int wide, const float *framed, const float *weight, struct regulus_map map, long height, long width, long channels,
                                  float *y, uint8_t *winners) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        LOAD_TAPS(weight + channel)
        LOAD_MAP
        for (long i = 0; i < height / 2; ++i) {
            const float *row = framed + 2 * i * pitch;
            long j = 0, cell = i * (width / 2) * channels + channel;
            // Two cells take more registers than there are narrow ones.
            while (wide && width / 2 - j >= 2) HALVED(2)
            while (j < width / 2) HALVED(1)
        }
    }
}
FOR_BOTH_WIDTHS(regulus_single_halved,
                (const float *framed, const float *weight, struct regulus_map map, long height, long width, long channels, float *y, uint8_t *winners),
                (framed, weight, map, height, width, channels, y, winners))

INLINE regulus_single_won_body(int wide, const float *framed, const uint8_t *winners, const float *gradient, long height, long width, long channels,
                               double *sums) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        for (long i = 0; i < height / 2; ++i) {
            lanes total[10] = {{0}};
            for (long j = 0; j < width / 2; ++j) {
                const long cell = (i * (width / 2) + j) * channels + channel;
                const mask winner = __builtin_convertvector(*(const unaligned_bytes *)(winners + cell), mask);
                lanes slope = LOAD(gradient + cell);
                total[9] += WHERE(winner != 4, slope);
                UNROLLED for (int place = 0; place < 4; ++place) {
                    const float *patch = framed + (2 * i + place / 2) * pitch + 2 * j + place % 2;
                    lanes won = WHERE(winner == place, slope);
                    UNROLLED for (long tap = 0; tap < 9; ++tap) {
                        float number = patch[tap / 3 * pitch + tap % 3];
                        lanes all = ALL(number);
                        total[tap] = __builtin_elementwise_fma(all, won, total[tap]);
                    }
                }
            }
            UNROLLED for (long index = 0; index < 10; ++index) ADD(total[index], sums + index * channels + channel)
        }
    }
}
FOR_BOTH_WIDTHS(regulus_single_won,
                (const float *framed, const uint8_t *winners, const float *gradient, long height, long width, long channels, double *sums),
                (framed, winners, gradient, height, width, channels, sums))
