#include "winograd.h"

#include "widths.h"

// The transforms along one axis. With inputs d, taps w and the matrices of Lavin and Gray 2016, four outputs are Aᵀ[(G w) ⊙ (Bᵀ d)]; gradients go through
// the transposed matrices. The two-dimensional ones go along the columns and then along the rows.

// Bᵀ: six inputs become the six numbers of a tile.
INLINE input(const lanes d[6], lanes out[6]) {
    lanes p = d[4] - 4 * d[2], q = d[3] - 4 * d[1], r = d[4] - d[2], s = 2 * (d[3] - d[1]);
    out[0] = 4 * d[0] - 5 * d[2] + d[4];
    out[1] = p + q;
    out[2] = p - q;
    out[3] = r + s;
    out[4] = r - s;
    out[5] = 4 * d[1] - 5 * d[3] + d[5];
}

// Aᵀ: six products become four outputs.
INLINE output(const lanes m[6], lanes out[4]) {
    lanes p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    out[0] = m[0] + p + r;
    out[1] = q + 2 * s;
    out[2] = p + 4 * r;
    out[3] = q + 8 * s + m[5];
}

// A: the gradients of four outputs become those of six products.
INLINE output_gradient(const lanes g[4], lanes out[6]) {
    lanes p = g[0] + g[2], q = g[1] + g[3], r = g[0] + 4 * g[2], s = 2 * g[1] + 8 * g[3];
    out[0] = g[0];
    out[1] = p + q;
    out[2] = p - q;
    out[3] = r + s;
    out[4] = r - s;
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

// The position of a tile: its picture, and its first output there.
struct place {
    long image, top, left;
};
static inline __attribute__((always_inline)) struct place place_of(struct regulus_plane p, long tile) {
    long of_image = p.tile_rows * p.tile_columns, rest = tile % of_image;
    return (struct place){tile / of_image, rest / p.tile_columns * 4, rest % p.tile_columns * 4};
}

// Asks for the 4×4 places from `start` on, of which rows lie `pitch` numbers apart: what a tile reads that those before it have not read, or what it makes.
// A batch lies beyond the nearest caches, and the rows of a tile of few channels are too short for the processor to foresee them.
#define FETCH(start, pitch, channels) \
    if ((channels) <= 64 && (p.inputs < 64 || p.outputs < 64)) { \
        for (long i = 0; i < 4; ++i) \
            for (long number = 0; number < 4 * (channels); number += 16) __builtin_prefetch((start) + i * (pitch) + number); \
    }

// Bit `size` · i + j says whether the number in row i and column j of a tile, whose first one is in row `top` and column `left`, is inside a picture of
// `tall` by `wide` places.
static inline __attribute__((always_inline)) uint64_t inside_of(long size, long top, long left, long tall, long wide) {
    const long above = top < 0 ? -top : 0, below = tall - top < size ? tall - top : size;
    const long before = left < 0 ? -left : 0, behind = wide - left < size ? wide - left : size;
    if (above >= below || before >= behind) return 0;
    const uint64_t columns = (1ull << behind) - (1ull << before), rows = (1ull << below * size) - (1ull << above * size);
    // The bits of the first row, once in each row.
    return columns * (((1ull << size * size) - 1) / ((1ull << size) - 1)) & rows;
}

// Defines `name`: the transform of the `size`×`size` numbers of each tile along both axes, of pictures of `tall` by `wide` places and `channels_` channels,
// where tiles begin `before` places ahead of their first output. Places outside the picture count as zeros.
#define PLANE(name, size, transform, tall, wide, channels_, before) \
    INLINE name##_body(const float *x, float *matrices, struct regulus_plane p, long first, long begin, long end, long rows) { \
        const long channels = channels_, step = rows * channels; \
        struct place at = place_of(p, first + begin), next = place_of(p, first + begin + 1); \
        for (long row = begin; row < end; ++row) { \
            const long top = at.top - before, left = at.left - before; \
            const float *start = x + ((at.image * tall + top) * wide + left) * channels; \
            const uint64_t inside = inside_of(size, top, left, tall, wide); \
            at = next; \
            next = place_of(p, first + row + 2); \
            FETCH(x + ((next.image * tall + next.top - before + size - 4) * wide + next.left - before + size - 4) * channels, wide * channels, channels) \
            for (long channel = 0; channel < channels; channel += 16) { \
                lanes half[6 * size]; \
                for (long j = 0; j < size; ++j) { \
                    lanes column[size], made[6]; \
                    for (long i = 0; i < size; ++i) \
                        column[i] = inside >> (size * i + j) & 1 ? LOAD(start + (i * wide + j) * channels + channel) : (lanes){0}; \
                    transform(column, made); \
                    for (long i = 0; i < 6; ++i) half[size * i + j] = made[i]; \
                } \
                for (long i = 0; i < 6; ++i) { \
                    lanes made[6]; \
                    transform(half + size * i, made); \
                    for (long j = 0; j < 6; ++j) STORE(made[j], matrices + (6 * i + j) * step + row * channels + channel); \
                } \
            } \
        } \
    } \
    FOR_EACH_WIDTH(name, (const float *x, float *matrices, struct regulus_plane p, long first, long begin, long end, long rows), \
                   (x, matrices, p, first, begin, end, rows))

PLANE(regulus_plane_inputs, 6, input, p.height, p.width, p.inputs, p.padding)
PLANE(regulus_plane_gradients, 4, output_gradient, p.output_height, p.output_width, p.outputs, 0)

// Goes through the tiles whose products become outputs, sixteen channels at a time: `half` are four rows of six numbers, transformed along the columns, and
// `start` is the place of a tile's first output, or of the first cell of 2×2 outputs where `shrink` is 2, in a result of `made_height` by `made_width`.
#define FOR_EACH_MADE(shrink, made_height, made_width, ...) \
    const long channels = p.outputs, step = rows * channels; \
    struct place at = place_of(p, first + begin), next = place_of(p, first + begin + 1); \
    for (long row = begin; row < end; ++row) { \
        const long top = at.top / (shrink), left = at.left / (shrink), tall = (made_height) - top, wide = (made_width) - left; \
        float *start = y + ((at.image * (made_height) + top) * (made_width) + left) * channels; \
        at = next; \
        next = place_of(p, first + row + 2); \
        FETCH(y + ((next.image * (made_height) + next.top / (shrink)) * (made_width) + next.left / (shrink)) * channels, (made_width) * channels, channels) \
        for (long channel = 0; channel < channels; channel += 16) { \
            const float *source = matrices + row * channels + channel; \
            lanes half[24], shift = bias ? LOAD(bias + channel) : (lanes){0}; \
            for (long j = 0; j < 6; ++j) { \
                lanes column[6], made[4]; \
                for (long i = 0; i < 6; ++i) column[i] = LOAD(source + (6 * i + j) * step); \
                output(column, made); \
                for (long i = 0; i < 4; ++i) half[6 * i + j] = made[i]; \
            } \
            __VA_ARGS__ \
        } \
    }

INLINE regulus_plane_outputs_body(const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin, long end,
                                  long rows, int adds, int rectifies) {
    FOR_EACH_MADE(1, p.output_height, p.output_width, {
        for (long i = 0; i < 4; ++i) {
            lanes made[4];
            if (i >= tall) break;
            output(half + 6 * i, made);
            for (long j = 0; j < 4; ++j)
                if (j < wide) FINISH(made[j] + shift, start + (i * p.output_width + j) * channels + channel, adds, rectifies);
        }
    })
}
FOR_EACH_WIDTH(regulus_plane_outputs,
               (const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin, long end, long rows, int adds,
                int rectifies),
               (matrices, y, bias, p, first, begin, end, rows, adds, rectifies))

INLINE regulus_plane_halved_outputs_body(const float *matrices, float *y, const float *bias, struct regulus_plane p, long first, long begin, long end,
                                         long rows) {
    FOR_EACH_MADE(2, p.output_height / 2, p.output_width / 2, {
        for (long i = 0; i < 2; ++i) {
            lanes above[4], below[4];
            if (i >= tall) break;
            output(half + 12 * i, above);
            output(half + 12 * i + 6, below);
            for (long j = 0; j < 2; ++j) {
                lanes best = above[2 * j] + shift, others[3] = {above[2 * j + 1] + shift, below[2 * j] + shift, below[2 * j + 1] + shift};
                for (long index = 0; index < 3; ++index) {
                    mask takes = EXCEEDS(others[index], best);
                    best = EITHER(takes, others[index], best);
                }
                if (j < wide) FINISH(best, start + (i * (p.output_width / 2) + j) * channels + channel, 0, 1);
            }
        }
    })
}
FOR_EACH_WIDTH(regulus_plane_halved_outputs,
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

// The position of a tile's first output among clips: its clip, the frame, and the place in the frame.
struct moment {
    long clip, frame, place;
};
static inline __attribute__((always_inline)) struct moment moment_of(struct regulus_frames p, long tile) {
    long block = tile / p.places;
    return (struct moment){block / p.blocks, block % p.blocks * 4, tile % p.places};
}

// Defines `name`: the same along time, for clips of `count` frames.
#define FRAMES(name, size, transform, count, channels_, before) \
    INLINE name##_body(const float *x, float *matrices, struct regulus_frames p, long first, long begin, long end, long rows) { \
        const long channels = channels_, step = rows * channels, frame = p.places * channels; \
        for (long row = begin; row < end; ++row) { \
            struct moment at = moment_of(p, first + row); \
            const float *clip = x + (at.clip * count * p.places + at.place) * channels; \
            for (long channel = 0; channel < channels; channel += 16) { \
                lanes read[size], made[6]; \
                for (long i = 0; i < size; ++i) { \
                    long source = at.frame - before + i; \
                    read[i] = source >= 0 && source < count ? LOAD(clip + source * frame + channel) : (lanes){0}; \
                } \
                transform(read, made); \
                for (long i = 0; i < 6; ++i) STORE(made[i], matrices + i * step + row * channels + channel); \
            } \
        } \
    } \
    FOR_EACH_WIDTH(name, (const float *x, float *matrices, struct regulus_frames p, long first, long begin, long end, long rows), \
                   (x, matrices, p, first, begin, end, rows))

FRAMES(regulus_frames_inputs, 6, input, p.frames, p.inputs, p.padding)
FRAMES(regulus_frames_gradients, 4, output_gradient, p.output_frames, p.outputs, 0)

INLINE regulus_frames_outputs_body(const float *matrices, float *y, const float *bias, struct regulus_frames p, long first, long begin, long end,
                                   long rows, int adds, int rectifies) {
    const long channels = p.outputs, step = rows * channels, frame = p.places * channels;
    for (long row = begin; row < end; ++row) {
        struct moment at = moment_of(p, first + row);
        float *start = y + ((at.clip * p.output_frames + at.frame) * p.places + at.place) * channels;
        for (long channel = 0; channel < channels; channel += 16) {
            lanes read[6], made[4], shift = bias ? LOAD(bias + channel) : (lanes){0};
            for (long i = 0; i < 6; ++i) read[i] = LOAD(matrices + i * step + row * channels + channel);
            output(read, made);
            for (long i = 0; i < 4; ++i)
                if (i < p.output_frames - at.frame) FINISH(made[i] + shift, start + i * frame + channel, adds, rectifies);
        }
    }
}
FOR_EACH_WIDTH(regulus_frames_outputs,
               (const float *matrices, float *y, const float *bias, struct regulus_frames p, long first, long begin, long end, long rows, int adds,
                int rectifies),
               (matrices, y, bias, p, first, begin, end, rows, adds, rectifies))

INLINE regulus_frames_kernels_body(const float *weight, float *target, long outputs, long inputs, long begin, long end, int turned) {
    const long step = outputs * inputs;
    for (long place = begin * inputs; place < end * inputs; place += 16) {
        lanes taps[3], made[6];
        for (long tap = 0; tap < 3; ++tap)
            for (long lane = 0; lane < 16; ++lane) taps[tap][lane] = weight[(place + lane) * 3 + (turned ? 2 - tap : tap)];
        kernel(taps, made);
        for (long i = 0; i < 6; ++i) STORE(made[i], target + i * step + place);
    }
}
FOR_EACH_WIDTH(regulus_frames_kernels, (const float *weight, float *target, long outputs, long inputs, long begin, long end, int turned),
               (weight, target, outputs, inputs, begin, end, turned))

INLINE regulus_frames_kernel_gradients_body(const float *matrices, float *gradient, long outputs, long inputs, long begin, long end) {
    const long step = outputs * inputs;
    for (long place = begin * inputs; place < end * inputs; place += 16) {
        lanes read[6], taps[3];
        for (long i = 0; i < 6; ++i) read[i] = LOAD(matrices + place + i * step);
        kernel_gradient(read, taps);
        for (long tap = 0; tap < 3; ++tap)
            for (long lane = 0; lane < 16; ++lane) gradient[(place + lane) * 3 + tap] = taps[tap][lane];
    }
}
FOR_EACH_WIDTH(regulus_frames_kernel_gradients, (const float *matrices, float *gradient, long outputs, long inputs, long begin, long end),
               (matrices, gradient, outputs, inputs, begin, end))
