import Tensors

/// The derivative of a function of one number at 0, from central differences extrapolated to a step of
/// 0.
///
/// Steps shrink by a constant factor. Each new difference is combined with the earlier ones by
/// Neville's rule in the square of the step, and the entry of the table is taken that differs least
/// from its neighbors (Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in
/// Engineering Software 4(2), 1982).
///
/// Entries on both sides of a kink can agree on a wrong value. The whole is therefore repeated with
/// shorter steps, and again for as long as the two results disagree. No choice depends on the value
/// that is expected.
package struct DifferenceQuotient {
    /// The derivative.
    package private(set) var value = Double.nan
    /// How far the neighboring entries of the table, and the result with shorter steps, are from the
    /// value.
    package private(set) var error = Double.infinity
    /// How large an error the rounding of the function's values alone can cause, at the step that was
    /// chosen.
    package private(set) var rounding = 0.0

    /// Differentiates a function.
    ///
    /// - Parameters:
    ///   - step: the largest step.
    ///   - resolution: the relative precision of the function's values, such as 2⁻²² for a sum in
    ///     single precision.
    ///   - function: the function, with its argument counted from the point of interest.
    package init(step: Double, resolution: Double, of function: (_ offset: Double) throws -> Double) rethrows {
        var longer = try DifferenceQuotient(startingAt: step, resolution: resolution, of: function)
        for start in [step / 8, step / 64, step / 512] {
            let shorter = try DifferenceQuotient(startingAt: start, resolution: resolution, of: function)
            let disagreement = abs(longer.value - shorter.value)
            var better = longer.error + longer.rounding < shorter.error + shorter.rounding ? longer : shorter
            better.error = max(better.error, disagreement)
            if better.error + better.rounding < error + rounding { self = better }
            if disagreement <= longer.error + longer.rounding + shorter.error + shorter.rounding { break }
            longer = shorter
        }
    }

    /// The extrapolation from one largest step.
    private init(startingAt start: Double, resolution: Double, of function: (_ offset: Double) throws -> Double) rethrows {
        let (shrinkage, count) = (1.6, 7)
        var table: [[Double]] = []
        var step = start
        for row in 0..<count {
            let (above, below) = (try function(step), try function(-step))
            var entries = [(above - below) / (2 * step)]
            let noise = resolution * max(abs(above), abs(below)) / step
            var factor = shrinkage * shrinkage
            for column in 0..<row {
                let next = (entries[column] * factor - table[row - 1][column]) / (factor - 1)
                factor *= shrinkage * shrinkage
                entries.append(next)
                let spread = max(abs(next - entries[column]), abs(next - table[row - 1][column]))
                // Agreement below the noise of the values is chance.
                if spread + noise < error + rounding { (value, error, rounding) = (next, spread, noise) }
            }
            table.append(entries)
            step /= shrinkage
        }
    }
}

/// How far a gradient is from central differences along random directions: the largest error, relative
/// to the gradient's length.
///
/// Several steps are taken along each direction and extrapolated, so that neither curvature nor
/// rounding decides the result. For tests of operations: a correct single-precision gradient of a
/// smooth function comes out far below 0.01.
///
/// - Parameters:
///   - gradient: the gradient of `value` at `z`, in the shape of `z`.
///   - z: where the gradient was taken.
///   - directions: the number of directions.
///   - resolution: the relative precision of `value`, by default that of 32-bit numbers.
///   - value: the function.
///
/// ```swift
/// let z = Tensor([0.3, -1.2, 0.8, 0.1], shape: [2, 2]).tracked()
/// let slope = gradients(of: loss(z), with: [z])[0] ?? .zeros([2, 2])
/// #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 0.01)
/// ```
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

/// The gradient of a scalar function at an array; 0 where the function does not depend on it.
package func gradient(at z: Tensor, of function: (Tensor) -> Tensor) -> Tensor {
    let variable = z.tracked()
    return gradients(of: function(variable), with: [variable])[0] ?? Tensor.zeros(z.shape)
}

/// Normally distributed values, the same for the same shape and seed.
package func normal(_ shape: Shape, seed: UInt64 = 5) -> Tensor {
    var stream = RandomSource(seed: seed).stream("values")
    return stream.normal(shape)
}

/// The inner product of two arrays of the same shape, in double precision.
func inner(_ left: Tensor, _ right: Tensor) -> Double {
    zip(left.values, right.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// The Euclidean norm of all entries, in double precision.
func norm(of array: Tensor) -> Double { inner(array, array).squareRoot() }

/// The typical size of an entry; at least 10⁻³, so that a step is never 0.
private func rootMeanSquare(of array: Tensor) -> Double {
    max(norm(of: array) / Double(max(array.elementCount, 1)).squareRoot(), 1e-3)
}
