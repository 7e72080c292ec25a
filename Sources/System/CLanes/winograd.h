// The transforms of Winograd's F(4×4, 3×3) over pictures and F(4, 3) over the frames of clips, with channels last, compiled for several widths of vector
// registers as the loops of lanes.h.
//
// A set of tiles is 36 matrices (over frames 6) of `rows` tiles by channels, and kernels are as many matrices of outputs by inputs. Numbers of channels are
// multiples of 16.
#ifndef REGULUS_CLANES_WINOGRAD_H
#define REGULUS_CLANES_WINOGRAD_H

// The extents of a convolution: pictures are read in height by width places, and made in output_height by output_width, which are covered by
// tile_rows by tile_columns tiles of 4×4 outputs.
struct regulus_plane {
    long height, width, output_height, output_width, tile_rows, tile_columns, padding, inputs, outputs;
};

// Bᵀ x B of the 6×6 inputs of tiles: rows `begin` up to but not including `end` of the matrices, of which the first is tile `first`. Places outside the
// picture count as zeros.
void regulus_plane_inputs(const float *x, float *matrices, struct regulus_plane plane, long first, long begin, long end, long rows);

// A g Aᵀ of the 4×4 gradients of the outputs of tiles; places outside the output count as zeros.
void regulus_plane_gradients(const float *gradient, float *matrices, struct regulus_plane plane, long first, long begin, long end, long rows);

// Aᵀ m A: products become the outputs of tiles, plus `bias` where it is not null, plus what `y` holds where `adds`; negative ones become 0 where
// `rectifies`. Outputs beyond the edge are not written.
void regulus_plane_outputs(const float *matrices, float *y, const float *bias, struct regulus_plane plane, long first, long begin, long end, long rows,
                           int adds, int rectifies);

// The same, with the largest rectified output of each 2×2 places in place of the outputs.
void regulus_plane_halved_outputs(const float *matrices, float *y, const float *bias, struct regulus_plane plane, long first, long begin, long end,
                                  long rows);

// G w Gᵀ of kernels, outputs×inputs×3×3, for outputs `begin` up to but not including `end`; with the taps in reverse order where `turned`.
void regulus_plane_kernels(const float *weight, float *target, long outputs, long inputs, long begin, long end, int turned);

// The same into matrices of inputs by outputs, for inputs `begin` up to but not including `end`.
void regulus_plane_kernels_by_input(const float *weight, float *target, long outputs, long inputs, long begin, long end);

// Gᵀ m G: the gradients of 36 matrices become those of the taps, outputs×inputs×3×3.
void regulus_plane_kernel_gradients(const float *matrices, float *gradient, long outputs, long inputs, long begin, long end);

// The extents of a convolution over three frames: clips have `frames` frames of `places` places, and `output_frames` are made, in `blocks` tiles of four.
struct regulus_frames {
    long frames, output_frames, blocks, places, padding, inputs, outputs;
};

// The same as for pictures, along time alone.
void regulus_frames_inputs(const float *x, float *matrices, struct regulus_frames frames, long first, long begin, long end, long rows);
void regulus_frames_gradients(const float *gradient, float *matrices, struct regulus_frames frames, long first, long begin, long end, long rows);
void regulus_frames_outputs(const float *matrices, float *y, const float *bias, struct regulus_frames frames, long first, long begin, long end,
                            long rows, int adds, int rectifies);

void regulus_frames_kernels(const float *weight, float *target, long outputs, long inputs, long begin, long end, int turned);
void regulus_frames_kernel_gradients(const float *matrices, float *gradient, long outputs, long inputs, long begin, long end);

#endif
