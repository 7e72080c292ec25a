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

#define MOMENTS(count) \
    { \
        lanes made[count]; \
        CONVOLVE(made, count, row + j) \
        UNROLLED for (long q = 0; q < count; ++q) { \
            lanes distance = made[q] - first; \
            total += distance; \
            squares += distance * distance; \
        } \
        j += count; \
    }

WIDEST void regulus_single_moments(const float *framed, const float *weight, const float *origin, long height, long width, long channels, double *sums) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        LOAD_TAPS(weight + channel)
        lanes first = LOAD(origin + channel);
        for (long i = 0; i < height; ++i) {
            const float *row = framed + i * pitch;
            lanes total = {0}, squares = {0};
            long j = 0;
            while (width - j >= 8) MOMENTS(8)
            while (j < width) MOMENTS(1)
            ADD(total, sums + channel)
            ADD(squares, sums + channels + channel)
        }
    }
}

WIDEST void regulus_single_first(const float *framed, const float *weight, long width, long channels, float *first) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        LOAD_TAPS(weight + channel)
        lanes made[1];
        CONVOLVE(made, 1, framed)
        STORE(made[0], first + channel);
    }
}

// The normalization of sixteen channels.
#define LOAD_MAP \
    lanes m = LOAD(map.mean + channel), a = LOAD(map.scale + channel), b = LOAD(map.bias + channel);
#define RECTIFIED(x) ({ lanes mapped = ((x) - m) * a + b; WHERE(~(mapped < 0), mapped); })

// The maps of `cells` cells of 2×2 places, in two rows of 2 · cells, and of each cell the largest normalized number and where it is, 0 to 3 row by row. As in
// `regulus_maxima`, NaN counts as the largest, and the first of several equal numbers wins.
#define CELLS(cells) \
    lanes above[2 * cells], below[2 * cells], best[cells]; \
    mask winner[cells]; \
    CONVOLVE(above, 2 * cells, row + 2 * j) \
    CONVOLVE(below, 2 * cells, row + pitch + 2 * j) \
    UNROLLED for (long q = 0; q < cells; ++q) { \
        best[q] = RECTIFIED(above[2 * q]); \
        winner[q] = (mask){0}; \
        lanes others[3] = {above[2 * q + 1], below[2 * q], below[2 * q + 1]}; \
        UNROLLED for (int index = 0; index < 3; ++index) { \
            lanes value = RECTIFIED(others[index]); \
            mask takes = ~(value <= best[q]) & (best[q] == best[q]); \
            best[q] = (lanes)((takes & (mask)value) | (~takes & (mask)best[q])); \
            winner[q] = (takes & (index + 1)) | (~takes & winner[q]); \
        } \
    }

#define HALVED(cells) \
    { \
        CELLS(cells) \
        UNROLLED for (long q = 0; q < cells; ++q) STORE(best[q], y + (i * (width / 2) + j + q) * channels + channel); \
        j += cells; \
    }

WIDEST void regulus_single_halved(const float *framed, const float *weight, struct regulus_map map, long height, long width, long channels, float *y) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        LOAD_TAPS(weight + channel)
        LOAD_MAP
        for (long i = 0; i < height / 2; ++i) {
            const float *row = framed + 2 * i * pitch;
            long j = 0;
            while (width / 2 - j >= 2) HALVED(2)
            while (j < width / 2) HALVED(1)
        }
    }
}

// What lies in the place that won a cell.
#define WINNER(q) \
    ({ \
        lanes found = above[2 * q]; \
        lanes others[3] = {above[2 * q + 1], below[2 * q], below[2 * q + 1]}; \
        UNROLLED for (int index = 0; index < 3; ++index) { \
            mask here = winner[q] == index + 1; \
            found = (lanes)((here & (mask)others[index]) | (~here & (mask)found)); \
        } \
        found; \
    })

// The gradient of a cell as far as the ReLU lets it pass.
#define SLOPE(q) WHERE(~(best[q] <= 0), LOAD(gradient + (i * (width / 2) + j + q) * channels + channel))

#define PASSED(cells) \
    { \
        CELLS(cells) \
        UNROLLED for (long q = 0; q < cells; ++q) { \
            lanes slope = SLOPE(q); \
            total += slope; \
            along += slope * (WINNER(q) - m); \
        } \
        j += cells; \
    }

WIDEST void regulus_single_passed(const float *framed, const float *weight, struct regulus_map map, const float *gradient, long height, long width,
                                  long channels, double *sums) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        LOAD_TAPS(weight + channel)
        LOAD_MAP
        for (long i = 0; i < height / 2; ++i) {
            const float *row = framed + 2 * i * pitch;
            lanes total = {0}, along = {0};
            long j = 0;
            while (width / 2 - j >= 2) PASSED(2)
            while (j < width / 2) PASSED(1)
            ADD(total, sums + channel)
            ADD(along, sums + channels + channel)
        }
    }
}

// Adds what one place with the gradient `slope` gives to the nine sums.
#define GATHER(x, slope, place) \
    { \
        lanes reached = a * ((slope) - c - ((x) - m) * s); \
        UNROLLED for (long tap = 0; tap < 9; ++tap) { \
            float number = (place)[tap / 3 * pitch + tap % 3]; \
            lanes all = ALL(number); \
            total[tap] = __builtin_elementwise_fma(all, reached, total[tap]); \
        } \
    }

WIDEST void regulus_single_gradient(const float *framed, const float *weight, struct regulus_map map, const float *center, const float *along,
                                    const float *gradient, long height, long width, long channels, double *sums) {
    const long pitch = width + 2;
    for (long channel = 0; channel < channels; channel += 16) {
        LOAD_TAPS(weight + channel)
        LOAD_MAP
        lanes c = LOAD(center + channel), s = LOAD(along + channel);
        for (long i = 0; i < (height + 1) / 2; ++i) {
            const float *row = framed + 2 * i * pitch;
            const int whole = 2 * i + 1 < height;
            lanes total[9] = {{0}};
            long j = 0;
            for (; whole && j < width / 2; ++j) {
                CELLS(1)
                lanes slope = SLOPE(0);
                GATHER(above[0], WHERE(winner[0] == 0, slope), row + 2 * j)
                GATHER(above[1], WHERE(winner[0] == 1, slope), row + 2 * j + 1)
                GATHER(below[0], WHERE(winner[0] == 2, slope), row + pitch + 2 * j)
                GATHER(below[1], WHERE(winner[0] == 3, slope), row + pitch + 2 * j + 1)
            }
            // Places of an odd row or column belong to no cell.
            for (long line = 0; line < 1 + whole; ++line) {
                for (long place = 2 * j; place < width; ++place) {
                    lanes made[1];
                    CONVOLVE(made, 1, row + line * pitch + place)
                    GATHER(made[0], (lanes){0}, row + line * pitch + place)
                }
            }
            UNROLLED for (long tap = 0; tap < 9; ++tap) ADD(total[tap], sums + tap * channels + channel)
        }
    }
}
