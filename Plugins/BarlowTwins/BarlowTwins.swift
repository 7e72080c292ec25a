import Configuration
import Regularization
import Tensors

/// Barlow Twins between modalities: each feature of one modality is to correlate with the same feature of the other, and with no
/// other feature.
///
///     Ẑ_d     = (Z_d − mean_d)/√(Var_d + ε)         Var with divisor N
///     C       = Ẑ⁽ᵃ⁾ᵀ Ẑ⁽ᵇ⁾/N
///     penalty = the sum over all pairs of Σ_d (C_dd − 1)² + λ Σ_{i≠j} C_ij²
///
/// It reads the encoders' own output, `N×D` with one `D` for all modalities, before any transform; modalities of different widths need
/// `at: projection`.
///
/// A pair counts the samples that have both modalities, and is left out where these are fewer than two.
///
/// ``CrossCorrelation`` computes it from `N×N` arrays alone. Its cost is `O(N²·D)` for a pair. A batch of fewer than two samples has no
/// penalty. A constant column has correlation 0 with everything. NaN gives NaN.
///
/// Source: Zbontar et al., "Barlow Twins", ICML 2021, Eq. 1; `λ = 0.0051` and `ε = 1e-5` as in the released program.
public struct BarlowTwins: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    public struct Options: ComponentOptions {
        /// `λ`, the weight of the entries off the diagonal.
        public var lambda = 0.0051

        /// `ε`, added to variances.
        public var epsilon = 1e-5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("lambda", \.lambda, in: 0..., "weight of the correlations between different features"),
                .number("epsilon", \.epsilon, in: 1e-12...1, unit: "variance", "added to the variances"),
            ]
        }
    }

    public static var description: ComponentDescription {
        ComponentDescription(
            name: "barlow-twins",
            summary: "makes the same features of two modalities correlate, and different ones not",
            formula: "Σ_{a<b} [Σ_d (C_dd − 1)² + λ Σ_{i≠j} C_ij²],  C = ẐₐᵀẐ_b/N",
            source: "Zbontar et al., Barlow Twins, ICML 2021, Eq. 1",
            notes: [
                "Modalities of different widths need `at: projection`.",
                "Logged: on-diagonal and off-diagonal (before λ), each summed over all pairs.",
            ])
    }

    public static var minimumBatch: Int { 2 }

    private let options: Options

    public init(options: Options = Options()) {
        self.options = options
    }

    /// - Throws: `OptionFault` where there are fewer than two modalities, or they differ in width.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireEqualWidths()
        self.init(options: options)
    }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        let embeddings = step.originalEmbeddings
        // One product of a modality serves all its pairs, as long as these are of the same samples.
        let groups = embeddings.completeRows == nil ? [embeddings] : embeddings.completePairs
        let losses = groups.filter { $0.count >= 2 && $0.batchSize >= 2 }.map { CrossCorrelation(of: $0.map(\.embedding.pooled), options: options) }
        guard let first = losses.first else { return nil }
        let reports = [("on-diagonal", losses.map(\.onDiagonal)), ("off-diagonal", losses.map(\.offDiagonal))]
        return Penalty(
            value: losses.dropFirst().reduce(first.value) { $0 + $1.value }, reports: reports.map { ($0, Float($1.reduce(0, +))) })
    }

    public func covarianceSamples(batchSize: Int) -> Int { batchSize }
}
