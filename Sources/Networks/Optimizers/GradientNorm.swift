internal import CLanes
import Tensors

/// The Euclidean norm of all gradients taken together, summed in double precision; `nil` entries count
/// as zeros.
public func gradientNorm(_ gradients: [Tensor?]) -> Float {
    var sum = 0.0
    for gradient in gradients {
        if let gradient { sum += gradient.withUnsafeValues { $0.sumOfSquares() } }
    }
    return Float(sum.squareRoot())
}

/// Scales all gradients in place by one factor so that their common norm does not exceed `maximum`.
///
/// The factor is maximum/(norm + 10⁻⁶) where that is below 1, as in PyTorch's `clip_grad_norm_`. Where
/// the norm is not finite the gradients stay as they are, so that the caller can see it in the result.
///
/// - Parameters:
///   - gradients: scaled in place.
///   - maximum: the largest norm that is left as it is.
///   - norm: what ``gradientNorm(_:)`` says of them, where that is known already.
/// - Returns: the norm before scaling.
/// - Precondition: `maximum` is positive.
@discardableResult
public func clipGradientNorm(_ gradients: inout [Tensor?], to maximum: Float, norm: Float? = nil) -> Float {
    require(maximum > 0, "clipGradientNorm: a maximum of \(maximum); it must be positive")
    let norm = norm ?? gradientNorm(gradients)
    let factor = maximum / (norm + 1e-6)
    guard norm.isFinite && factor < 1 else { return norm }
    for index in gradients.indices {
        gradients[index]?.withUnsafeMutableValues { values in
            for i in 0..<values.count { values[i] *= factor }
        }
    }
    return norm
}

extension UnsafeBufferPointer<Float> {
    /// Σxᵢ², summed in double precision in 32 parts.
    func sumOfSquares() -> Double {
        guard let start = baseAddress else { return 0 }
        var parts = SIMD8<Double>.zero
        withUnsafeMutableBytes(of: &parts) { parts in
            if let parts = parts.baseAddress { regulus_squares(start, count, parts.assumingMemoryBound(to: Double.self)) }
        }
        return parts.sum()
    }

    /// Σ(xᵢ + factor·yᵢ)², for `y` of the same count, summed in double precision in eight lanes.
    func sumOfSquares(adding factor: Float, times y: UnsafePointer<Float>) -> Double {
        guard let start = baseAddress else { return 0 }
        var lanes = SIMD8<Double>.zero
        var index = 0
        while index + 8 <= count {
            let x = UnsafeRawPointer(start + index).loadUnaligned(as: SIMD8<Float>.self)
            let sum = SIMD8<Double>(x + factor * UnsafeRawPointer(y + index).loadUnaligned(as: SIMD8<Float>.self))
            lanes += sum * sum
            index += 8
        }
        var total = lanes.sum()
        while index < count {
            let x = Double(start[index] + factor * y[index])
            total += x * x
            index += 1
        }
        return total
    }
}
