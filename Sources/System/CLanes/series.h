// Convolutions over one axis with channels last, as products of overlapping rows with the weights, for processors with 512-bit vectors. Multiplications are
// fused with additions; each number is a sum over taps and then channels, however many samples there are.
#ifndef REGULUS_CLANES_SERIES_H
#define REGULUS_CLANES_SERIES_H

// What is read: series of `steps` steps of `channels` numbers. Output 0 reads `taps` steps from step `first` on, which may lie before the series, and each
// output begins `step` steps after the one before. What is made: `outputs` rows of `columns` numbers, a multiple of 16, which lie `output_step` numbers
// apart; those of a sample and the next one lie `sample_step` apart.
struct regulus_series {
    long steps, channels, first, step, taps, outputs, columns, output_step, sample_step;
};

// Outputs of the samples `begin` up to but not including `end`, from weights of (taps · channels)×columns: plus `bias` where it is not null, plus what `y`
// holds where `adds`; negative ones become 0 where `rectifies`. Steps outside a series count as zeros.
void regulus_series_products(const float *x, const float *weight, float *y, const float *bias, struct regulus_series series, long begin, long end,
                             int adds, int rectifies);

// The gradient of those weights for all samples: rows `begin` up to but not including `end` of them.
void regulus_series_gradients(const float *x, const float *gradient, float *weight, struct regulus_series series, long samples, long begin, long end);

// Weights, outputs×inputs×kernel, as the products read them: `taps` taps from `first` on, `step` apart, each of inputs×outputs, or outputs×inputs where
// `turned`.
void regulus_series_weights(const float *weight, float *target, long outputs, long inputs, long kernel, long first, long step, long taps, int turned);

// A gradient of (kernel · inputs)×outputs as outputs×inputs×kernel.
void regulus_series_weight_gradient(const float *rows, float *gradient, long outputs, long inputs, long kernel);

#endif
