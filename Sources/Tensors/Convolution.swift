/// The shapes and steps of one convolution, with two spatial axes at least. Equal plans share a
/// compiled kernel.
struct ConvolutionPlan: Hashable, Sendable {
    /// Channels last: `N × space… × in`.
    let input: Shape
    /// Channels last: `N × space… × out`.
    let output: Shape
    /// `groups` where there are several, `out/groups`, `in/groups`, and the kernel's extents.
    let weight: Shape
    /// One step per spatial axis.
    let stride: Shape
    /// Zeros on both sides, one number per spatial axis.
    let padding: Shape
    /// The distance between the kernel's taps per spatial axis; 1 for neighbors.
    let dilation: Shape
    /// Whether a bias is added.
    var hasBias: Bool
}

extension Tensor {
    /// A convolution (cross-correlation, as deep-learning libraries mean it) over channels-last input.
    ///
    /// The number of spatial axes follows from the rank: `N×L×C`, `N×H×W×C` or `N×D×H×W×C`. It is
    /// differentiable with respect to the input, the weight and the bias. Work is split over the
    /// threads of the calling thread (``Threads/use(_:)``).
    ///
    /// - Parameters:
    ///   - weight: `out × in/groups × kernel…`, in PyTorch's order.
    ///   - bias: `out`; nil for none.
    ///   - stride: one step for each spatial axis; 1 by default.
    ///   - padding: zeros added on both sides, one number for each spatial axis; 0 by default.
    ///   - dilation: the distance between taps, one number for each spatial axis; 1 by default.
    ///   - groups: the number of groups of channels that are convolved separately; it divides both
    ///     numbers of channels.
    /// - Returns: `N × space… × out` with `floor((L + 2·padding − dilation·(kernel − 1) − 1) / stride)
    ///   + 1` along each axis.
    /// - Precondition: the shapes fit, and the kernel fits into the padded input.
    ///
    /// ```swift
    /// pictures.convolved(weight: w, stride: [2, 2], padding: [1, 1])     // N×64×64×3 and 16×3×3×3: N×32×32×16
    /// ```
    public func convolved(
        weight: Tensor, bias: Tensor? = nil, stride: [Int]? = nil, padding: [Int]? = nil, dilation: [Int]? = nil, groups: Int = 1
    ) -> Tensor {
        let spatial = rank - 2
        require(
            (1...3).contains(spatial) && weight.rank == rank && groups >= 1 && shape[-1] == weight.shape[1] * groups
                && weight.shape[0] % groups == 0,
            "convolved: an input of shape \(shape) does not fit a weight of shape \(weight.shape) in \(groups) groups")
        if let bias { require(bias.shape == [weight.shape[0]], "convolved: a bias of shape \(bias.shape) does not fit \(weight.shape[0]) outputs") }
        if spatial == 1, weight.shape[2] == 1, let stride, stride.count == 1, stride[0] > 1, (padding ?? [0]) == [0], (dilation ?? [1]).count == 1 {
            // A kernel of one step reads no others: they are left out first. For some lengths oneDNN's kernels with a stride are several times slower.
            let steps = Array(Swift.stride(from: 0, to: shape[1], by: stride[0]))
            return gathering(axis: 1, steps).convolved(weight: weight, bias: bias, groups: groups)
        }
        let plan = convolutionPlan(
            weight.shape, stride ?? Array(repeating: 1, count: spatial), padding ?? Array(repeating: 0, count: spatial),
            dilation ?? Array(repeating: 1, count: spatial), groups: groups, hasBias: bias != nil)
        let input = self
        let result = Tensor(uninitialized: plan.output)
        if let series = SeriesConvolution(plan) {
            let ordered = series.ordered(weight)
            withExtendedLifetime((input, ordered, bias)) { series.convolve(input.pointer, ordered.base, into: result.pointer, bias: bias?.pointer) }
        } else if let winograd = plan.winograd, winograd.pays {
            let kernels = type(of: winograd).transformed(weight)
            withExtendedLifetime((input, kernels, bias)) {
                winograd.convolve(input.pointer, kernels.base, into: result.pointer, bias: bias?.pointer)
            }
        } else {
            let kernel = Kernel.cached(.convolution(.forward, plan))
            let ordered = weight.ordered(for: .forward, plan, kernel)
            withExtendedLifetime((input, ordered, bias)) {
                if let bias {
                    kernel.run(input.pointer, ordered.base, result.pointer, bias.pointer)
                } else {
                    kernel.run(input.pointer, ordered.base, result.pointer)
                }
            }
        }
        return Tensor.custom(result, inputs: [input, weight] + (bias.map { [$0] } ?? [])) { gradient in
            let (weightGradient, biasGradient) = Tensor.convolutionWeightGradients(input, gradient, weight.shape, plan)
            return [input.isTracked ? Tensor.convolutionInputGradient(gradient, weight, input.shape, plan) : nil, weightGradient]
                + (plan.hasBias ? [biasGradient] : [])
        }
    }

    /// The plan of a convolution of this tensor; one spatial axis is planned as two, the first of
    /// extent 1.
    func convolutionPlan(
        _ weight: Shape, _ stride: [Int], _ padding: [Int], _ dilation: [Int], groups: Int, hasBias: Bool
    ) -> ConvolutionPlan {
        let spatial = rank - 2
        require(
            stride.count == spatial && padding.count == spatial && dilation.count == spatial,
            "convolved: stride, padding and dilation need \(spatial) values for an input of shape \(shape)")
        // One spatial axis is computed as two, the first of extent 1.
        let missing = max(0, 2 - spatial)
        var (kernel, steps, zeros, distances) = (Shape([weight[0], weight[1]]), Shape.scalar, Shape.scalar, Shape.scalar)
        if groups > 1 { kernel = [groups, weight[0] / groups, weight[1]] }
        for _ in 0..<missing {
            kernel.append(1)
            steps.append(1)
            zeros.append(0)
            distances.append(1)
        }
        var output = shape.replacing(rank - 1, with: weight[0])
        for axis in 0..<spatial {
            let reach = dilation[axis] * (weight[axis + 2] - 1) + 1
            let room = shape[axis + 1] + 2 * padding[axis] - reach
            require(room >= 0, "convolved: a kernel reaching over \(reach) elements does not fit axis \(axis + 1) of shape \(shape)")
            output[axis + 1] = room / stride[axis] + 1
            kernel.append(weight[axis + 2])
            steps.append(stride[axis])
            zeros.append(padding[axis])
            distances.append(dilation[axis])
        }
        return ConvolutionPlan(
            input: shape, output: output, weight: kernel, stride: steps, padding: zeros, dilation: distances, hasBias: hasBias)
    }

    /// The weight in the order that a kernel reads.
    private func ordered(for direction: ConvolutionDirection, _ plan: ConvolutionPlan, _ kernel: Kernel) -> Storage {
        let result = Storage(count: kernel.floatCount(ofArgument: 1))
        withExtendedLifetime(self) { Kernel.cached(.weightReorder(direction, plan)).run(pointer, result.base) }
        return result
    }

    /// The gradient with respect to the input, in its shape.
    private static func convolutionInputGradient(_ gradient: Tensor, _ weight: Tensor, _ shape: Shape, _ plan: ConvolutionPlan) -> Tensor {
        var plan = plan
        plan.hasBias = false
        let result = Tensor(uninitialized: shape)
        if let series = SeriesConvolution(plan), series.makesInputGradient {
            withExtendedLifetime((gradient, weight)) { series.inputGradient(gradient.pointer, weight.pointer, into: result.pointer) }
            return result
        }
        if let winograd = plan.winograd?.turned, winograd.pays {
            let kernels = type(of: winograd).transformed(weight, isTurned: true)
            withExtendedLifetime((gradient, weight, kernels)) {
                winograd.convolve(gradient.pointer, kernels.base, transposed: true, into: result.pointer)
            }
            return result
        }
        let kernel = Kernel.cached(.convolution(.backwardData, plan))
        let ordered = weight.ordered(for: .backwardData, plan, kernel)
        withExtendedLifetime((gradient, ordered)) { kernel.run(gradient.pointer, ordered.base, result.pointer) }
        return result
    }

    /// The gradients with respect to the weight, in its shape, and to the bias.
    private static func convolutionWeightGradients(
        _ input: Tensor, _ gradient: Tensor, _ shape: Shape, _ plan: ConvolutionPlan
    ) -> (weight: Tensor, bias: Tensor?) {
        func biasGradient() -> Tensor? { plan.hasBias ? gradient.reshaped([gradient.elementCount / shape[0], shape[0]]).sum(axis: 0) : nil }
        if let series = SeriesConvolution(plan) {
            let weight = Tensor(uninitialized: shape)
            withExtendedLifetime((input, gradient)) { series.weightGradient(input.pointer, gradient.pointer, into: weight.pointer) }
            return (weight, biasGradient())
        }
        if let winograd = plan.winograd, winograd.pays {
            let weight = Tensor(uninitialized: shape)
            withExtendedLifetime((input, gradient)) { winograd.weightGradient(input.pointer, gradient.pointer, into: weight.pointer) }
            return (weight, biasGradient())
        }
        let kernel = Kernel.cached(.convolution(.backwardWeights, plan))
        let ordered = Storage(count: kernel.floatCount(ofArgument: 2))
        let bias = plan.hasBias ? Tensor(uninitialized: [shape[0]]) : nil
        withExtendedLifetime((input, gradient)) {
            if let bias {
                kernel.run(input.pointer, gradient.pointer, ordered.base, bias.pointer)
            } else {
                kernel.run(input.pointer, gradient.pointer, ordered.base)
            }
        }
        let weight = Tensor(uninitialized: shape)
        withExtendedLifetime(ordered) { Kernel.cached(.weightReorder(.backwardWeights, plan)).run(ordered.base, weight.pointer) }
        return (weight, bias)
    }
}
