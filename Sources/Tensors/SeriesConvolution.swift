internal import CLanes

/// A convolution over one axis with few channels, computed as products of overlapping rows with the weights: with channels last, what a kernel reads of a
/// series lies in one piece.
///
/// The loops of `CLanes` are as fast as oneDNN's kernels for such convolutions. They need nothing made beforehand, which for oneDNN takes a millisecond for
/// each shape and each number of samples; they keep NaN where they apply a ReLU; and their bits depend neither on the number of samples nor on that of
/// threads.
struct SeriesConvolution {
    /// The number of series, and the number of steps read and made of each.
    private let samples, steps, madeSteps: Int
    /// The numbers of channels read and made; the latter is a multiple of 16.
    private let inputs, outputs: Int
    /// The kernel's extent, its step, and the zeros on each side of a series.
    private let kernel, stride, padding: Int

    /// The extents of a planned convolution; nil where it has another form, or so many channels that the weights of a product do not fit the caches.
    ///
    /// Besides the form, the numbers of channels and the kernel's extent decide alone, so that weights that are laid out once suit all series.
    init?(_ plan: ConvolutionPlan) {
        guard ProcessorKernels.hasWideVectors, plan.input.rank == 3, plan.weight.rank == 4, plan.dilation.elementCount == 1,
            plan.weight[0] % 16 == 0, plan.weight[0] <= 256, plan.weight[1] * plan.weight[3] <= 1024
        else { return nil }
        (samples, steps, madeSteps) = (plan.input[0], plan.input[1], plan.output[1])
        (inputs, outputs) = (plan.weight[1], plan.weight[0])
        (kernel, stride, padding) = (plan.weight[3], plan.stride[-1], plan.padding[-1])
    }

    /// What the loops of `CLanes` are told.
    private var extents: regulus_series {
        regulus_series(
            steps: steps, channels: inputs, first: -padding, step: stride, taps: kernel, outputs: madeSteps, columns: outputs, output_step: outputs,
            sample_step: madeSteps * outputs)
    }

    /// Weights, `outputs×inputs×kernel`, in the order in which products read them.
    func ordered(_ weight: Tensor) -> Storage {
        let result = Storage(count: kernel * inputs * outputs)
        withExtendedLifetime(weight) { regulus_series_weights(weight.pointer, result.base, outputs, inputs, kernel, 0, 1, kernel, 0) }
        return result
    }

    /// Convolves.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - weights: as ``ordered(_:)`` makes them.
    ///   - y: the output, channels last.
    ///   - bias: one value for each output channel; nil for none.
    ///   - addsToOutput: whether the result is added to what `y` holds.
    ///   - appliesReLU: whether negative results become 0, last of all.
    func convolve(
        _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>? = nil,
        addsToOutput: Bool = false, appliesReLU: Bool = false
    ) {
        Threads.split(samples) {
            regulus_series_products(x, weights, y, bias, extents, $0.lowerBound, $0.upperBound, addsToOutput ? 1 : 0, appliesReLU ? 1 : 0)
        }
    }

    /// Whether ``inputGradient(_:_:into:)`` has loops for so many channels.
    var makesInputGradient: Bool { inputs % 16 == 0 && inputs <= 256 && outputs * kernel <= 1024 }

    /// The gradient of the input: a convolution of the gradient with the taps in reverse order, apart for each of the places that a step of the kernel
    /// passes over, since other taps reach them.
    ///
    /// - Parameters:
    ///   - gradient: of the output, channels last.
    ///   - weight: `outputs×inputs×kernel`.
    func inputGradient(_ gradient: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>) {
        let ordered = Storage(count: kernel * inputs * outputs)
        for phase in 0..<min(stride, steps) {
            let least = (phase + padding) % stride
            let taps = least < kernel ? (kernel - 1 - least) / stride + 1 : 0
            let last = least + (taps - 1) * stride
            regulus_series_weights(weight, ordered.base, outputs, inputs, kernel, last, -stride, taps, 1)
            let extents = regulus_series(
                steps: madeSteps, channels: outputs, first: taps > 0 ? (phase + padding - last) / stride : 0, step: 1, taps: taps,
                outputs: (steps - phase + stride - 1) / stride, columns: inputs, output_step: stride * inputs, sample_step: steps * inputs)
            Threads.split(samples) {
                regulus_series_products(
                    gradient, ordered.base, result + phase * inputs, nil, extents, $0.lowerBound, $0.upperBound, 0, 0)
            }
        }
        withExtendedLifetime(ordered) {}
    }

    /// The gradient of the weights, `outputs×inputs×kernel`.
    ///
    /// - Parameters:
    ///   - x: the input, channels last.
    ///   - gradient: of the output, channels last.
    func weightGradient(_ x: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, into weight: UnsafeMutablePointer<Float>) {
        let rows = Storage(count: kernel * inputs * outputs)
        // In groups of 16 rows, which is what the loops work on at a time.
        let count = kernel * inputs
        Threads.split((count + 15) / 16) {
            regulus_series_gradients(x, gradient, rows.base, extents, samples, $0.lowerBound * 16, min($0.upperBound * 16, count))
        }
        regulus_series_weight_gradient(rows.base, weight, outputs, inputs, kernel)
        withExtendedLifetime(rows) {}
    }
}
