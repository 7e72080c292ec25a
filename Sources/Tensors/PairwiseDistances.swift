extension Tensor {
    /// The Euclidean distances between the rows of this `N×D` matrix and those of another `M×D` one: `N×M`.
    ///
    /// Each is computed from differences, so that near rows lose no digits. Where a distance is 0 its gradient is 0.
    /// - Precondition: two matrices of one width.
    ///
    /// Sums are in double precision and rounded once, so each distance is within half a unit in the
    /// last place of `Float`; NaN and infinities pass through. A distance of 0 has slope 0, where the
    /// true one is not defined.
    ///
    /// - Parameter other: `M×D`; with `M` or `N` of 0 the result is empty.
    /// - Complexity: `O(N M D)`, without a matrix product.
    public func distances(to other: Tensor) -> Tensor {
        let squares = Tensor.squaredDistances(self, other)
        let result = squares.mapped { $0.squareRoot() }
        return Tensor.custom(result, inputs: [self, other]) { [left = detached(), right = other.detached()] gradient in
            let weights = Tensor.combined("distances", gradient, result) { $1 > 0 ? $0 / $1 : 0 }
            return Tensor.pulledBack(weights, left, right)
        }
    }

    /// The squares of ``distances(to:)``: `N×M`.
    ///
    /// They have a gradient everywhere, `2 (x_i − y_j)`, also where rows coincide; prefer them where no
    /// root is needed.
    ///
    /// - Parameter other: `M×D`.
    public func squaredDistances(to other: Tensor) -> Tensor {
        let result = Tensor.squaredDistances(self, other)
        return Tensor.custom(result, inputs: [self, other]) { [left = detached(), right = other.detached()] gradient in
            Tensor.pulledBack(gradient * 2, left, right)
        }
    }

    /// Gradients of `Σ_ij w_ij (x_i − y_j)` in the direction of each difference.
    ///
    /// - Parameters:
    ///   - weights: `w`, `N×M`.
    ///   - x: `N×D`.
    ///   - y: `M×D`.
    /// - Returns: one gradient for `x`, `N×D`, and one for `y`, `M×D`.
    private static func pulledBack(_ weights: Tensor, _ x: Tensor, _ y: Tensor) -> [Tensor?] {
        [
            x * weights.sum(axis: 1, keepingAxis: true) - weights.matmul(y),
            y * weights.sum(axis: 0).unsqueezed(axis: 1) - weights.matmul(x, transposingLeft: true),
        ]
    }

    /// Summed in double precision and rounded once to `Float`; exactly 0 for equal rows.
    private static func squaredDistances(_ left: Tensor, _ right: Tensor) -> Tensor {
        require(
            left.rank == 2 && right.rank == 2 && left.shape[1] == right.shape[1],
            "distances: shapes \(left.shape) and \(right.shape) are no matrices of one width")
        let width = left.shape[1]
        return Tensor(shape: [left.shape[0], right.shape[0]]) { output in
            left.withUnsafeValues { x in
                right.withUnsafeValues { y in
                    for row in 0..<left.shape[0] {
                        for column in 0..<right.shape[0] {
                            var sum = 0.0
                            for index in 0..<width {
                                let difference = Double(x[row * width + index]) - Double(y[column * width + index])
                                sum += difference * difference
                            }
                            output[row * right.shape[0] + column] = Float(sum)
                        }
                    }
                }
            }
        }
    }
}
