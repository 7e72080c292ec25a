// Mathematical functions of many numbers, compiled for each width of vector registers: the same bits on every machine.
#ifndef REGULUS_CLANES_FUNCTIONS_H
#define REGULUS_CLANES_FUNCTIONS_H

// y = eˣ, within 2 units in the last place; infinity above 88.73, 0 below -104, NaN for NaN.
void regulus_exp(const float *x, float *y, long count);

// y = tanh x, within 3·10⁻⁷ of its value.
void regulus_tanh(const float *x, float *y, long count);

// y = 1 / (1 + e⁻ˣ), within 4·10⁻⁷ of its value.
void regulus_sigmoid(const float *x, float *y, long count);

// y = x Φ(x), with the distribution function of the normal distribution, within |x|·3·10⁻⁷; 0 at -infinity.
void regulus_gelu(const float *x, float *y, long count);

// y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), within |x|·3·10⁻⁷; 0 at -infinity.
void regulus_approximate_gelu(const float *x, float *y, long count);

// y = x / (1 + e⁻ˣ), within 5·10⁻⁷ of its value; 0 at -infinity.
void regulus_silu(const float *x, float *y, long count);

// result = gradient · f'(x), where f is ln(1 + eˣ) or one of the functions above.
void regulus_softplus_gradient(const float *gradient, const float *x, float *result, long count);
void regulus_gelu_gradient(const float *gradient, const float *x, float *result, long count);
void regulus_approximate_gelu_gradient(const float *gradient, const float *x, float *result, long count);
void regulus_silu_gradient(const float *gradient, const float *x, float *result, long count);

// The functions of rows below add up in eight lanes, of at most 64 terms each, whose sums are joined in double precision.

// ln Σ exp(x) of each row, relative to its largest number: NaN where one is NaN, infinity where one is, and -infinity where all are.
void regulus_log_sum_exp(const float *x, float *sums, long rows, long width);

// y = x - ln Σ exp(x) in each row.
void regulus_log_softmax(const float *x, float *y, long rows, long width);

// y = exp(x) / Σ exp(x) in each row; NaN throughout a row with NaN or infinity, or of -infinity alone.
void regulus_softmax(const float *x, float *y, long rows, long width);

// result = y (g - Σ g y) in each row: the gradient of what `regulus_softmax` computes.
void regulus_softmax_gradient(const float *gradient, const float *y, float *result, long rows, long width);

// result = (exp(y) Σ t - t) · factor in each row, with the logarithm y of a softmax and targets t: the gradient of their cross-entropy.
void regulus_cross_entropy_gradient(const float *y, const float *targets, float *result, long rows, long width, float factor);

#endif
