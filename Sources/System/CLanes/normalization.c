#include "lanes.h"

#include "widths.h"

// Normalization of channels, forward and backward, alone and before pictures are halved.

// Reads what belongs to each of `groups` groups of sixteen channels.
#define LOAD_GROUPS(values, place) \
    lanes values[4]; \
    for (long group = 0; group < groups; ++group) values[group] = LOAD((place) + 16 * group);
#define STORE_GROUPS(values, place) \
    for (long group = 0; group < groups; ++group) STORE(values[group], (place) + 16 * group);

INLINE moments(const long groups, const float *x, const float *first, long rows, long width, float *sum, float *squares) {
    LOAD_GROUPS(origin, first)
    lanes total[4] = {{0}}, total_squares[4] = {{0}};
    for (long index = 0; index < rows; ++index) {
        for (long group = 0; group < groups; ++group) {
            lanes distance = LOAD(x + index * width + 16 * group) - origin[group];
            total[group] += distance;
            total_squares[group] += distance * distance;
        }
    }
    STORE_GROUPS(total, sum)
    STORE_GROUPS(total_squares, squares)
}
INLINE regulus_channel_moments_body(const long most, const float *x, const float *first, long rows, long width, long channels, float *sum,
                                    float *squares) {
    FOR_EACH_GROUP(most, channels, moments(groups, x + channel, first + channel, rows, width, sum + channel, squares + channel))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_channel_moments,
                         (const float *x, const float *first, long rows, long width, long channels, float *sum, float *squares),
                         (x, first, rows, width, channels, sum, squares))

INLINE map(const long groups, const float *x, const float *other, float *y, const float *mean, const float *scale, const float *bias, long rows,
           long width, int rectifies) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    for (long index = 0; index < rows; ++index) {
        for (long group = 0; group < groups; ++group) {
            long place = index * width + 16 * group;
            lanes value = (LOAD(x + place) - m[group]) * a[group] + b[group];
            if (other) value = value + LOAD(other + place);
            // NaN is not below 0, and stays.
            if (rectifies) value = WHERE(~(value < 0), value);
            STORE(value, y + place);
        }
    }
}
INLINE regulus_channel_map_body(const long most, const float *x, const float *other, float *y, const float *mean, const float *scale,
                                const float *bias, long rows, long width, long channels, int rectifies) {
    FOR_EACH_GROUP(most, channels,
                   map(groups, x + channel, other ? other + channel : other, y + channel, mean + channel, scale + channel, bias + channel, rows, width,
                       rectifies))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_channel_map,
                         (const float *x, const float *other, float *y, const float *mean, const float *scale, const float *bias, long rows,
                          long width, long channels, int rectifies),
                         (x, other, y, mean, scale, bias, rows, width, channels, rectifies))

INLINE passed(const long groups, const float *x, const float *other, const float *gradient, float *kept, const float *mean, const float *scale,
              const float *bias, long rows, long width, int rectifies, float *sum, float *along) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    lanes total[4] = {{0}}, total_along[4] = {{0}};
    for (long index = 0; index < rows; ++index) {
        for (long group = 0; group < groups; ++group) {
            long place = index * width + 16 * group;
            lanes distance = LOAD(x + place) - m[group], slope = LOAD(gradient + place);
            if (rectifies) {
                lanes value = distance * a[group] + b[group];
                if (other) value = value + LOAD(other + place);
                slope = WHERE(~(value <= 0), slope);
            }
            if (kept) STORE(slope, kept + place);
            total[group] += slope;
            total_along[group] += slope * distance;
        }
    }
    STORE_GROUPS(total, sum)
    STORE_GROUPS(total_along, along)
}
INLINE regulus_channel_passed_body(const long most, const float *x, const float *other, const float *gradient, float *kept, const float *mean,
                                   const float *scale, const float *bias, long rows, long width, long channels, int rectifies, float *sum,
                                   float *along) {
    FOR_EACH_GROUP(most, channels,
                   passed(groups, x + channel, other ? other + channel : other, gradient + channel, kept ? kept + channel : kept, mean + channel,
                          scale + channel, bias + channel, rows, width, rectifies, sum + channel, along + channel))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_channel_passed,
                         (const float *x, const float *other, const float *gradient, float *kept, const float *mean, const float *scale,
                          const float *bias, long rows, long width, long channels, int rectifies, float *sum, float *along),
                         (x, other, gradient, kept, mean, scale, bias, rows, width, channels, rectifies, sum, along))

INLINE pass_back(const long groups, const float *x, const float *gradient, float *result, const float *mean, const float *scale, const float *bias,
                 const float *center, const float *along, long rows, long width, int rectifies) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    LOAD_GROUPS(c, center)
    LOAD_GROUPS(s, along)
    for (long index = 0; index < rows; ++index) {
        for (long group = 0; group < groups; ++group) {
            long place = index * width + 16 * group;
            lanes distance = LOAD(x + place) - m[group], slope = LOAD(gradient + place);
            if (rectifies) slope = WHERE(~(distance * a[group] + b[group] <= 0), slope);
            STORE(a[group] * (slope - c[group] - distance * s[group]), result + place);
        }
    }
}
INLINE regulus_channel_gradient_body(const long most, const float *x, const float *gradient, float *result, const float *mean, const float *scale,
                                     const float *bias, const float *center, const float *along, long rows, long width, long channels,
                                     int rectifies) {
    FOR_EACH_GROUP(most, channels,
                   pass_back(groups, x + channel, gradient + channel, result + channel, mean + channel, scale + channel, bias + channel,
                             center + channel, along + channel, rows, width, rectifies))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_channel_gradient,
                         (const float *x, const float *gradient, float *result, const float *mean, const float *scale, const float *bias,
                          const float *center, const float *along, long rows, long width, long channels, int rectifies),
                         (x, gradient, result, mean, scale, bias, center, along, rows, width, channels, rectifies))

// What `regulus_channel_map` computes with a ReLU, for sixteen channels of a place.
#define RECTIFIED(x, m, a, b) ({ lanes mapped = (LOAD(x) - (m)) * (a) + (b); WHERE(~(mapped < 0), mapped); })

INLINE halved(const long groups, const float *x, float *y, int32_t *winners, const float *mean, const float *scale, const float *bias, long height,
              long width, long pitch) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    for (long i = 0, cell = 0; i < height / 2; ++i) {
        for (long j = 0; j < width / 2; ++j, ++cell) {
            long place = 2 * i * width + 2 * j;
            const long others[3] = {place + 1, place + width, place + width + 1};
            for (long group = 0; group < groups; ++group) {
                const float *start = x + 16 * group;
                lanes best = RECTIFIED(start + place * pitch, m[group], a[group], b[group]);
                mask winner = (mask){0} + (int32_t)place;
                for (long index = 0; index < 3; ++index) {
                    lanes value = RECTIFIED(start + others[index] * pitch, m[group], a[group], b[group]);
                    mask takes = EXCEEDS(value, best);
                    best = EITHER(takes, value, best);
                    winner = (takes & (int32_t)others[index]) | (~takes & winner);
                }
                STORE(best, y + cell * pitch + 16 * group);
                *(unaligned_mask *)(winners + cell * pitch + 16 * group) = winner;
            }
        }
    }
}
INLINE regulus_halved_map_body(const long most, const float *x, float *y, int32_t *winners, const float *mean, const float *scale,
                               const float *bias, long height, long width, long pitch, long channels) {
    FOR_EACH_GROUP(most, channels,
                   halved(groups, x + channel, y + channel, winners + channel, mean + channel, scale + channel, bias + channel, height, width, pitch))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_halved_map,
                         (const float *x, float *y, int32_t *winners, const float *mean, const float *scale, const float *bias, long height,
                          long width, long pitch, long channels),
                         (x, y, winners, mean, scale, bias, height, width, pitch, channels))

// Runs `body` for rows `first` up to but not including `first + rows` of pictures and each group of channels, with `slope`: the gradient of the row's cell,
// where the row won it.
#define FOR_EACH_WON(first, rows, body) \
    long image = (first) / (height * width), place = (first) % (height * width); \
    long i = place / width, j = place % width; \
    for (long row = (first); row < (first) + (rows); ++row) { \
        long cell = (image * (height / 2) + i / 2) * (width / 2) + j / 2; \
        int isCovered = i / 2 < height / 2 && j / 2 < width / 2; \
        for (long group = 0; group < groups; ++group) { \
            long start = cell * pitch + 16 * group; \
            lanes slope = isCovered ? WHERE(*(const unaligned_mask *)(winners + start) == (int32_t)(i * width + j), LOAD(gradient + start)) \
                                    : (lanes){0}; \
            lanes distance = LOAD(x + row * pitch + 16 * group) - m[group]; \
            slope = WHERE(~(distance * a[group] + b[group] <= 0), slope); \
            body \
        } \
        if (++j == width) { \
            j = 0; \
            if (++i == height) { \
                i = 0; \
                ++image; \
            } \
        } \
    }

INLINE halved_passed(const long groups, const float *x, const float *gradient, const int32_t *winners, const float *mean, const float *scale,
                     const float *bias, long first, long rows, long height, long width, long pitch, float *sum, float *along) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    lanes total[4] = {{0}}, total_along[4] = {{0}};
    FOR_EACH_WON(first, rows, {
        total[group] += slope;
        total_along[group] += slope * distance;
    })
    STORE_GROUPS(total, sum)
    STORE_GROUPS(total_along, along)
}
INLINE regulus_halved_passed_body(const long most, const float *x, const float *gradient, const int32_t *winners, const float *mean,
                                  const float *scale, const float *bias, long first, long rows, long height, long width, long pitch, long channels,
                                  float *sum, float *along) {
    FOR_EACH_GROUP(most, channels,
                   halved_passed(groups, x + channel, gradient + channel, winners + channel, mean + channel, scale + channel, bias + channel, first,
                                 rows, height, width, pitch, sum + channel, along + channel))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_halved_passed,
                         (const float *x, const float *gradient, const int32_t *winners, const float *mean, const float *scale, const float *bias,
                          long first, long rows, long height, long width, long pitch, long channels, float *sum, float *along),
                         (x, gradient, winners, mean, scale, bias, first, rows, height, width, pitch, channels, sum, along))

INLINE halved_back(const long groups, const float *x, const float *gradient, const int32_t *winners, float *result, const float *mean,
                   const float *scale, const float *bias, const float *center, const float *along, long first, long rows, long height, long width,
                   long pitch) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    LOAD_GROUPS(c, center)
    LOAD_GROUPS(s, along)
    FOR_EACH_WON(first, rows, { STORE(a[group] * (slope - c[group] - distance * s[group]), result + row * pitch + 16 * group); })
}
INLINE regulus_halved_gradient_body(const long most, const float *x, const float *gradient, const int32_t *winners, float *result,
                                    const float *mean, const float *scale, const float *bias, const float *center, const float *along, long first,
                                    long rows, long height, long width, long pitch, long channels) {
    FOR_EACH_GROUP(most, channels,
                   halved_back(groups, x + channel, gradient + channel, winners + channel, result + channel, mean + channel, scale + channel,
                               bias + channel, center + channel, along + channel, first, rows, height, width, pitch))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_halved_gradient,
                         (const float *x, const float *gradient, const int32_t *winners, float *result, const float *mean, const float *scale,
                          const float *bias, const float *center, const float *along, long first, long rows, long height, long width, long pitch,
                          long channels),
                         (x, gradient, winners, result, mean, scale, bias, center, along, first, rows, height, width, pitch, channels))
