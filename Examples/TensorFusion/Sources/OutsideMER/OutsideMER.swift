import Configuration
import Glibc
import Regularization
import Tensors

/// Modality-entropy regularization as somebody outside of Regulus writes it: with public declarations alone, in one file that serves as a
/// folder in `Plugins`, as a part of a package that depends on Regulus, and as a library that is compiled for a program.
///
///     penalty = Σ_m (α_marg L_marg(Z⁽ᵐ⁾) + α_spec L_spec(Z⁽ᵐ⁾))
///     L_marg = (1/D) Σ_d max(0, γ − √(Var_d + ε))          L_spec = −(1/D) log det(ẐᵀẐ/(N−1) + εI)
///
/// Source: Yarici and AlRegib, "MER-DG: Modality-Entropy Regularization for Multimodal Domain Generalization", ICML 2026, Eq. 4–8.
public struct OutsideMER: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `α_marg`.
        public var alphaMarginal = 1.0
        /// `α_spec`.
        public var alphaSpectral = 1.0
        /// `γ`.
        public var gamma = 1.0
        /// `ε`.
        public var epsilon = 1e-4

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("alpha-marginal", \.alphaMarginal, in: 0..., "weight of the marginal term"),
                .number("alpha-spectral", \.alphaSpectral, in: 0..., "weight of the spectral term"),
                .number("gamma", \.gamma, in: 0..., unit: "standard deviation", "the spread that the marginal term asks for"),
                .number("epsilon", \.epsilon, in: 1e-12...1, unit: "variance", "added to variances and to the diagonal"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "outside-mer", summary: "modality-entropy regularization, written outside of Regulus",
        source: "Yarici and AlRegib, MER-DG, ICML 2026, Eq. 4–8")
    public static let minimumBatch = 2
    public static let defaultWeight = 3.0

    private let options: Options

    public init(options: Options, context: RegularizerContext) {
        self.options = options
    }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in entropy(of: z) }
    }

    public func covarianceSamples(batchSize: Int) -> Int { batchSize }

    /// Both terms of one modality's embeddings, `N×D`, as one operation.
    private func entropy(of z: Tensor) -> Penalty {
        guard z.shape[0] >= 2 else { return Penalty(value: Tensor(0)) }
        let (samples, features, divisor) = (z.shape[0], z.shape[1], Double(z.shape[0] - 1))
        let batch = CenteredBatch(z) { mean, squares in
            // A constant column has no direction. The bound is what rounding of the mean may leave of one.
            let variance = squares / divisor
            return variance <= 1e-12 * (1 + mean * mean) ? 0 : 1 / (variance + 1e-12).squareRoot()
        }
        let hinge = batch.deviationHinge(target: options.gamma, epsilon: options.epsilon)
        let side = CovarianceSide.cheaper(for: z.shape)
        let moment = SecondMoment(of: batch.values, samples: samples, features: features, divisor: divisor, side: side)
        let (logDeterminant, inverse) = moment.logDeterminant(adding: options.epsilon)
        let (marginal, spectral) = (hinge.value, -logDeterminant / Double(features))
        let (marginalWeight, spectralWeight) = (options.alphaMarginal, options.alphaSpectral)
        let value = (marginalWeight == 0 ? 0 : marginalWeight * marginal) + (spectralWeight == 0 ? 0 : spectralWeight * spectral)

        let loss = Tensor.custom(Tensor(Float(value)), inputs: [z]) { upstream in
            let upstream = Double(upstream.item)
            var slopes = hinge.slopes.map { marginalWeight * upstream * $0 }
            var shifts = [Double](repeating: 0, count: features)
            guard spectralWeight != 0 else { return [batch.gradient(batch.values, times: shifts, centeredTimes: slopes, plus: shifts)] }
            let gradient = SecondMoment.product(
                inverse, batch.values, samples: samples, features: features, side: side,
                scale: -2 * spectralWeight * upstream / (Double(features) * divisor))
            let (products, sums) = batch.columnProducts(with: gradient)
            for d in 0..<features {
                let scale = batch.scales[d]
                slopes[d] -= scale * scale * (1 / divisor) * products[d]
                shifts[d] = -scale * sums[d] / Double(samples)
            }
            return [batch.gradient(gradient, times: batch.scales, centeredTimes: slopes, plus: shifts)]
        }
        // Where the spectral term lies in what it can be: 0 is a flat spectrum, 1 a single direction.
        let (epsilon, width) = (options.epsilon, Double(features))
        let rank = min(divisor, width)
        let lower = -(rank * log(width / rank + epsilon) + (width - rank) * log(epsilon)) / width
        let upper = -(log(width + epsilon) + (width - 1) * log(epsilon)) / width
        let gap = upper - lower > 1e-12 ? (spectral - lower) / (upper - lower) : spectral.isNaN ? .nan : 0
        return Penalty(
            value: loss,
            reports: [
                ("marginal", Float(marginal)), ("spectral", Float(spectral)), ("gap", Float(gap)), ("regime", samples > features ? 1 : 0),
            ])
    }
}
