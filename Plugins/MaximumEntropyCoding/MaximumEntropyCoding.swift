import Configuration
import Regularization
import Tensors

/// Maximum entropy coding: raises the length of the code that the embeddings need, by an exact
/// log-determinant.
///
///     λ = D/(N ε²),  μ = (N + D)/2,  rows of Ẑ of length 1
///     single:  penalty = −c Σ_m log det(I_N + λ Ẑ⁽ᵐ⁾ Ẑ⁽ᵐ⁾ᵀ)                one view for each modality
///     pairs:   penalty = −c Σ_{a<b} log |det(I_N + λ Ẑ⁽ᵃ⁾ Ẑ⁽ᵇ⁾ᵀ)|          two modalities are two views of a sample
///
/// with `c = μ/N`, the code's length for each sample (`scale: coding`), or `c = 1/(N λ)`, what the
/// released program trains on (`scale: scaled`).
///
/// It reads the encoders' own output, `N×D`, before any transform; `pairs` needs one `D` for all
/// modalities, such as `at: projection` gives. `N` is the number of samples that have the modality, or
/// both. The released program has a series of four terms in place of the determinant, which converges
/// only for small `λ`.
///
/// Cost for each determinant: `O(S·N·D + S³)` with `S = min(N, D)`, in double precision. `single` is
/// always defined; the matrix of `pairs` may be singular, where the penalty is not finite. Rows of 0
/// stay 0. NaN gives NaN.
///
/// ```yaml
/// regularizers:
///   - maximum-entropy-coding: {form: pairs, at: projection}
/// ```
///
/// Source: Liu et al., "Self-Supervised Learning via Maximum Entropy Coding", NeurIPS 2022; `ε² = 64`
/// as in the released program.
public struct MaximumEntropyCoding: RegularizerPlugin, AddsPenalty, ReadsCovariance, ReadsPresence {
    /// What is coded.
    public enum Form: String, CaseIterable, Sendable {
        /// Each modality by itself.
        case single
        /// Each pair of modalities, as two views.
        case pairs
    }

    /// What the log-determinant is multiplied by.
    public enum Scale: String, CaseIterable, Sendable {
        /// `μ/N`: the length of the code for each sample.
        case coding
        /// `1/(N λ)`.
        case scaled
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// What is coded.
        public var form = Form.single
        /// What the log-determinant is multiplied by.
        public var scale = Scale.scaled

        /// `ε²`, the squared error that the code may make.
        public var squaredError = 64.0

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .choice("form", \.form, "what is coded: each modality by itself, or each pair of modalities as two views"),
                .choice("scale", \.scale, "the code's length for each sample, or the log-determinant over N λ"),
                .number("squared-error", \.squaredError, in: 1e-6...1e6, "ε², the squared error that the code may make"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "maximum-entropy-coding",
            summary: "raises the length of the code that the embeddings need",
            formula: "−c Σ_m log det(I + λ ẐẐᵀ), or −c Σ_{a<b} log |det(I + λ ẐₐẐ_bᵀ)|,  λ = D/(N ε²)",
            source: "Liu et al., Maximum Entropy Coding, NeurIPS 2022",
            cost: "O(S·N·D + S³) for each determinant, with S = min(N, D)",
            unsearched: "its source is about pretraining without labels",
            notes: [
                "Modalities of different widths need `at: projection` for form: pairs.",
                "Logged: log-determinant of each modality, or of each pair.",
            ])
    }

    private let options: Options

    /// A regularizer for direct use, as in tests.
    public init(options: Options = Options()) {
        self.options = options
    }

    /// - Throws: `OptionFault` where `form` is `pairs` and there are fewer than two modalities, or they
    ///   differ in width.
    public init(options: Options, context: RegularizerContext) throws(OptionFault) {
        if options.form == .pairs { try context.requireEqualWidths(option: "form", unless: "single", found: "pairs") }
        self.init(options: options)
    }

    /// The negative code length of all modalities or pairs; nil where there are no samples.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        switch options.form {
        case .single:
            return Penalty.sum(over: step.originalEmbeddings) { z, _ in
                term(z.shape, named: "log-determinant") { $0.logDeterminant(z.normalized(axis: 1)) }
            }
        case .pairs:
            return Penalty.sum(
                step.originalEmbeddings.completePairs.compactMap { pair in
                    let (first, second) = (pair[pair.startIndex], pair[pair.endIndex - 1])
                    let (a, b) = (first.embedding.pooled, second.embedding.pooled)
                    return term(a.shape, named: "\(first.modality)-\(second.modality).log-determinant") {
                        $0.logDeterminant(a.normalized(axis: 1), b.normalized(axis: 1))
                    }
                })
        }
    }

    /// A log-determinant of arrays of one shape, times its factor; nil without samples.
    private func term(_ shape: Shape, named name: String, _ logDeterminant: (CodingLength) -> Tensor) -> Penalty? {
        guard shape[0] >= 1 else { return nil }
        let coding = CodingLength(shape: shape, squaredError: options.squaredError)
        let value = logDeterminant(coding)
        let factor = Float(-(options.scale == .coding ? coding.codingFactor : coding.scaledFactor))
        return Penalty(value: value * factor, reports: [(name, value.item)])
    }

    /// The matrix is one of the samples of the batch.
    public func covarianceSamples(batchSize: Int) -> Int { batchSize }
}

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
    /// `det(I_N + λ p zᵀ) = det(I_D + λ zᵀp)`: the smaller one of the two, `M`, is factorized by LU.
    /// Its gradients are `λ M⁻ᵀz` and `λ M⁻¹p` on the samples' side, `λ z M⁻ᵀ` and `λ p M⁻¹` on the
    /// features' side.
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
    /// The side with the smaller matrix.
    let side: CovarianceSide
    /// `log |det M|`; not finite where `M` is singular or not finite itself.
    let logDeterminant: Double
    /// `M⁻¹`; NaN where there is none.
    let inverse: Matrix

    /// - Parameters:
    ///   - p: one set of unit rows, `N×D`.
    ///   - z: the other set, `N×D`.
    ///   - lambda: λ.
    init(_ p: Tensor, _ z: Tensor, lambda: Double) {
        (self.p, self.z, side) = (Matrix(p), Matrix(z), .cheaper(for: p.shape))
        let matrix =
            side == .samples
            ? self.p.multiplied(by: self.z, transposingOther: true, scale: lambda, adding: .identity(self.p.rows))
            : self.z.multiplied(by: self.p, transposing: true, scale: lambda, adding: .identity(self.p.columns))
        let factors = matrix.luFactors()
        (logDeterminant, inverse) = (factors.logAbsoluteDeterminant, factors.inverse)
    }

    /// `scale · M⁻¹ x` on the samples' side, `scale · x M⁻¹` on the features' side; with the transposed
    /// inverse on request.
    func product(_ x: Matrix, transposingInverse: Bool, scale: Double) -> Tensor {
        (side == .samples
            ? inverse.multiplied(by: x, transposing: transposingInverse, scale: scale)
            : x.multiplied(by: inverse, transposingOther: transposingInverse, scale: scale)).tensor
    }
}
