import Tensors

/// How far a gradient is from central differences along random directions: the largest error, relative to the gradient's length.
///
/// Several steps are taken along each direction and extrapolated, so that neither curvature nor rounding decides.
///
/// - Parameters:
///   - gradient: the gradient of `value` at `z`, in the shape of `z`.
///   - directions: how many directions are tried.
///   - resolution: the relative precision of `value`; that of 32-bit numbers unless said otherwise.
///   - value: the function.
public func largestDirectionalError(
    of gradient: Tensor, at z: Tensor, directions: Int = 8, resolution: Double = 0x1p-23, value: (Tensor) -> Double
) -> Double {
    let length = norm(of: gradient)
    return (0..<directions).reduce(0) { worst, number in
        var stream = RandomSource(seed: 11).stream("direction", step: number)
        let direction = stream.normal(z.shape)
        let way = norm(of: direction)
        let quotient = DifferenceQuotient(step: 0.05 * rootMeanSquare(of: z), resolution: resolution) { offset in
            value(z.detached() + direction * Float(offset))
        }
        return max(worst, abs(quotient.value - inner(gradient, direction)) / (way * max(length, 1e-12)))
    }
}

/// The gradient of a scalar function at an array.
package func gradient(at z: Tensor, of function: (Tensor) -> Tensor) -> Tensor {
    let variable = z.tracked()
    return gradients(of: function(variable), with: [variable])[0] ?? Tensor.zeros(z.shape)
}

/// Normally distributed values.
package func normal(_ shape: Shape, seed: UInt64 = 5) -> Tensor {
    var stream = RandomSource(seed: seed).stream("values")
    return stream.normal(shape)
}

/// The inner product of two arrays of one shape.
func inner(_ left: Tensor, _ right: Tensor) -> Double {
    zip(left.values, right.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// The Euclidean norm.
func norm(of array: Tensor) -> Double { inner(array, array).squareRoot() }

private func rootMeanSquare(of array: Tensor) -> Double {
    max(norm(of: array) / Double(max(array.elementCount, 1)).squareRoot(), 1e-3)
}
