// The start of a network over pictures of one channel: a 3×3 convolution that keeps their extents, batch normalization, ReLU, and the largest number of each 2×2
// places. For processors with vectors of 256 bits or more; multiplications of the convolution are fused with additions.
//
// A framed picture has a zero on each side: (height + 2)×(width + 2) numbers. Weights are 9×channels, and numbers of channels are multiples of 16.
#ifndef REGULUS_CLANES_SINGLE_H
#define REGULUS_CLANES_SINGLE_H

#include <stdint.h>

// A normalization: (x − mean) · scale + bias, with one number for each channel.
struct regulus_map {
    const float *mean, *scale, *bias;
};

// Adds sums over all places of a picture to `sums`: of the nine numbers that a kernel reads there, and of their products, a matrix of 9×9 of which
// those above the blocks of 3×3 on the diagonal, and these blocks, are written. Eight numbers behind the picture are read, too, and do not count.
void regulus_single_patches(const float *framed, long height, long width, double *sums);

// The largest rectified number of each 2×2 places: as `regulus_halved_map`. Where `winners` is not null, it takes the place that won, 0 to 3 row by row, or 4
// where the ReLU lets no gradient pass.
void regulus_single_halved(const float *framed, const float *weight, struct regulus_map map, long height, long width, long channels, float *y,
                           uint8_t *winners);

// Adds Σ g d for the nine numbers d that a kernel reads at each place to `sums`, 9×channels, and then Σ g for each channel: g is the gradient of what the
// function above makes, as far as it comes from a cell that the place won and as the ReLU lets it pass.
void regulus_single_won(const float *framed, const uint8_t *winners, const float *gradient, long height, long width, long channels, double *sums);

#endif
