internal import COpenBLAS
import Glibc
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
    let samples, features: Int
    let p, z: [Double]
    let side: CovarianceSide
    /// `log |det M|`; NaN where it is not finite.
    let logDeterminant: Double
    /// `M⁻¹`, row-major.
    let inverse: [Double]

    var size: Int { side == .samples ? samples : features }

    init(_ p: Tensor, _ z: Tensor, lambda: Double) {
        let (samples, features) = (p.shape[0], p.shape[1])
        let side = CovarianceSide.cheaper(for: p.shape)
        let size = side == .samples ? samples : features
        let (p, z) = (p.values.map(Double.init), z.values.map(Double.init))
        var matrix = [Double](repeating: 0, count: size * size)
        for index in 0..<size { matrix[index * size + index] = 1 }
        let (n, d, s) = (Int32(samples), Int32(features), Int32(size))
        if side == .samples {
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, s, s, d, lambda, p, d, z, d, 1, &matrix, s)
        } else {
            cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, s, s, n, lambda, z, d, p, d, 1, &matrix, s)
        }
        (logDeterminant, inverse) = Self.factorized(matrix, size: size)
        (self.p, self.z, self.samples, self.features, self.side) = (p, z, samples, features, side)
    }

    private static func factorized(_ matrix: [Double], size: Int) -> (logDeterminant: Double, inverse: [Double]) {
        var factor = matrix
        var pivots = [Int32](repeating: 0, count: size)
        let undefined = (Double.nan, [Double](repeating: .nan, count: size * size))
        guard
            matrix.allSatisfy({ $0.isFinite }),
            LAPACKE_dgetrf(LAPACK_ROW_MAJOR, Int32(size), Int32(size), &factor, Int32(size), &pivots) == 0
        else { return undefined }
        let value = (0..<size).reduce(0.0) { $0 + log(abs(factor[$1 * size + $1])) }
        guard LAPACKE_dgetri(LAPACK_ROW_MAJOR, Int32(size), &factor, Int32(size), pivots) == 0 else { return undefined }
        return (value, factor)
    }

    /// `scale · M⁻¹ x` on the samples' side, `scale · x M⁻¹` on the features' side; with the transposed inverse on request.
    func product(_ x: [Double], transposingInverse: Bool, scale: Double) -> Tensor {
        var result = [Double](repeating: 0, count: x.count)
        let (n, d, s) = (Int32(samples), Int32(features), Int32(size))
        let transposition = transposingInverse ? CblasTrans : CblasNoTrans
        if side == .samples {
            cblas_dgemm(CblasRowMajor, transposition, CblasNoTrans, n, d, s, scale, inverse, s, x, d, 0, &result, d)
        } else {
            cblas_dgemm(CblasRowMajor, CblasNoTrans, transposition, n, d, s, scale, x, d, inverse, s, 0, &result, d)
        }
        return Tensor(result.map { Float($0) }, shape: [samples, features])
    }
}
