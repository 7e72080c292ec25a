import Regularization
import Tensors

/// The modality-entropy loss of one batch of embeddings, as one operation with a gradient in closed form.
///
///     L_marg = (1/D) Σ_d max(0, γ − σ_d),   σ_d = √(Var_d + ε)                    (Eq. 5)
///     L_spec = −(1/D) log det(C + εI),      C = ẐᵀẐ/(N−1)                         (Eq. 6)
///     loss   = α_marg L_marg + α_spec L_spec                                       (Eq. 7)
///
/// On the `N×N` side, with `W` the inverse of `ẐẐᵀ/(N−1) + εI`, the gradient of `L_spec` in `Ẑ` is `G = −2/(D(N−1)) · W Ẑ`; on the
/// `D×D` side it is `−2/(D(N−1)) · Ẑ (C + εI)⁻¹`, the same array. In `Z` it is, column by column, `s·(G − Ẑ·c·Σ GẐ)` minus its mean,
/// where `s` is the column's scale and `c` says how the scale depends on the column.
///
/// Everything between the 32-bit input and the 32-bit results is in double precision.
public struct ModalityEntropy {
    /// `α_marg L_marg + α_spec L_spec`, a scalar that gradients may be asked of.
    public let loss: Tensor

    /// `L_marg`, without its weight.
    public let marginal: Double

    /// `L_spec`, without its weight.
    public let spectral: Double

    /// The loss of `z`, `N×D`.
    ///
    /// - A batch of fewer than two samples has no variance: all terms are 0, as in the released program. Its estimator also gives
    ///   `L_spec = 0` for `D = 1`.
    /// - A constant column has `Ẑ_d = 0`: it adds `−log(ε)/D` to `L_spec` and gets no gradient from it.
    /// - NaN or infinity anywhere gives NaN.
    public init(of z: Tensor, options: MER.Options) {
        require(z.rank == 2, "ModalityEntropy: the embeddings must be N×D, found \(z.shape)")
        guard z.shape[0] >= 2, z.shape[1] >= 1 else {
            (loss, marginal, spectral) = (Tensor(0), 0, 0)
            return
        }
        let standardization = Standardization(samples: z.shape[0], options: options)
        let batch = CenteredBatch(z, scale: standardization.scale)
        let hinge = batch.deviationHinge(target: options.gamma, epsilon: options.epsilon)
        let isDefined = options.estimator == .paper || batch.features >= 2
        let alpha = isDefined ? options.alphaSpectral : 0
        let moment = SecondMoment(
            of: batch.values, samples: batch.samples, features: batch.features, divisor: Double(batch.samples - 1),
            side: .cheaper(for: z.shape))
        let (logDeterminant, inverse) = moment.logDeterminant(adding: options.epsilon)

        marginal = hinge.value
        spectral = isDefined ? -logDeterminant / Double(batch.features) : 0
        // A term of weight 0 takes no part, whatever its value.
        let value =
            (options.alphaMarginal == 0 ? 0 : options.alphaMarginal * marginal) + (alpha == 0 ? 0 : alpha * spectral)
        loss = Tensor.custom(Tensor(Float(value)), inputs: [z]) { [side = moment.side] upstream in
            let upstream = Double(upstream.item)
            let marginalSlopes = hinge.slopes.map { options.alphaMarginal * upstream * $0 }
            let none = [Double](repeating: 0, count: batch.features)
            guard alpha != 0 else {
                return [batch.gradient(batch.values, times: none, centeredTimes: marginalSlopes, plus: none)]
            }
            let gradient = SecondMoment.product(
                inverse, batch.values, samples: batch.samples, features: batch.features, side: side,
                scale: -2 * alpha * upstream / (Double(batch.features) * Double(batch.samples - 1)))
            let (products, sums) = batch.columnProducts(with: gradient)
            var (slopes, shifts) = (marginalSlopes, none)
            for d in 0..<batch.features {
                let scale = batch.scales[d]
                slopes[d] -= scale * scale * standardization.dependence(sumOfSquares: batch.sumOfSquares[d]) * products[d]
                shifts[d] = -scale * sums[d] / Double(batch.samples)
            }
            return [batch.gradient(gradient, times: batch.scales, centeredTimes: slopes, plus: shifts)]
        }
    }
}

/// How each column is standardized: `Ẑ_d = scale_d · (Z_d − mean_d)`.
private struct Standardization {
    let samples: Double
    let estimator: MER.Estimator
    let epsilon: Double

    init(samples: Int, options: MER.Options) {
        self.samples = Double(samples)
        estimator = options.estimator
        epsilon = options.epsilon
    }

    func scale(mean: Double, sumOfSquares: Double) -> Double {
        switch estimator {
        case .paper:
            // Gives C its unit diagonal, protected against division by 0 only. The bound is what rounding of the mean may leave of a
            // constant column.
            let variance = sumOfSquares / (samples - 1)
            return variance <= 1e-12 * (1 + mean * mean) ? 0 : 1 / (variance + 1e-12).squareRoot()
        case .reference:
            return 1 / ((sumOfSquares / samples).squareRoot() + epsilon)
        }
    }

    /// `c` in the change of the standardized column with the centered one: `scale · (1 − Ẑ c Ẑᵀ)`.
    func dependence(sumOfSquares: Double) -> Double {
        switch estimator {
        case .paper: return 1 / (samples - 1)
        case .reference:
            let deviation = (sumOfSquares / samples).squareRoot()
            return deviation == 0 ? 0 : (deviation + epsilon) / (samples * deviation)
        }
    }
}
