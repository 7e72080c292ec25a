#include "winograd.h"

#include "widths.h"

// The transforms along one axis. With inputs d, taps w and the matrices of Lavin and Gray 2016, four outputs are Aᵀ[(G w) ⊙ (Bᵀ d)]; gradients go through
// the transposed matrices. The two-dimensional ones go along the columns and then along the rows.

//
// In registers of 512 bits, for which the products are fused, too, `fuses` says that multiplications here are fused with additions.
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
#define HALF_MADE(half) \
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
        HALF_MADE(half)
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
            HALF_MADE(half)
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
    INLINE name##_body(const int fuses, const float *x, float *matrices, struct regulus_frames p, long first, long begin, long end, long rows) { \
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
                transform(fuses, read, made); \
                for (long i = 0; i < 6; ++i) STORE(made[i], matrices + i * step + row * channels + channel); \
            } \
        } \
    } \
    FOR_EACH_WIDTH_FUSING(name, (const float *x, float *matrices, struct regulus_frames p, long first, long begin, long end, long rows), \
                          (x, matrices, p, first, begin, end, rows))

FRAMES(regulus_frames_inputs, 6, input, p.frames, p.inputs, p.padding)
FRAMES(regulus_frames_gradients, 4, output_gradient, p.output_frames, p.outputs, 0)

INLINE regulus_frames_outputs_body(const int fuses, const float *matrices, float *y, const float *bias, struct regulus_frames p, long first, long begin, long end,
                                   long rows, int adds, int rectifies) {
    const long channels = p.outputs, step = rows * channels, frame = p.places * channels;
    for (long row = begin; row < end; ++row) {
        struct moment at = moment_of(p, first + row);
        float *start = y + ((at.clip * p.output_frames + at.frame) * p.places + at.place) * channels;
        for (long channel = 0; channel < channels; channel += 16) {
            lanes read[6], made[4], shift = bias ? LOAD(bias + channel) : (lanes){0};
            for (long i = 0; i < 6; ++i) read[i] = LOAD(matrices + i * step + row * channels + channel);
            output(fuses, read, made);
            for (long i = 0; i < 4; ++i)
                if (i < p.output_frames - at.frame) FINISH(made[i] + shift, start + i * frame + channel, adds, rectifies);
        }
    }
}
FOR_EACH_WIDTH_FUSING(regulus_frames_outputs,
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
