import Glibc
import Regularization
import Tensors

/// The modality-entropy loss of one batch of embeddings, as one operation with a gradient in closed
/// form.
///
///     L_marg = (1/D) Σ_d max(0, γ − σ_d),   σ_d = √(Var_d + ε)                    (Eq. 5)
///     L_spec = −(1/D) log det(C + εI),      C = ẐᵀẐ/(N−1)                         (Eq. 6)
///     loss   = α_marg L_marg + α_spec L_spec                                       (Eq. 7)
///
/// On the `N×N` side, with `W` the inverse of `ẐẐᵀ/(N−1) + εI`, the gradient of `L_spec` in `Ẑ` is `G =
/// −2/(D(N−1)) · W Ẑ`; on the `D×D` side it is `−2/(D(N−1)) · Ẑ (C + εI)⁻¹`, the same array. In `Z` it
/// is, column by column, `s·(G − Ẑ·c·Σ GẐ)` minus its mean, where `s` is the column's scale and `c`
/// says how the scale depends on the column.
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
    /// - A batch of fewer than two samples has no variance: all terms are 0, as in the released
    ///   program. Its estimator also gives `L_spec = 0` for `D = 1`.
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

    /// - Parameters:
    ///   - samples: `N`.
    ///   - options: the estimator and ε.
    init(samples: Int, options: MER.Options) {
        self.samples = Double(samples)
        estimator = options.estimator
        epsilon = options.epsilon
    }

    /// The factor of a centered column, from the sum of its squares.
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

/// The values that the spectral term can take for a batch of `N` samples and `D` features.
///
/// A correlation matrix of `N` centered samples has at most `r = min(N − 1, D)` eigenvalues above 0,
/// and they sum to its trace `T`. The term is smallest where all `r` are equal and largest where there
/// is only one:
///
///     lower = −(r log(T/r + ε) + (D − r) log ε)/D        upper = −(log(T + ε) + (D − 1) log ε)/D
///
/// For `N ≤ D` the two are close together, since the other `D − r` eigenvalues are always `ε`: `N =
/// 48`, `D = 2304`, `ε = 1e-4` gives [8.943, 9.203]. The loss itself says little there; its place in
/// the band does.
public struct SpectralBand: Sendable, Hashable {
    /// The smallest attainable value: a flat spectrum.
    public let lower: Double

    /// The largest attainable value: a spectrum of one direction.
    public let upper: Double

    /// - Parameters:
    ///   - samples: `N`, at least 2.
    ///   - features: `D`, at least 1.
    ///   - estimator: gives the trace `T`: `D` for the paper's unit diagonal, at most `D·N/(N−1)` for
    ///     the released program's.
    public init(samples: Int, features: Int, epsilon: Double, estimator: MER.Estimator = .paper) {
        require(samples >= 2 && features >= 1, "SpectralBand: \(samples) samples of \(features) features have no spectrum")
        let (n, d) = (Double(samples), Double(features))
        let trace = estimator == .paper ? d : d * n / (n - 1)
        let rank = min(n - 1, d)
        lower = -(rank * log(trace / rank + epsilon) + (d - rank) * log(epsilon)) / d
        upper = -(log(trace + epsilon) + (d - 1) * log(epsilon)) / d
    }

    /// Where a value lies in the band: 0 at its lower end, 1 at its upper end; 0 where the band is a
    /// single point.
    ///
    /// Constant columns take from the trace, so a batch that has some may lie above 1.
    public func normalizedGap(of spectral: Double) -> Double {
        upper - lower > 1e-12 ? (spectral - lower) / (upper - lower) : spectral.isNaN ? .nan : 0
    }
}
