import Regularization
import Tensors

/// The log-determinants of maximum entropy coding for batches of one shape.
public struct CodingLength: Sendable {
    /// `λ = D/(N ε²)`.
    public let lambda: Double

    /// `μ/N = (N + D)/(2N)`: times a log-determinant, the length of the code for each sample.
    public let codingFactor: Double

    /// `1/(N λ)`.
    public let scaledFactor: Double

    /// - Parameters:
    ///   - shape: `N×D`, with at least one sample.
    ///   - squaredError: `ε²`.
    public init(shape: Shape, squaredError: Double) {
        require(shape.rank == 2 && shape.elementCount > 0, "CodingLength: the embeddings must be N×D, found \(shape)")
        let (samples, features) = (Double(shape[0]), Double(shape[1]))
        lambda = features / (samples * squaredError)
        codingFactor = (samples + features) / (2 * samples)
        scaledFactor = 1 / (samples * lambda)
    }

    /// `log det(I + λ ẑẑᵀ)` of rows `ẑ`, `N×D`, as they are: a scalar.
    public func logDeterminant(_ z: Tensor) -> Tensor {
        CovarianceSide.cheaper(for: z.shape).logDeterminant(of: z, divisor: 1 / lambda, epsilon: 1)
    }

    /// `log |det(I + λ p zᵀ)|` of two arrays of rows, `N×D`, as they are: a scalar.
    ///
    /// `det(I_N + λ p zᵀ) = det(I_D + λ zᵀp)`: the smaller one of the two, `M`, is factorized by LU. Its gradients are `λ M⁻ᵀz` and
    /// `λ M⁻¹p` on the samples' side, `λ z M⁻ᵀ` and `λ p M⁻¹` on the features' side.
    public func logDeterminant(_ p: Tensor, _ z: Tensor) -> Tensor {
        require(p.rank == 2 && p.shape == z.shape, "CodingLength: two views need one shape N×D, found \(p.shape) and \(z.shape)")
        let views = TwoViews(p, z, lambda: lambda)
        return Tensor.custom(Tensor(Float(views.logDeterminant)), inputs: [p, z]) { upstream in
            let scale = lambda * Double(upstream.item)
            return [
                views.product(views.z, transposingInverse: true, scale: scale),
                views.product(views.p, transposingInverse: false, scale: scale),
            ]
        }
    }
}

/// Two arrays of rows with the smaller one of `I + λ p zᵀ` and `I + λ zᵀp`, in double precision.
private struct TwoViews {
    let p, z: Matrix
    let side: CovarianceSide
    /// `log |det M|`; not finite where `M` is singular or not finite itself.
    let logDeterminant: Double
    /// `M⁻¹`; NaN where there is none.
    let inverse: Matrix

    init(_ p: Tensor, _ z: Tensor, lambda: Double) {
        (self.p, self.z, side) = (Matrix(p), Matrix(z), .cheaper(for: p.shape))
        let matrix =
            side == .samples
            ? self.p.multiplied(by: self.z, transposingOther: true, scale: lambda, adding: .identity(self.p.rows))
            : self.z.multiplied(by: self.p, transposing: true, scale: lambda, adding: .identity(self.p.columns))
        let factors = matrix.luFactors()
        (logDeterminant, inverse) = (factors.logAbsoluteDeterminant, factors.inverse)
    }

    /// `scale · M⁻¹ x` on the samples' side, `scale · x M⁻¹` on the features' side; with the transposed inverse on request.
    func product(_ x: Matrix, transposingInverse: Bool, scale: Double) -> Tensor {
        (side == .samples
            ? inverse.multiplied(by: x, transposing: transposingInverse, scale: scale)
            : x.multiplied(by: inverse, transposingOther: transposingInverse, scale: scale)).tensor
    }
}
