internal import CLanes

extension Tensor {
    /// log Σ exp(x) along one axis, without overflow, within 4·10⁻⁶ plus 1 unit in the last place.
    ///
    /// It is finite unless an element is NaN or +∞, or every element is −∞.
    ///
    /// - Parameters:
    ///   - axis: which axis; the last by default.
    ///   - keepingAxis: whether the axis stays, with extent 1.
    ///
    /// The gradient is the upstream gradient times the softmax along the axis.
    ///
    /// ```swift
    /// logits.logSumExp()           // N×K: N, the logarithm of each row's normalizer
    /// ```
    public func logSumExp(axis: Int = -1, keepingAxis: Bool = false) -> Tensor {
        let axis = shape.resolve(axis)
        let kept = alongLastAxis(axis) { $0.rowwiseLogSumExp() }
        return kept.viewed(as: keepingAxis ? kept.shape : kept.shape.removing(at: axis)).recorded(self) { gradient in
            Tensor.chained("logSumExp", gradient.viewed(as: kept.shape), (self - kept).exp()) { $0 * $1 }
        }
    }

    /// exp(x) / Σ exp(x) along one axis, each within 5·10⁻⁶ of its value, summing to 1; NaN throughout
    /// where an element is NaN or +∞, or every element is −∞.
    ///
    /// ```swift
    /// Tensor([0, 0], shape: [1, 2]).softmax()     // 0.5, 0.5
    /// ```
    ///
    /// The gradient is `y (g − Σ g y)`, with y the result and g the upstream gradient.
    public func softmax(axis: Int = -1) -> Tensor {
        let axis = shape.resolve(axis)
        let result = alongLastAxis(axis) { $0.rowwiseSoftmax() }
        return result.recorded(self) { gradient in
            if axis == result.rank - 1 { return gradient.rowwiseSoftmaxGradient(of: result) }
            let weighted = gradient * result
            return weighted - result * weighted.sum(axis: axis, keepingAxis: true)
        }
    }

    /// x − log Σ exp(x) along one axis, without overflow; −∞ where the element is.
    ///
    /// The logarithms of probabilities that ``softmax(axis:)`` would round to 0 stay finite, which is
    /// why losses are computed from them.
    ///
    /// The gradient is `g − exp(y) Σ g`, with y the result and g the upstream gradient.
    public func logSoftmax(axis: Int = -1) -> Tensor {
        let axis = shape.resolve(axis)
        let result = alongLastAxis(axis) { $0.rowwiseLogSoftmax() }
        return result.recorded(self) { gradient in
            gradient - result.exp() * gradient.sum(axis: axis, keepingAxis: true)
        }
    }

    /// The mean over the batch of −Σ_k t_k log softmax(x)_k, where 0 · log 0 counts as 0; a scalar.
    ///
    /// A class whose logit is −∞ has the probability 0. Where its target is 0 it adds nothing and has
    /// the gradient 0; otherwise the result is +∞.
    ///
    /// - Parameter targets: `N×K` probabilities, as from `Tensor.oneHot` or label smoothing; they
    ///   receive a gradient too.
    /// - Precondition: this tensor is `N×K` too, with N ≥ 1.
    ///
    /// ```swift
    /// let smoothed = Tensor.oneHot([2, 0], classes: 4) * 0.9 + 0.025
    /// let loss = logits.crossEntropy(targets: smoothed)          // logits 2×4
    /// ```
    public func crossEntropy(targets: Tensor) -> Tensor {
        require(
            rank == 2 && shape == targets.shape && shape[0] > 0,
            "crossEntropy: logits of shape \(shape) and targets of shape \(targets.shape) do not fit")
        let logarithms = rowwiseLogSoftmax()
        let rows = Float(shape[0])
        let total = withExtendedLifetime((logarithms, targets)) {
            Lanes.sum(logarithms.pointer, targets.pointer, count: elementCount) { logarithm, target in
                (logarithm * target).replacing(with: 0, where: target .== 0 .& logarithm .== -.infinity)
            }
        }
        return Tensor(-total / rows).recorded(
            self,
            { gradient in
                logarithms.combined(with: targets) { y, t, result, _ in
                    regulus_cross_entropy_gradient(y, t, result, logarithms.rowCount, logarithms.shape[1], gradient.item / rows)
                }
            },
            targets, { gradient in logarithms * (-gradient.item / rows) })
    }

    /// The mean negative log-likelihood of one class for each row of `N×K` logits; a scalar.
    ///
    /// - Precondition: `N` labels, each in `0..<K`.
    ///
    /// ```swift
    /// let loss = logits.crossEntropy(labels: [2, 0, 1])          // logits 3×K
    /// ```
    public func crossEntropy(labels: [Int]) -> Tensor { crossEntropy(targets: .oneHot(labels, classes: shape[-1])) }

    /// Applies a function of rows along another axis.
    private func alongLastAxis(_ axis: Int, _ body: (Tensor) -> Tensor) -> Tensor {
        if axis == rank - 1 { return body(detached()) }
        return withoutGradients { body(transposed(axis, -1)).transposed(axis, -1) }
    }

    /// log Σ exp(x) of each row.
    private func rowwiseLogSumExp() -> Tensor {
        Tensor(shape: shape.replacing(rank - 1, with: 1)) { output in
            withExtendedLifetime(self) { regulus_log_sum_exp(pointer, output.baseAddress, output.count, shape[-1]) }
        }
    }

    /// x − log Σ exp(x) in each row.
    private func rowwiseLogSoftmax() -> Tensor { mapped { x, y, _ in regulus_log_softmax(x, y, rowCount, shape[-1]) } }

    /// exp(x) / Σ exp(x) in each row.
    private func rowwiseSoftmax() -> Tensor { mapped { x, y, _ in regulus_softmax(x, y, rowCount, shape[-1]) } }

    /// y (g − Σ g y) for each row, with y the softmax and g, this tensor, the gradient of y.
    private func rowwiseSoftmaxGradient(of softmax: Tensor) -> Tensor {
        combined(with: softmax) { g, y, result, _ in regulus_softmax_gradient(g, y, result, rowCount, shape[-1]) }
    }

    /// The number of rows along the last axis; 0 where they are empty.
    private var rowCount: Int { elementCount / max(shape[-1], 1) }
}
