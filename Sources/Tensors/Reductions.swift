internal import CLanes
import Glibc

extension Tensor {
    /// A tensor seen as `outer × extent × inner` around one axis.
    struct AxisView {
        /// The product of the extents before the axis.
        let outer: Int
        /// The extent of the axis.
        let extent: Int
        /// The product of the extents after the axis: the step between neighbors along it.
        let inner: Int

        init(_ shape: Shape, axis: Int) {
            outer = shape.count(0..<axis)
            extent = shape[axis]
            inner = shape.count((axis + 1)..<shape.rank)
        }
    }

    /// Σ of a term over contiguous elements: in eight lanes, each of at most 64 terms in single
    /// precision, joined in double precision.
    @inline(__always)
    static func sum(_ start: UnsafePointer<Float>, count: Int, _ term: (SIMD8<Float>) -> SIMD8<Float>) -> Float {
        Lanes.sum(start, start, count: count) { element, _ in term(element) }
    }

    /// The sum of all elements: a scalar; 0 where there are none.
    ///
    /// All sums of this library follow one rule: at most 64 terms at a time are added in single
    /// precision, and these partial sums in double precision. The result is within 67 · 2⁻²⁴ · Σ|x| (4
    /// · 10⁻⁶ of the sum of the magnitudes) plus half a unit in the last place of the exact sum,
    /// however many terms there are. NaN and infinities propagate as in ordinary arithmetic.
    public func sum() -> Tensor {
        let total = withExtendedLifetime(self) { Tensor.sum(pointer, count: elementCount) { $0 } }
        let shape = self.shape
        return Tensor(total).recorded(self) { Tensor.full($0.item, shape) }
    }

    /// The mean of all elements: a scalar, with the error bound of ``sum()``; NaN where there are none.
    public func mean() -> Tensor { sum() / Float(elementCount) }

    /// The sum along one axis, with the error bound of ``sum()``.
    ///
    /// - Parameters:
    ///   - axis: which axis; negative ones count from the end.
    ///   - keepingAxis: whether the axis stays, with extent 1, so that the result broadcasts against
    ///     this tensor; by default it goes.
    ///
    /// ```swift
    /// let x = Tensor([1, 2, 3, 4], shape: [2, 2])
    /// x.sum(axis: 0)                              // 4, 6
    /// x / x.sum(axis: 1, keepingAxis: true)       // rows that sum to 1
    /// ```
    public func sum(axis: Int, keepingAxis: Bool = false) -> Tensor {
        let axis = shape.resolve(axis)
        let view = AxisView(shape, axis: axis)
        let kept = shape.replacing(axis, with: 1)
        let result = Tensor(uninitialized: kept)
        let input = pointer
        let output = result.pointer
        withExtendedLifetime(self) {
            if view.inner == 1 {
                for row in 0..<view.outer { output[row] = Tensor.sum(input + row * view.extent, count: view.extent) { $0 } }
            } else {
                for block in 0..<view.outer {
                    Tensor.addRows(input + block * view.extent * view.inner, count: view.extent, width: view.inner, to: output + block * view.inner)
                }
            }
        }
        let shape = self.shape
        let final = keepingAxis ? kept : kept.removing(at: axis)
        return result.viewed(as: final).recorded(self) { $0.viewed(as: kept).expanded(to: shape) }
    }

    /// `target = Σ` of `count` consecutive rows: at most 64 rows at a time in single precision, their
    /// sums in double precision.
    private static func addRows(_ rows: UnsafePointer<Float>, count: Int, width: Int, to target: UnsafeMutablePointer<Float>) {
        func add(_ range: Range<Int>) { regulus_sum_rows(rows + range.lowerBound * width, target, range.count, width) }
        guard count > 64 else { return add(0..<count) }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { totals in
            totals.initialize(repeating: 0)
            for first in stride(from: 0, to: count, by: 64) {
                add(first..<min(first + 64, count))
                for index in 0..<width { totals[index] += Double(target[index]) }
            }
            for index in 0..<width { target[index] = Float(totals[index]) }
        }
    }

    /// The mean along one axis, with the error bound of ``sum()``; NaN along an axis without elements.
    ///
    /// ```swift
    /// let centered = z - z.mean(axis: 0, keepingAxis: true)      // N×D minus its column means
    /// ```
    public func mean(axis: Int, keepingAxis: Bool = false) -> Tensor {
        sum(axis: axis, keepingAxis: keepingAxis) / Float(shape[axis])
    }

    /// The sum over several axes; an empty list changes nothing. The axes are summed one after another,
    /// each with the error bound of ``sum()``.
    ///
    /// ```swift
    /// pictures.sum(axes: [1, 2])                  // N×H×W×C: N×C
    /// ```
    public func sum(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        var result = self
        let sorted = Set(axes.map(shape.resolve)).sorted(by: >)
        for axis in sorted { result = result.sum(axis: axis, keepingAxis: keepingAxes) }
        return result
    }

    /// The mean over several axes, with the error bound of ``sum()`` for each; NaN where there are no
    /// elements along them.
    ///
    /// - Parameters:
    ///   - axes: which axes; naming one twice changes nothing.
    ///   - keepingAxes: whether the axes stay, with extent 1.
    public func mean(axes: [Int], keepingAxes: Bool = false) -> Tensor {
        let count = Set(axes.map(shape.resolve)).reduce(1) { $0 * shape[$1] }
        return sum(axes: axes, keepingAxes: keepingAxes) / Float(count)
    }

    /// The variance along one axis, from centered values, so that a large mean costs no digits.
    ///
    /// - Parameters:
    ///   - axis: which axis; negative ones count from the end.
    ///   - unbiased: whether to divide by `n − 1` (the default) or by `n`. With `n = 1` the unbiased
    ///     variance is NaN.
    ///   - keepingAxis: whether the axis stays, with extent 1.
    ///
    /// ```swift
    /// let deviations = (z.variance(axis: 0) + 1e-4).sqrt()       // N×D: D
    /// ```
    ///
    /// The small addend keeps the gradient of the root finite for a constant column.
    public func variance(axis: Int, unbiased: Bool = true, keepingAxis: Bool = false) -> Tensor {
        variance(axes: [axis], unbiased: unbiased, keepingAxes: keepingAxis)
    }

    /// The variance over several axes together, around their common mean.
    ///
    /// - Parameters:
    ///   - axes: which axes.
    ///   - unbiased: whether to divide by `n − 1` (the default) or by `n`, with n the number of
    ///     elements along those axes.
    ///   - keepingAxes: whether the axes stay, with extent 1.
    public func variance(axes: [Int], unbiased: Bool = true, keepingAxes: Bool = false) -> Tensor {
        let count = Set(axes.map(shape.resolve)).reduce(1) { $0 * shape[$1] }
        let centered = self - mean(axes: axes, keepingAxes: true)
        return centered.squared().sum(axes: axes, keepingAxes: keepingAxes) / Float(unbiased ? count - 1 : count)
    }

    /// The standard deviation along one axis; where it is 0 the gradient is 0.
    /// - Parameter unbiased: divides the squares by `n − 1` (the default) or by `n`. With `n = 1` the unbiased deviation is NaN.
    public func standardDeviation(axis: Int, unbiased: Bool = true, keepingAxis: Bool = false) -> Tensor {
        let axis = shape.resolve(axis)
        let centered = withoutGradients { self - mean(axis: axis, keepingAxis: true) }
        let count = Float(unbiased ? shape[axis] - 1 : shape[axis])
        let kept = withoutGradients { (centered.squared().sum(axis: axis, keepingAxis: true) / count).sqrt() }
        return kept.viewed(as: keepingAxis ? kept.shape : kept.shape.removing(at: axis)).recorded(self) { gradient in
            let scale = Tensor.combined("standardDeviation", gradient.viewed(as: kept.shape), kept) { $1 > 0 ? $0 / ($1 * count) : $1 * 0 }
            return centered * scale
        }
    }

    /// The largest element along one axis, or NaN where there is one. The first of several equal ones
    /// receives the gradient.
    ///
    /// - Precondition: the axis has elements.
    ///
    /// ```swift
    /// logits.softmax().maximum(axis: 1)           // the confidence of each sample, N
    /// ```
    public func maximum(axis: Int, keepingAxis: Bool = false) -> Tensor { extreme(axis: axis, keepingAxis: keepingAxis, >) }

    /// The smallest element along one axis, or NaN where there is one. The first of several equal ones
    /// receives the gradient.
    ///
    /// - Precondition: the axis has elements.
    ///
    /// ```swift
    /// distances.minimum(axis: 1)                  // the distance of each sample to its nearest neighbor, N
    /// ```
    public func minimum(axis: Int, keepingAxis: Bool = false) -> Tensor { extreme(axis: axis, keepingAxis: keepingAxis, <) }

    /// The position of the largest element along one axis, for every combination of the other indices
    /// in row-major order; the first of several equal ones.
    ///
    /// NaN counts as larger than everything, so that the first NaN is found where there is one.
    ///
    /// - Returns: one position for each combination of the other indices: N of them for `N×K`.
    /// - Precondition: the axis has elements.
    ///
    /// ```swift
    /// let predictions = logits.argmax()           // the class of each sample
    /// ```
    public func argmax(axis: Int = -1) -> [Int] { extremePositions(shape.resolve(axis), >) }

    /// The position of the best element along an axis, for every combination of the other indices.
    private func extremePositions(_ axis: Int, _ isBetter: (Float, Float) -> Bool) -> [Int] {
        let view = AxisView(shape, axis: axis)
        require(view.extent > 0, "an axis without elements has no largest or smallest one (shape \(shape))")
        var positions = [Int](repeating: 0, count: view.outer * view.inner)
        withUnsafeValues { input in
            for block in 0..<view.outer {
                for index in 0..<view.inner {
                    var best = 0
                    for position in 1..<max(view.extent, 1) {
                        let candidate = input[(block * view.extent + position) * view.inner + index]
                        let current = input[(block * view.extent + best) * view.inner + index]
                        if isBetter(candidate, current) || (candidate.isNaN && !current.isNaN) { best = position }
                    }
                    positions[block * view.inner + index] = best
                }
            }
        }
        return positions
    }

    /// The best element along an axis, with its gradient.
    private func extreme(axis: Int, keepingAxis: Bool, _ isBetter: (Float, Float) -> Bool) -> Tensor {
        let axis = shape.resolve(axis)
        let view = AxisView(shape, axis: axis)
        let positions = extremePositions(axis, isBetter)
        let kept = shape.replacing(axis, with: 1)
        let result = Tensor(shape: kept) { output in
            for (slot, position) in positions.enumerated() {
                let (block, index) = slot.quotientAndRemainder(dividingBy: view.inner)
                output[slot] = pointer[(block * view.extent + position) * view.inner + index]
            }
        }
        let shape = self.shape
        return result.viewed(as: keepingAxis ? kept : kept.removing(at: axis)).recorded(self) { gradient in
            let scattered = Tensor.zeros(shape)
            for (slot, position) in positions.enumerated() {
                let (block, index) = slot.quotientAndRemainder(dividingBy: view.inner)
                scattered.pointer[(block * view.extent + position) * view.inner + index] = gradient.pointer[slot]
            }
            return scattered
        }
    }

    /// The Euclidean norm along one axis; where it is 0 the gradient is 0. It is ∞ where a square or
    /// the sum of squares overflows (|x| above 1.8·10¹⁹).
    public func norm(axis: Int, keepingAxis: Bool = false) -> Tensor {
        let axis = shape.resolve(axis)
        let kept = withoutGradients { squared().sum(axis: axis, keepingAxis: true).sqrt() }
        return kept.viewed(as: keepingAxis ? kept.shape : kept.shape.removing(at: axis)).recorded(self) { gradient in
            let scale = Tensor.combined("norm", gradient.viewed(as: kept.shape), kept) { $1 > 0 ? $0 / $1 : 0 }
            return self * scale
        }
    }

    /// x / max(‖x‖, ε) along one axis: vectors of length 1; a zero vector stays 0.
    ///
    /// - Parameters:
    ///   - axis: which axis; the last by default.
    ///   - epsilon: the smallest norm that is divided by.
    ///
    /// ```swift
    /// let z = x.normalized()
    /// z.matmul(z, transposingRight: true)         // cosine similarities of all pairs of rows, N×N
    /// ```
    public func normalized(axis: Int = -1, epsilon: Float = 1e-12) -> Tensor {
        self / norm(axis: axis, keepingAxis: true).clamped(lower: epsilon)
    }
}
