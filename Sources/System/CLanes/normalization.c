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

INLINE halved(const long groups, const float *x, float *y, float *distances, uint8_t *winners, const float *mean, const float *scale, const float *bias,
              long height, long width, long pitch) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(b, bias)
    for (long i = 0, cell = 0; i < height / 2; ++i) {
        for (long j = 0; j < width / 2; ++j, ++cell) {
            const float *places[4];
            for (long index = 0; index < 4; ++index) places[index] = x + ((2 * i + index / 2) * width + 2 * j + index % 2) * pitch;
            for (long group = 0; group < groups; ++group) {
                const long made = cell * pitch + 16 * group;
                lanes farthest = LOAD(places[0] + 16 * group) - m[group], best = farthest * a[group] + b[group];
                mask winner = {0};
                for (int index = 1; index < 4; ++index) {
                    lanes distance = LOAD(places[index] + 16 * group) - m[group], value = distance * a[group] + b[group];
                    mask takes = EXCEEDS(value, best);
                    best = EITHER(takes, value, best);
                    farthest = EITHER(takes, distance, farthest);
                    winner = (takes & index) | (~takes & winner);
                }
                mask passes = ~(best <= 0);
                STORE(WHERE(passes, best), y + made);
                STORE(farthest, distances + made);
                *(unaligned_bytes *)(winners + made) = __builtin_convertvector((passes & winner) | (~passes & 4), bytes);
            }
        }
    }
}
INLINE regulus_halved_map_body(const long most, const float *x, float *y, float *distances, uint8_t *winners, const float *mean, const float *scale,
                               const float *bias, long height, long width, long pitch, long channels) {
    FOR_EACH_GROUP(most, channels,
                   halved(groups, x + channel, y + channel, distances + channel, winners + channel, mean + channel, scale + channel, bias + channel,
                          height, width, pitch))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_halved_map,
                         (const float *x, float *y, float *distances, uint8_t *winners, const float *mean, const float *scale, const float *bias,
                          long height, long width, long pitch, long channels),
                         (x, y, distances, winners, mean, scale, bias, height, width, pitch, channels))

// Of sixteen channels the places that won a cell.
#define WINNERS(place) __builtin_convertvector(*(const unaligned_bytes *)(place), mask)

INLINE halved_passed(const long groups, const float *gradient, const float *distances, const uint8_t *winners, long rows, long width, float *sum,
                     float *along) {
    lanes total[4] = {{0}}, total_along[4] = {{0}};
    for (long index = 0; index < rows; ++index) {
        for (long group = 0; group < groups; ++group) {
            const long cell = index * width + 16 * group;
            lanes slope = WHERE(WINNERS(winners + cell) != 4, LOAD(gradient + cell));
            total[group] += slope;
            total_along[group] += slope * LOAD(distances + cell);
        }
    }
    STORE_GROUPS(total, sum)
    STORE_GROUPS(total_along, along)
}
INLINE regulus_halved_passed_body(const long most, const float *gradient, const float *distances, const uint8_t *winners, long rows, long width,
                                  long channels, float *sum, float *along) {
    FOR_EACH_GROUP(most, channels,
                   halved_passed(groups, gradient + channel, distances + channel, winners + channel, rows, width, sum + channel, along + channel))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_halved_passed,
                         (const float *gradient, const float *distances, const uint8_t *winners, long rows, long width, long channels, float *sum,
                          float *along),
                         (gradient, distances, winners, rows, width, channels, sum, along))

INLINE halved_back(const long groups, const float *x, const float *gradient, const uint8_t *winners, float *result, const float *mean,
                   const float *scale, const float *center, const float *along, long height, long width, long pitch) {
    LOAD_GROUPS(m, mean)
    LOAD_GROUPS(a, scale)
    LOAD_GROUPS(c, center)
    LOAD_GROUPS(s, along)
    for (long i = 0; i < height; i += 2) {
        for (long j = 0; j < width; j += 2) {
            // Along the edges of pictures of odd extents, places belong to no cell.
            const int isCovered = i + 1 < height && j + 1 < width;
            const long cell = ((i / 2) * (width / 2) + j / 2) * pitch;
            for (long group = 0; group < groups; ++group) {
                lanes slope = {0};
                mask winner = {0};
                if (isCovered) {
                    slope = LOAD(gradient + cell + 16 * group);
                    winner = WINNERS(winners + cell + 16 * group);
                }
                for (int index = 0; index < 4; ++index) {
                    const long row = i + index / 2, column = j + index % 2;
                    if (row >= height || column >= width) continue;
                    const long place = (row * width + column) * pitch + 16 * group;
                    lanes distance = LOAD(x + place) - m[group];
                    STORE(a[group] * (WHERE(winner == index, slope) - c[group] - distance * s[group]), result + place);
                }
            }
        }
    }
}
INLINE regulus_halved_gradient_body(const long most, const float *x, const float *gradient, const uint8_t *winners, float *result, const float *mean,
                                    const float *scale, const float *center, const float *along, long height, long width, long pitch, long channels) {
    FOR_EACH_GROUP(most, channels,
                   halved_back(groups, x + channel, gradient + channel, winners + channel, result + channel, mean + channel, scale + channel,
                               center + channel, along + channel, height, width, pitch))
}
FOR_EACH_WIDTH_IN_GROUPS(regulus_halved_gradient,
                         (const float *x, const float *gradient, const uint8_t *winners, float *result, const float *mean, const float *scale,
                          const float *center, const float *along, long height, long width, long pitch, long channels),
                         (x, gradient, winners, result, mean, scale, center, along, height, width, pitch, channels))
