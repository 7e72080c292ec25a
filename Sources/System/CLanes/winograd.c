#include "winograd.h"

#include "transforms.h"

// Convolutions over the two axes of pictures.

// The position of a tile: its picture, and its first output there.
struct place {
    long image, top, left;
};
static inline __attribute__((always_inline)) struct place place_of(struct regulus_plane p, long tile) {
    long of_image = p.tile_rows * p.tile_columns, rest = tile % of_image;
    return (struct place){tile / of_image, rest / p.tile_columns * 4, rest % p.tile_columns * 4};
}
static inline __attribute__((always_inline)) struct place place_after(struct regulus_plane p, struct place at) {
    at.left += 4;
    if (at.left < 4 * p.tile_columns) return at;
    at.left = 0;
    at.top += 4;
    if (at.top < 4 * p.tile_rows) return at;
    return (struct place){at.image + 1, 0, 0};
}

// Asks for the 4×4 places from `start` on, of which rows lie `pitch` numbers apart: what a tile reads that those before it have not read, or what it makes.
// A batch lies beyond the nearest caches, and the rows of a tile of few channels are too short for the processor to foresee them.
#define FETCH(start, pitch, channels) \
    if ((channels) <= 64 && (p.inputs < 64 || p.outputs < 64)) { \
        for (long i = 0; i < 4; ++i) \
            for (long number = 0; number < 4 * (channels); number += 16) __builtin_prefetch((start) + i * (pitch) + number); \
    }

// Keeps a pointer in one register. Left to itself, the compiler prepares an address for each number of a tile, far more of them than there are registers.
#define WALK(pointer) __asm__("" : "+r"(pointer))

// What a tile that begins at row (or column) `first` reads of `extent` of them: of each how far it is from the first, or where there is none, the nearest that
// there is; and a mask, which is empty then.
struct edge {
    long offset[6];
    int32_t mask[6];
};
static inline __attribute__((always_inline)) void find_edge(struct edge *edge, long size, long first, long extent, long pitch) {
    for (long i = 0; i < size; ++i) {
        const long nearest = first + i < 0 ? 0 : first + i < extent ? first + i : extent - 1;
        edge->offset[i] = (nearest - first) * pitch;
        edge->mask[i] = nearest == first + i ? -1 : 0;
    }
}

// Matrices are written row by row, all at once, and lie beyond the nearest cache. So many numbers before a place is written, memory is asked for it.
enum { ahead = 32 };

// Defines `name`: the transform of the `size`×`size` numbers of each tile along both axes, of pictures of `tall` by `wide` places and `channels_` channels,
// where tiles begin `before` places ahead of their first output. Places outside the picture count as zeros.
#define PLANE(name, size, transform, tall, wide, channels_, before) \
    INLINE name##_tile(const int fuses, const int whole, const float *start, long pitch, long channels, const struct edge *rows, const struct edge *columns, \
                       float *matrices, long step) { \
        for (long channel = 0; channel < channels; channel += 16) { \
            lanes half[6 * size]; \
            const float *place = start + channel; \
            UNROLLED for (long j = 0; j < size; ++j) { \
                lanes column[size] = {{0}}, made[6]; \
                WALK(place); \
                if (whole) { \
                    UNROLLED for (long i = 0; i < size; ++i) column[i] = LOAD(place + i * pitch); \
                } else if (columns->mask[j]) { \
                    UNROLLED for (long i = 0; i < size; ++i) column[i] = WHERE((mask){0} + rows->mask[i], LOAD(place + rows->offset[i])); \
                } \
                place += channels; \
                transform(fuses, column, made); \
                UNROLLED for (long i = 0; i < 6; ++i) half[size * i + j] = made[i]; \
            } \
            float *target = matrices + channel; \
            UNROLLED for (long i = 0; i < 6; ++i) { \
                lanes made[6]; \
                WALK(target); \
                transform(fuses, half + size * i, made); \
                UNROLLED for (long j = 0; j < 6; ++j) { \
                    STORE(made[j], target + j * step); \
                    __builtin_prefetch(target + j * step + ahead, 1); \
                } \
                target += 6 * step; \
            } \
        } \
    } \
    INLINE name##_body(const int fuses, const float *x, float *matrices, struct regulus_plane p, long first, long begin, long end, long rows) { \
        const long channels = channels_, step = rows * channels, pitch = wide * channels; \
        struct place at = place_of(p, first + begin), next = place_after(p, at); \
        for (long row = begin; row < end; ++row) { \
            const long top = at.top - before, left = at.left - before; \
            const float *start = x + ((at.image * tall + top) * wide + left) * channels; \
            float *target = matrices + row * channels; \
            at = next; \
            next = place_after(p, next); \
            FETCH(x + ((next.image * tall + next.top - before + size - 4) * wide + next.left - before + size - 4) * channels, wide * channels, channels) \
            if (top >= 0 && left >= 0 && top + size <= tall && left + size <= wide) { \
                name##_tile(fuses, 1, start, pitch, channels, 0, 0, target, step); \
            } else { \
                struct edge of_rows, of_columns; \
                find_edge(&of_rows, size, top, tall, pitch); \
                find_edge(&of_columns, size, left, wide, channels); \
                name##_tile(fuses, 0, start, pitch, channels, &of_rows, &of_columns, target, step); \
            } \
        } \
    } \
    FOR_EACH_WIDTH_FUSING(name, (const float *x, float *matrices, struct regulus_plane p, long first, long begin, long end, long rows), \
                          (x, matrices, p, first, begin, end, rows))

PLANE(regulus_plane_inputs, 6, input, p.height, p.width, p.inputs, p.padding)
PLANE(regulus_plane_gradients, 4, output_gradient, p.output_height, p.output_width, p.outputs, 0)

// The products of a tile, sixteen channels at a time, on their way to 4×4 outputs: `half` are four rows of six numbers, transformed along the columns.
#define HALF_MADE \
    lanes half[24], shift = bias ? LOAD(bias + channel) : (lanes){0}; \
    const float *product = source + channel; \
    UNROLLED for (long j = 0; j < 6; ++j) { \
        lanes column[6], made[4]; \
        WALK(product); \
        UNROLLED for (long i = 0; i < 6; ++i) column[i] = LOAD(product + 6 * i * step); \
        product += step; \
        output(fuses, column, made); \
        UNROLLED for (long i = 0; i < 4; ++i) half[6 * i + j] = made[i]; \
    }

// Goes through the tiles whose products become outputs: `source` are those of a tile, and `start` is the place of its first output, or of the first cell of 2×2
// outputs where `shrink` is 2, in a result of `made_height` by `made_width`, of which `tall` by `wide` are left from there on.
#define FOR_EACH_MADE(shrink, made_height, made_width, ...) \
    const long channels = p.outputs, step = rows * channels, pitch = (made_width) * channels; \
    struct place at = place_of(p, first + begin), next = place_after(p, at); \
    for (long row = begin; row < end; ++row) { \
        const long top = at.top / (shrink), left = at.left / (shrink), tall = (made_height) - top, wide = (made_width) - left; \
        const float *source = matrices + row * channels; \
        float *start = y + ((at.image * (made_height) + top) * (made_width) + left) * channels; \
        at = next; \
        next = place_after(p, next); \
        FETCH(y + ((next.image * (made_height) + next.top / (shrink)) * (made_width) + next.left / (shrink)) * channels, pitch, channels) \
        __VA_ARGS__ \
    }

INLINE outputs_tile(const int fuses, const int whole, const float *source, long step, long channels, const float *bias, float *start, long pitch, long tall,
                    long wide, int adds, int rectifies) {
    for (long channel = 0; channel < channels; channel += 16) {
        HALF_MADE
        float *place = start + channel;
        UNROLLED for (long i = 0; i < 4; ++i) {
            lanes made[4];
            if (!whole && i >= tall) break;
            WALK(place);
            output(fuses, half + 6 * i, made);
            UNROLLED for (long j = 0; j < 4; ++j)
                if (whole || j < wide) FINISH(made[j] + shift, place + j * channels, adds, rectifies);
            place += pitch;
        }
    }
}
INLINE regulus_plane_outputs_body(const int fuses, const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin, long end,
                                  long rows, int adds, int rectifies) {
    FOR_EACH_MADE(1, p.output_height, p.output_width, {
        if (tall >= 4 && wide >= 4) {
            outputs_tile(fuses, 1, source, step, channels, bias, start, pitch, tall, wide, adds, rectifies);
        } else {
            outputs_tile(fuses, 0, source, step, channels, bias, start, pitch, tall, wide, adds, rectifies);
        }
    })
}
FOR_EACH_WIDTH_FUSING(regulus_plane_outputs,
                      (const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin, long end, long rows, int adds,
                       int rectifies),
                      (matrices, y, bias, p, first, begin, end, rows, adds, rectifies))

INLINE regulus_plane_halved_outputs_body(const int fuses, const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin,
                                         long end, long rows) {
    FOR_EACH_MADE(2, p.output_height / 2, p.output_width / 2, {
        for (long channel = 0; channel < channels; channel += 16) {
            HALF_MADE
            UNROLLED for (long i = 0; i < 2; ++i) {
                lanes above[4], below[4];
                if (i >= tall) break;
                output(fuses, half + 12 * i, above);
                output(fuses, half + 12 * i + 6, below);
                UNROLLED for (long j = 0; j < 2; ++j) {
                    lanes best = above[2 * j] + shift, others[3] = {above[2 * j + 1] + shift, below[2 * j] + shift, below[2 * j + 1] + shift};
                    UNROLLED for (long index = 0; index < 3; ++index) {
                        mask takes = EXCEEDS(others[index], best);
                        best = EITHER(takes, others[index], best);
                    }
                    if (j < wide) FINISH(best, start + i * pitch + j * channels + channel, 0, 1);
                }
            }
        }
    })
}
FOR_EACH_WIDTH_FUSING(regulus_plane_halved_outputs,
                      (const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin, long end, long rows),
                      (matrices, y, bias, p, first, begin, end, rows))

// The 36 numbers of sixteen kernels, which lie `pitch` weights apart, into matrices that lie `step` apart.
INLINE plane_kernels(const float *weight, long pitch, float *target, long step, int turned) {
    lanes taps[9], half[18];
    for (long tap = 0; tap < 9; ++tap)
        for (long lane = 0; lane < 16; ++lane) taps[tap][lane] = weight[lane * pitch + (turned ? 8 - tap : tap)];
    for (long j = 0; j < 3; ++j) {
        lanes column[3] = {taps[j], taps[3 + j], taps[6 + j]}, made[6];
        kernel(column, made);
        for (long i = 0; i < 6; ++i) half[3 * i + j] = made[i];
    }
    for (long i = 0; i < 6; ++i) {
        lanes made[6];
        kernel(half + 3 * i, made);
        for (long j = 0; j < 6; ++j) STORE(made[j], target + (6 * i + j) * step);
    }
}
INLINE regulus_plane_kernels_body(const float *weight, float *target, long outputs, long inputs, long begin, long end, int turned) {
    for (long place = begin * inputs; place < end * inputs; place += 16)
        plane_kernels(weight + place * 9, 9, target + place, outputs * inputs, turned);
}
FOR_EACH_WIDTH(regulus_plane_kernels, (const float *weight, float *target, long outputs, long inputs, long begin, long end, int turned),
               (weight, target, outputs, inputs, begin, end, turned))

INLINE regulus_plane_kernels_by_input_body(const float *weight, float *target, long outputs, long inputs, long begin, long end) {
    for (long input = begin; input < end; ++input)
        for (long output = 0; output < outputs; output += 16)
            plane_kernels(weight + (output * inputs + input) * 9, inputs * 9, target + input * outputs + output, outputs * inputs, 0);
}
FOR_EACH_WIDTH(regulus_plane_kernels_by_input, (const float *weight, float *target, long outputs, long inputs, long begin, long end),
               (weight, target, outputs, inputs, begin, end))

INLINE regulus_plane_kernel_gradients_body(const float *matrices, float *gradient, long outputs, long inputs, long begin, long end) {
    const long step = outputs * inputs;
    for (long place = begin * inputs; place < end * inputs; place += 16) {
        lanes half[18], taps[9];
        for (long j = 0; j < 6; ++j) {
            lanes column[6], made[3];
            for (long i = 0; i < 6; ++i) column[i] = LOAD(matrices + place + (6 * i + j) * step);
            kernel_gradient(column, made);
            for (long i = 0; i < 3; ++i) half[6 * i + j] = made[i];
        }
        for (long i = 0; i < 3; ++i) kernel_gradient(half + 6 * i, taps + 3 * i);
        for (long tap = 0; tap < 9; ++tap)
            for (long lane = 0; lane < 16; ++lane) gradient[(place + lane) * 9 + tap] = taps[tap][lane];
    }
}
FOR_EACH_WIDTH(regulus_plane_kernel_gradients, (const float *matrices, float *gradient, long outputs, long inputs, long begin, long end),
               (matrices, gradient, outputs, inputs, begin, end))
