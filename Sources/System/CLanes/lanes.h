// Loops of single operations, compiled for several widths of vector registers.
//
// A Swift module is compiled for one processor, the oldest that the program runs on. These loops are compiled three times, for SSE2, AVX2 and
// AVX-512, and the widest that the machine has is taken. Lanes do not meet and no multiplication is fused with an addition, so that every
// machine computes the same bits.
#ifndef REGULUS_CLANES_H
#define REGULUS_CLANES_H

#include <stdint.h>

// In the loops over channels, pointers lead to the first of `channels` neighboring channels, a multiple of sixteen; `width` is the distance from a row to
// the next, and what belongs to each channel (mean, scale, bias …) has as many numbers as there are channels.

// Σ (x − first) into `sum` and Σ (x − first)² into `squares`.
void regulus_channel_moments(const float *x, const float *first, long rows, long width, long channels, float *sum, float *squares);

// y = (x − mean) · scale + bias, plus `other` where it is not null; negative numbers become 0 where `rectifies`.
void regulus_channel_map(const float *x, const float *other, float *y, const float *mean, const float *scale, const float *bias, long rows,
                         long width, long channels, int rectifies);

// Σ g into `sum` and Σ g (x − mean) into `along`: g is the gradient of what `regulus_channel_map` computes, as far as its ReLU lets it pass. It is written
// to `kept` where that is not null.
void regulus_channel_passed(const float *x, const float *other, const float *gradient, float *kept, const float *mean, const float *scale,
                            const float *bias, long rows, long width, long channels, int rectifies, float *sum, float *along);

// result = scale · (g − center − (x − mean) · along), with the gradient g as far as the ReLU lets it pass where `rectifies`.
void regulus_channel_gradient(const float *x, const float *gradient, float *result, const float *mean, const float *scale, const float *bias,
                              const float *center, const float *along, long rows, long width, long channels, int rectifies);

// The same for pictures that are halved afterwards, height by width places that lie `pitch` apart: of each cell of 2×2 places the largest result of
// `regulus_channel_map` with its ReLU counts, as `regulus_maxima` takes it.

// One picture's largest numbers, what x − mean is where each was found, and which of its cell's places that is: 0 to 3 row by row, or 4 where the ReLU lets no
// gradient pass.
void regulus_halved_map(const float *x, float *y, float *distances, uint8_t *winners, const float *mean, const float *scale, const float *bias,
                        long height, long width, long pitch, long channels);

// The sums of `regulus_channel_passed` over the places that won `rows` cells, of whatever pictures; the others have no gradient.
void regulus_halved_passed(const float *gradient, const float *distances, const uint8_t *winners, long rows, long width, long channels, float *sum,
                           float *along);

// One picture's results of `regulus_channel_gradient`.
void regulus_halved_gradient(const float *x, const float *gradient, const uint8_t *winners, float *result, const float *mean, const float *scale,
                             const float *center, const float *along, long height, long width, long pitch, long channels);

// y = x, where negative numbers become 0 and NaN stays.
void regulus_rectify(const float *x, float *y, long count);

// result = gradient where y is above 0, and 0 elsewhere.
void regulus_rectified_gradient(const float *gradient, const float *y, float *result, long count);

// result = x · y.
void regulus_multiply(const float *x, const float *y, float *result, long count);

// result = gradient · slope, and 0 where the gradient is 0, however steep the slope.
void regulus_chain(const float *gradient, const float *slope, float *result, long count);

// y = y + bias for each of `rows` rows of `width` numbers; negative numbers become 0 where `rectifies`.
void regulus_shift_rows(float *y, const float *bias, long rows, long width, int rectifies);

// The sum of `rows` rows of `width` numbers, each added to those before it.
void regulus_sum_rows(const float *x, float *sum, long rows, long width);

// y = (x − means) · factors for `count` numbers, where means and factors are those of `width` numbers and begin again behind these.
void regulus_standardize(const float *x, float *y, const float *means, const float *factors, long count, long width);

// Copies rows of `size` numbers, one after another: each from the number in x that it starts with, or zeros where that is negative. x may be at any address.
// Rows are standardized on the way, each beginning with the first of the `width` means and factors, unless there are none.
void regulus_gather_rows(const void *x, const long *starts, float *y, long rows, long size, const float *means, const float *factors, long width);

// Σ x² in double precision, in eight parts that together are the sum.
void regulus_squares(const float *x, long count, double *sums);

// Where random draws come from: the key of a stream, its step and the first block; what a draw of sixteen bits must be below, and what is written then.
struct regulus_draws {
    uint64_t key, step, first;
    uint32_t threshold;
    float value;
};

// Writes `value` or 0 for each draw of `groups` groups of eight blocks, 64 draws a group: see `RandomStream.bernoulli`.
void regulus_bernoulli(float *out, long groups, struct regulus_draws draws);

// The numbers of one step of Adam: see `AdaptiveMoments`.
struct regulus_adam_step {
    float beta1, beta2, share1, share2, epsilon, decay, keep, rate, scale;
};

// One step of Adam for `count` values that lie apart from each other.
void regulus_adam(float *values, const float *gradient, float *mean, float *square, long count, struct regulus_adam_step step);

// Windows over a sample of three spatial axes with channels last: how many places and cells there are along each axis, and how large the windows are,
// how far they lie apart and how far they begin before the first place.
struct regulus_windows {
    long extent[3], cells[3], window[3], stride[3], padding[3], channels;
};

// The largest number of each window of one sample, or NaN where there is one, and the number of its place within the sample; -1 for a window without a
// place, whose largest number is -infinity. The first of several equal numbers counts.
void regulus_maxima(const float *x, float *y, int32_t *winners, struct regulus_windows windows);

// The gradient of the sample: each window's gradient goes to the place that won it.
void regulus_maxima_gradient(const float *gradient, const int32_t *winners, float *result, struct regulus_windows windows);

// From here on this thread, and every thread that it starts, takes numbers too small for full precision for 0.
void regulus_flush_subnormals(void);

#endif
