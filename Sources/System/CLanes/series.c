#include "series.h"

#include "blocks.h"

// With channels last, what a kernel reads of a series lies in one piece: a convolution over one axis is a product of overlapping rows with the weights. At
// the ends, where a kernel reads beyond the series, the rows of all samples for one output make a product of fewer terms.

// Each block asks for what the next one reads, piece by piece beside its own terms: a batch lies beyond the nearest caches, and the pieces of its rows are too
// short for the processor to foresee them.

// `height` rows of a product from row `row` on. What is added to them, and a ReLU, come last; NaN is not below 0 and stays.
#define PRODUCT(height, groups) \
    { \
        lanes sum[height][groups]; \
        EACH(height, groups, sum[r][g] = (lanes){0}) \
        const float *next = x + (row + height) * x_row; \
        const long piece = terms > 0 ? (height * x_row + terms - 1) / terms : 0; \
        SUMS(height, groups, terms, x + row * x_row, x_row, 1, b + column, columns, __builtin_prefetch(next); next += piece) \
        EACH(height, groups, { \
            float *place = y + row * y_row + r * y_row + column + 16 * g; \
            lanes value = sum[r][g]; \
            if (bias) value = value + LOAD(bias + column + 16 * g); \
            if (adds) value = value + LOAD(place); \
            if (rectifies) value = WHERE(~(value < 0), value); \
            STORE(value, place); \
        }) \
        row += height; \
    }

// All rows of `groups` groups of columns, `height` or `half` at a time. The last of them are computed once more with the rest, where nothing is added to
// them.
#define ROWS(height, half, groups) \
    { \
        long row = 0; \
        while (rows - row >= height) PRODUCT(height, groups) \
        if (rows - row >= half) PRODUCT(half, groups) \
        if (row < rows && rows >= half && !adds) { \
            row = rows - half; \
            PRODUCT(half, groups) \
        } \
        while (row < rows) PRODUCT(1, groups) \
        column += 16 * groups; \
    }

INLINE rows_product(const float *x, long x_row, const float *b, float *y, long y_row, const float *bias, long rows, long terms, long columns, int adds,
                    int rectifies) {
    for (long column = 0; column < columns;) {
        if (columns - column >= 64) {
            ROWS(6, 3, 4)
        } else if (columns - column >= 32) {
            ROWS(12, 6, 2)
        } else {
            ROWS(16, 8, 1)
        }
    }
}

// The outputs for which a kernel lies inside the series, from `begin` up to but not including `end`.
struct inner {
    long begin, end;
};
static inline __attribute__((always_inline)) struct inner inner_of(struct regulus_series p) {
    long begin = p.first < 0 ? (-p.first + p.step - 1) / p.step : 0, last = p.steps - p.taps - p.first;
    long end = last < 0 ? 0 : last / p.step + 1;
    if (begin > p.outputs) begin = p.outputs;
    if (end > p.outputs) end = p.outputs;
    return (struct inner){begin, end < begin ? begin : end};
}

// The taps that read inside the series for an output at the ends.
struct reach {
    long source, begin, end;
};
static inline __attribute__((always_inline)) struct reach reach_of(struct regulus_series p, long output) {
    long source = p.first + output * p.step, begin = source < 0 ? -source : 0, end = p.steps - source < p.taps ? p.steps - source : p.taps;
    if (begin > p.taps) begin = p.taps;
    return (struct reach){source + begin, begin, end < begin ? begin : end};
}

WIDEST void regulus_series_products(const float *x, const float *weight, float *y, const float *bias, struct regulus_series p, long begin, long end,
                                    int adds, int rectifies) {
    const long channels = p.channels, x_sample = p.steps * channels;
    const struct inner inside = inner_of(p);
    if (inside.end > inside.begin)
        for (long sample = begin; sample < end; ++sample)
            rows_product(x + sample * x_sample + (p.first + inside.begin * p.step) * channels, p.step * channels, weight,
                         y + sample * p.sample_step + inside.begin * p.output_step, p.output_step, bias, inside.end - inside.begin, p.taps * channels,
                         p.columns, adds, rectifies);
    for (long output = 0; output < p.outputs; ++output) {
        if (output == inside.begin) output = inside.end;
        if (output >= p.outputs) break;
        struct reach reach = reach_of(p, output);
        rows_product(x + begin * x_sample + reach.source * channels, x_sample, weight + reach.begin * channels * p.columns,
                     y + begin * p.sample_step + output * p.output_step, p.sample_step, bias, end - begin, (reach.end - reach.begin) * channels, p.columns,
                     adds, rectifies);
    }
}

// `height` rows of the gradient of the weights from row `row` on, to which `terms` more terms of each sum are added.
#define GRADIENT(height, groups) \
    { \
        lanes sum[height][groups]; \
        EACH(height, groups, sum[r][g] = LOAD(c + (row + r) * columns + column + 16 * g)) \
        const float *next = x + terms * x_term + row; \
        SUMS(height, groups, terms, x + row, 1, x_term, gradient + column, gradient_term, __builtin_prefetch(next); next += x_term) \
        EACH(height, groups, STORE(sum[r][g], c + (row + r) * columns + column + 16 * g)) \
        row += height; \
    }
#define GRADIENTS(height, groups) \
    { \
        long row = begin; \
        while (end - row >= height) GRADIENT(height, groups) \
        while (end - row >= 4) GRADIENT(4, groups) \
        while (row < end) GRADIENT(1, groups) \
        column += 16 * groups; \
    }

INLINE rows_gradient(const float *x, long x_term, const float *gradient, long gradient_term, float *c, long terms, long columns, long begin, long end) {
    for (long column = 0; column < columns;) {
        if (columns - column >= 32) {
            GRADIENTS(8, 2)
        } else {
            GRADIENTS(16, 1)
        }
    }
}

WIDEST void regulus_series_gradients(const float *x, const float *gradient, float *weight, struct regulus_series p, long samples, long begin, long end) {
    const long channels = p.channels, x_sample = p.steps * channels;
    const struct inner inside = inner_of(p);
    for (long place = begin * p.columns; place < end * p.columns; ++place) weight[place] = 0;
    if (inside.end > inside.begin)
        for (long sample = 0; sample < samples; ++sample)
            rows_gradient(x + sample * x_sample + (p.first + inside.begin * p.step) * channels, p.step * channels,
                          gradient + sample * p.sample_step + inside.begin * p.output_step, p.output_step, weight, inside.end - inside.begin, p.columns,
                          begin, end);
    for (long output = 0; output < p.outputs; ++output) {
        if (output == inside.begin) output = inside.end;
        if (output >= p.outputs) break;
        struct reach reach = reach_of(p, output);
        // Rows of the weights count from the first tap, which may lie before the series.
        long from = reach.begin * channels, to = reach.end * channels;
        if (from < begin) from = begin;
        if (to > end) to = end;
        if (from < to)
            rows_gradient(x + (reach.source - reach.begin) * channels, x_sample, gradient + output * p.output_step, p.sample_step, weight, samples,
                          p.columns, from, to);
    }
}

void regulus_series_weights(const float *weight, float *target, long outputs, long inputs, long kernel, long first, long step, long taps, int turned) {
    for (long place = 0; place < taps; ++place) {
        long tap = first + place * step;
        if (turned) {
            for (long output = 0; output < outputs; ++output)
                for (long input = 0; input < inputs; ++input) *target++ = weight[(output * inputs + input) * kernel + tap];
        } else {
            for (long input = 0; input < inputs; ++input)
                for (long output = 0; output < outputs; ++output) *target++ = weight[(output * inputs + input) * kernel + tap];
        }
    }
}

void regulus_series_weight_gradient(const float *rows, float *gradient, long outputs, long inputs, long kernel) {
    for (long output = 0; output < outputs; ++output)
        for (long input = 0; input < inputs; ++input)
            for (long tap = 0; tap < kernel; ++tap) *gradient++ = rows[(tap * inputs + input) * outputs + output];
}
