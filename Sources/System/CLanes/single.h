// The start of a network over pictures of one channel: a 3×3 convolution that keeps their extents, batch normalization, ReLU, and the largest number of each 2×2
// places. For processors with 512-bit vectors; multiplications of the convolution are fused with additions.
//
// A framed picture has a zero on each side: (height + 2)×(width + 2) numbers. Weights are 9×channels, and numbers of channels are multiples of 16.
#ifndef REGULUS_CLANES_SINGLE_H
#define REGULUS_CLANES_SINGLE_H

// A normalization: (x − mean) · scale + bias, with one number for each channel.
struct regulus_map {
    const float *mean, *scale, *bias;
};

// The map's first place.
void regulus_single_first(const float *framed, const float *weight, long width, long channels, float *first);

// Adds Σ (x − first) of the map x to `sums`, and then Σ (x − first)², for each channel.
void regulus_single_moments(const float *framed, const float *weight, const float *first, long height, long width, long channels, double *sums);

// The largest rectified number of each 2×2 places: as `regulus_halved_map`, without the places.
void regulus_single_halved(const float *framed, const float *weight, struct regulus_map map, long height, long width, long channels, float *y);

// Adds Σ g to `sums`, and then Σ g (x − mean), for each channel: g is the gradient of what the function above makes, as far as it comes from a cell that the
// place won and as the ReLU lets it pass.
void regulus_single_passed(const float *framed, const float *weight, struct regulus_map map, const float *gradient, long height, long width,
                           long channels, double *sums);

// Adds the gradient of the weights to `sums`, 9×channels, where that of the map is scale · (g − center − (x − mean) · along).
void regulus_single_gradient(const float *framed, const float *weight, struct regulus_map map, const float *center, const float *along,
                             const float *gradient, long height, long width, long channels, double *sums);

#endif
