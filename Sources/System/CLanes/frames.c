#include "winograd.h"

#include "transforms.h"

// Convolutions over the frames of clips.

// The position of a tile's first output among clips: its clip, the frame, and the place in the frame.
struct moment {
    long clip, frame, place;
};
static inline __attribute__((always_inline)) struct moment moment_of(struct regulus_frames p, long tile) {
    long block = tile / p.places;
    return (struct moment){block / p.blocks, block % p.blocks * 4, tile % p.places};
}

// Defines `name`: the transform of the `size` numbers of each tile along time, for clips of `count` frames, where tiles begin `before` frames ahead of their first
// output. Frames outside the clip count as zeros.
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
