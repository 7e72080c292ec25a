import Configuration
import Regularization
import Tensors

/// Barlow Twins between modalities: each feature of one modality is to correlate with the same feature
/// of the other, and with no other feature.
///
///     Ẑ_d     = (Z_d − mean_d)/√(Var_d + ε)         Var with divisor N
///     C       = Ẑ⁽ᵃ⁾ᵀ Ẑ⁽ᵇ⁾/N
///     penalty = the sum over all pairs of Σ_d (C_dd − 1)² + λ Σ_{i≠j} C_ij²
///
/// It reads the encoders' own output, `N×D` with one `D` for all modalities, before any transform;
/// modalities of different widths need `at: projection`.
///
/// A pair counts the samples that have both modalities, and is left out where these are fewer than two.
///
/// ``CrossCorrelation`` computes it from `N×N` arrays alone. Its cost is `O(N²·D)` for a pair. A batch
/// of fewer than two samples has no penalty. A constant column has correlation 0 with everything. NaN
/// gives NaN.
///
/// ```yaml
/// regularizers:
///   - barlow-twins: {weight: 0.01, at: projection}
/// ```
///
/// Source: Zbontar et al., "Barlow Twins", ICML 2021, Eq. 1; `λ = 0.0051` and `ε = 1e-5` as in the
/// released program.
public struct BarlowTwins: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// What a recipe may set.
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

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "barlow-twins",
            summary: "correlates each feature of one modality with the same feature of another, and decorrelates different features",
            formula: "Σ_{a<b} [Σ_d (C_dd − 1)² + λ Σ_{i≠j} C_ij²],  C = ẐₐᵀẐ_b/N",
            source: "Zbontar et al., Barlow Twins, ICML 2021, Eq. 1",
            cost: "O(N·D²) for each pair of modalities",
            unsearched: "its source searches for pretraining without labels",
            notes: [
                "Modalities of different widths need `at: projection`.",
                "Logged: on-diagonal and off-diagonal (before λ), each summed over all pairs.",
            ])
    }

    /// A correlation needs two samples.
    public static var minimumBatch: Int { 2 }

    /// It correlates two modalities.
    public static var needs: [DataNeed] { [.severalModalities] }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// - Throws: `OptionFault` where there are fewer than two modalities, or they differ in width.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        try context.requireEqualWidths()
        self.init(options: options)
    }

    /// The loss over all pairs of modalities; nil where no pair has two samples. Logs `on-diagonal` and
    /// `off-diagonal`.
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

    /// The correlation is taken over the batch.
    public func covarianceSamples(batchSize: Int) -> Int { batchSize }
}

/// The Barlow Twins loss of all pairs of arrays, as one operation with a gradient in closed form.
///
/// The `D×D` cross-correlation matrix is never made. With `K = ẐẐᵀ/N`, `N×N`,
///
///     ‖C‖²_F = ⟨K⁽ᵃ⁾, K⁽ᵇ⁾⟩        ∂‖C‖²_F/∂Ẑ⁽ᵃ⁾ = (2/N) K⁽ᵇ⁾ Ẑ⁽ᵃ⁾
///
/// and the diagonal is one sum for each column: `C_dd = Ẑ⁽ᵃ⁾_d · Ẑ⁽ᵇ⁾_d/N`. So one product serves all
/// pairs of a modality, since the `K` of its partners may be summed first. Double precision throughout.
public struct CrossCorrelation {
    /// `Σ_{a<b} (on-diagonal + λ · off-diagonal)`, a scalar that gradients may be asked of.
    public let value: Tensor

    /// `Σ_d (C_dd − 1)²`, summed over all pairs.
    public let onDiagonal: Double

    /// `Σ_{i≠j} C_ij²`, summed over all pairs, without `λ`.
    public let offDiagonal: Double

    /// - Parameter arrays: at least two, each `N×D` with `N ≥ 2`.
    public init(of arrays: [Tensor], options: BarlowTwins.Options) {
        require(
            arrays.count >= 2 && Set(arrays.map(\.shape)).count == 1,
            "CrossCorrelation: at least two arrays of one shape N×D are needed, found \(arrays.map(\.shape))")
        let (samples, features) = (arrays[0].shape[0], arrays[0].shape[1])
        let count = Double(samples)
        let batches = arrays.map { CenteredBatch($0) { 1 / ($1 / count + options.epsilon).squareRoot() } }
        let grams = batches.map {
            SecondMoment(of: $0.values, samples: samples, features: features, divisor: count, side: .samples).matrix
        }
        var (onDiagonal, offDiagonal) = (0.0, 0.0)
        var diagonals: [[[Double]]] = []
        for (index, batch) in batches.enumerated() {
            diagonals.append([])
            for other in 0..<index {
                let diagonal = batch.columnProducts(with: batches[other].values).products.map { $0 / count }
                diagonals[index].append(diagonal)
                onDiagonal += diagonal.reduce(0) { $0 + ($1 - 1) * ($1 - 1) }
                offDiagonal += innerProduct(grams[index], grams[other], size: samples) - diagonal.reduce(0) { $0 + $1 * $1 }
            }
        }
        (self.onDiagonal, self.offDiagonal) = (onDiagonal, offDiagonal)
        value = Tensor.custom(Tensor(Float(onDiagonal + options.lambda * offDiagonal)), inputs: arrays) { upstream in
            let upstream = Double(upstream.item)
            return batches.indices.map { index in
                var partners = [Double](repeating: 0, count: samples * samples)
                for other in batches.indices where other != index {
                    for entry in partners.indices { partners[entry] += grams[other][entry] }
                }
                var slope = SecondMoment.product(
                    partners, batches[index].values, samples: samples, features: features, side: .samples,
                    scale: 2 * options.lambda * upstream / count)
                for other in batches.indices where other != index {
                    let diagonal = other < index ? diagonals[index][other] : diagonals[other][index]
                    let factors = diagonal.map { 2 * upstream / count * ($0 - 1 - options.lambda * $0) }
                    let values = batches[other].values
                    for row in 0..<samples {
                        for column in 0..<features {
                            slope[row * features + column] += factors[column] * values[row * features + column]
                        }
                    }
                }
                return gradient(slope, through: batches[index])
            }
        }
    }
}

/// From the gradient in the standardized columns `s_d x_d` to the one in the batch: `s·(g − Ẑ·Σ gẐ/N)`
/// minus its mean.
private func gradient(_ slope: [Double], through batch: CenteredBatch) -> Tensor {
    let (products, sums) = batch.columnProducts(with: slope)
    let count = Double(batch.samples)
    let centered = zip(batch.scales, products).map { -$0 * $0 * $1 / count }
    return batch.gradient(slope, times: batch.scales, centeredTimes: centered, plus: zip(batch.scales, sums).map { -$0 * $1 / count })
}

/// `Σ A_ij B_ij` of two symmetric matrices that are given by their lower triangles.
private func innerProduct(_ a: [Double], _ b: [Double], size: Int) -> Double {
    var sum = 0.0
    for row in 0..<size {
        for column in 0..<row { sum += 2 * a[row * size + column] * b[row * size + column] }
        sum += a[row * size + row] * b[row * size + row]
    }
    return sum
}
