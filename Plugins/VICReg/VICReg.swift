import Configuration
import Regularization
import Tensors

/// Variance–invariance–covariance regularization of the encoders' embeddings.
///
///     variance   = ½ mean_d max(0, γ − √(Var_d + ε))           for each modality
///     covariance = (1/D) Σ_{i≠j} C_ij²,  C = X₀ᵀX₀/(N−1)       for each modality, X₀ centered
///     invariance = mean over all N·D entries of (X − Y)²       mean over all pairs of modalities
///     penalty    = w_inv · invariance + Σ_m (w_var · variance_m + w_cov · covariance_m)
///
/// For two modalities this is the official loss: the variance term is halved for each branch, the
/// covariance term is not, and the weights are 25, 25 and 1. Invariance is off by default, as it asks
/// every modality for the same width: use `at: projection` with it.
///
/// `N` is the number of samples that have the modality, or both modalities of a pair.
///
/// It reads the encoders' own output, `N×D`, before any transform. Variance and covariance are one
/// operation with a gradient in closed form, in double precision inside; its cost is `O(N·D·S)` with `S
/// = min(N, D)`, and no `D×D` matrix where `N < D`.
///
/// A batch of fewer than two samples has no variance: both terms are 0. Constant columns have slope 0.
/// NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - vicreg: {weight: 0.04, invariance: 25, at: projection}
/// ```
///
/// Source: Bardes, Ponce and LeCun, "VICReg", ICLR 2022, Eq. 1–6.
public struct VICReg: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// `w_inv`, 25 in the paper; 0 leaves the term out.
        public var invariance = 0.0

        /// `w_var`.
        public var variance = 25.0

        /// `w_cov`.
        public var covariance = 1.0

        /// `γ`, the standard deviation that the variance term asks for.
        public var gamma = 1.0

        /// `ε`, added to variances.
        public var epsilon = 1e-4

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number(
                    "invariance", \.invariance, in: 0...,
                    "weight of the distance between modalities, which need equal widths; 25 in the paper"),
                .number("variance", \.variance, in: 0..., "weight of the variance term"),
                .number("covariance", \.covariance, in: 0..., "weight of the covariance term"),
                .number("gamma", \.gamma, in: 0..., unit: "standard deviation", "the spread that the variance term asks for"),
                .number("epsilon", \.epsilon, in: 1e-12...1, unit: "variance", "added to the variances"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "vicreg",
            summary: "variance and covariance of each modality's embeddings, and invariance between modalities",
            formula: "w_inv · mean (X−Y)² + Σ_m [w_var · ½ mean_d max(0, γ − σ_d) + w_cov · (1/D) Σ_{i≠j} C_ij²]",
            source: "Bardes, Ponce and LeCun, VICReg, ICLR 2022, Eq. 1–6",
            cost: "O(N·D²) for each modality, and O(N·D) for each pair",
            unsearched: "its source searches for pretraining without labels",
            notes: [
                "Logged: variance (the hinge, before it is halved) and covariance of each modality, and invariance where its "
                    + "weight is not 0.",
                "invariance compares embeddings entry by entry: modalities of different widths need `at: projection`.",
            ])
    }

    /// A variance needs two samples.
    public static var minimumBatch: Int { 2 }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// - Throws: `OptionFault` where `invariance` is not 0 and the modalities differ in width, or there
    ///   is only one.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        if options.invariance != 0 {
            try context.requireEqualWidths(option: "invariance", unless: "0", found: "\(options.invariance)")
        }
        self.init(options: options)
    }

    /// The weighted sum of the three terms; nil where no modality has two samples.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let spreads = Penalty.sum(over: step.originalEmbeddings) { z, _ in
            guard z.shape[0] >= 2 else { return nil }
            let spread = spread(of: z)
            return Penalty(value: spread.loss, reports: [("variance", Float(spread.hinge)), ("covariance", Float(spread.covariance))])
        }
        guard options.invariance != 0 else { return spreads }
        guard let invariance = invariance(of: step.originalEmbeddings) else { return spreads }
        let weighted = Penalty(value: invariance * Float(options.invariance), reports: [("invariance", invariance.item)])
        return Penalty.sum([spreads, weighted].compactMap(\.self))
    }

    /// The covariance is taken over the batch.
    public func covarianceSamples(batchSize: Int) -> Int { batchSize }

    /// The mean over all pairs of the mean squared difference; nil where no pair has samples.
    private func invariance(of embeddings: Embeddings) -> Tensor? {
        let pairs = embeddings.completePairs.filter { $0.batchSize > 0 }.map { pair in
            (pair[pair.startIndex].embedding.pooled - pair[pair.endIndex - 1].embedding.pooled).squared().mean()
        }
        guard let first = pairs.first else { return nil }
        return pairs.dropFirst().reduce(first, +) * (1 / Float(pairs.count))
    }

    /// `w_var · variance + w_cov · covariance` of one `N×D` batch, the hinge whose half is the variance
    /// term, and the covariance term.
    func spread(of z: Tensor) -> (loss: Tensor, hinge: Double, covariance: Double) {
        let batch = CenteredBatch(z)
        let (samples, features) = (batch.samples, batch.features)
        let hinge = batch.deviationHinge(target: options.gamma, epsilon: options.epsilon)
        let moment = SecondMoment(
            of: batch.values, samples: samples, features: features, divisor: Double(samples - 1), side: .cheaper(for: z.shape))
        let variances = batch.variance
        let diagonal = variances.reduce(0) { $0 + $1 * $1 }
        let covariance = (moment.squaredNorm - diagonal) / Double(features)

        let value = Tensor(Float(options.variance * hinge.value / 2 + options.covariance * covariance))
        let loss = Tensor.custom(value, inputs: [z]) { upstream in
            let upstream = Double(upstream.item)
            // ‖C‖² has the gradient 4/(N−1) · C X₀ in X₀, the sum of the Var_d² has 4/(N−1) · Var_d X₀_d.
            let scale = 4 * options.covariance * upstream / (Double(features) * Double(samples - 1))
            let gradient = SecondMoment.product(
                moment.matrix, batch.values, samples: samples, features: features, side: moment.side, scale: scale)
            let slopes = zip(hinge.slopes, variances).map { options.variance * upstream / 2 * $0 - scale * $1 }
            let ones = [Double](repeating: 1, count: features)
            return [batch.gradient(gradient, times: ones, centeredTimes: slopes, plus: ones.map { _ in 0 })]
        }
        return (loss, hinge.value, covariance)
    }
}
