import Tensors

/// How far a gradient is from the central difference along random directions: the largest relative error.
///
/// The difference is taken between 32-bit arrays, with a value in double precision, so that it resolves what the gradient holds.
///
/// - Parameters:
///   - value: the function's value.
///   - gradient: its gradient at `z`, in the shape of `z`.
package func largestDirectionalError(
    of gradient: Tensor, at z: Tensor, step: Float = 1e-3, directions: Int = 8, value: (Tensor) -> Double
) -> Double {
    var worst = 0.0
    let scale = gradient.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    for direction in 0..<directions {
        var stream = RandomSource(seed: 11).stream("direction", step: direction)
        let way = stream.normal(z.shape) * step
        let (up, down) = (z.detached() + way, z.detached() - way)
        let measured = value(up) - value(down)
        // What the 32-bit arrays really differ by.
        let differences = zip(up.values, down.values).map { Double($0) - Double($1) }
        let predicted = zip(gradient.values, differences).reduce(0.0) { $0 + Double($1.0) * $1.1 }
        let length = differences.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
        worst = max(worst, abs(measured - predicted) / (length * max(scale, 1e-12)))
    }
    return worst
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
