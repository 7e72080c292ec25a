import Tensors

/// The Euclidean norm of all gradients taken together; `nil` entries count as zeros.
public func gradientNorm(_ gradients: [Tensor?]) -> Float {
    var sum = 0.0
    for gradient in gradients {
        if let gradient { sum += gradient.withUnsafeValues { $0.sumOfSquares() } }
    }
    return Float(sum.squareRoot())
}

/// Scales all gradients in place by one factor so that their common norm does not exceed `maximum`.
///
/// The factor is maximum/(norm + 10⁻⁶) where that is below 1, as in PyTorch's `clip_grad_norm_`. A norm that is not
/// finite leaves the gradients as they are, so that the caller sees it.
///
/// - Returns: the norm before.
@discardableResult
public func clipGradientNorm(_ gradients: inout [Tensor?], to maximum: Float) -> Float {
    require(maximum > 0, "clipGradientNorm: a maximum of \(maximum); it must be positive")
    let norm = gradientNorm(gradients)
    let factor = maximum / (norm + 1e-6)
    guard norm.isFinite && factor < 1 else { return norm }
    for index in gradients.indices {
        gradients[index]?.withUnsafeMutableValues { values in
            for i in 0..<values.count { values[i] *= factor }
        }
    }
    return norm
}
