import Configuration
import Regularization
import Tensors

/// Contrast of two views after a mean shift: a sample and its second view find each other among all samples, each first moved toward its
/// nearest neighbors.
///
///     p_m     = the rows of both views, divided by their length, 2N×P
///     shift_i = normalize(p_i/2 + (1/2k) Σ_j p_j),  j the k rows most similar to row i, of both views and without it
///     a, b    = normalize(concat_m shift) of the first and of the second view, N×ΣP
///     penalty = mean_i [log Σ_j exp(a_i·b_j/τ) − a_i·b_i/τ]
///
/// The gradient goes through the neighbors, not through their choice. `k` is at most 2N − 1. The second view is the batch encoded once more, with
/// other draws of dropout and with noise on the inputs, where the source draws another crop of each clip: see ``TrainingStep/secondView(noise:)``.
/// Samples that lack a modality are left out. A row of 0 stays 0; NaN gives NaN. Cost: a pass through the encoders, and `O(N²·ΣP)`.
///
/// ```yaml
/// regularizers:
///   - mean-shift-contrast:
///       at: projection
///       projection: {hidden: [128], width: 32, unit: true}
/// ```
///
/// Source: NEL, as in the MMDG benchmark's program: weight 0.7, k = 8, τ = 0.25, on projections of the first halves of the embeddings. The
/// program leaves out the most similar row of all, in place of the row itself; where two rows are equal these differ.
public struct MeanShiftContrast: RegularizerPlugin, AddsPenalty {
    /// What a recipe can set.
    public struct Options: ComponentOptions {
        /// `k`.
        public var neighbors = 8

        /// `τ`.
        public var temperature = 0.25

        /// Whether the second view looks for the first as well, and the two losses are averaged.
        public var isSymmetric = false

        /// Standard deviation of the second view's noise, relative to that of a modality's inputs.
        public var noise = 0.1

        /// The defaults.
        public init() {}

        /// The options under their names in recipes.
        public static var fields: [OptionField<Options>] {
            [
                .integer("neighbors", \.neighbors, in: 1...65536, unit: "rows", "number k of neighbors toward which a row is moved"),
                .number("temperature", \.temperature, in: 1e-4...1e4, "temperature τ, by which similarities are divided"),
                .flag("symmetric", \.isSymmetric, "whether the second view also has to find the first"),
                .number("noise", \.noise, in: 0...1e3, "noise on the inputs of the second view, relative to their standard deviation in the batch"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "mean-shift-contrast",
            summary: "contrasts two views of a sample, each moved toward its neighbors",
            formula: "mean_i [log Σ_j exp(a_i·b_j/τ) − a_i·b_i/τ],  a, b: two views after a mean shift by k neighbors",
            source: "NEL, MMDG benchmark (arXiv 2605.06643) and its program",
            cost: "one more pass through the encoders, and O(N²·ΣW), with W features of a projection",
            search: [
                .linear("weight", 0...1, step: 0.1, of: .mmdgBench), .linear("temperature", 0.1...1, step: 0.1, of: .mmdgBench),
                .linear("neighbors", 4...16, step: 4, of: .mmdgBench),
            ],
            notes: [
                "It is defined on projections: `at: projection`.",
                "Logged: found, the share of samples whose second view is the most similar of all.",
                "Each step costs one more pass through the encoders, shared by all terms that read a second view with the same noise.",
            ])
    }

    /// A single sample has no other to be told from.
    public static var minimumBatch: Int { 2 }

    /// The benchmark's weight.
    public static var defaultWeight: Double { 0.7 }

    private let options: Options

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) { self.options = options }

    /// The loss of the batch. Logs `found`.
    public func penalty(_ step: TrainingStep) -> Penalty? {
        let second = step.secondView(noise: options.noise)
        let shifted = step.originalEmbeddings.compactMap { modality, embedding in
            second[modality].map { other in
                Self.shifted(Tensor.concatenated([embedding.pooled, other.pooled], axis: 0).normalized(axis: 1), neighbors: options.neighbors)
            }
        }
        let similarities = Self.similarities(of: shifted, temperature: Float(options.temperature))
        let samples = Array(0..<similarities.shape[0])
        var loss = similarities.crossEntropy(labels: samples)
        if options.isSymmetric { loss = (loss + similarities.transposed().crossEntropy(labels: samples)) / 2 }
        let found = zip(similarities.argmax(axis: 1), samples).count { $0 == $1 }
        return Penalty(value: loss, reports: [("found", Float(found) / Float(samples.count))])
    }

    /// The rows, each moved half of the way to the mean of its nearest others, and of length 1 again.
    static func shifted(_ rows: Tensor, neighbors: Int) -> Tensor {
        let count = rows.shape[0]
        let similarity = rows.detached().matmul(rows.detached(), transposingRight: true).values
        let nearest = min(neighbors, count - 1)
        var shares = [Float](repeating: 0, count: count * count)
        for row in 0..<count {
            shares[row * count + row] = 0.5
            let others = (0..<count).filter { $0 != row }.sorted { similarity[row * count + $0] > similarity[row * count + $1] }
            for other in others.prefix(nearest) { shares[row * count + other] = 0.5 / Float(nearest) }
        }
        return Tensor(shares, shape: [count, count]).matmul(rows).normalized(axis: 1)
    }

    /// `a_i·b_j/τ`, `N×N`, from `2N` rows of each modality.
    static func similarities(of shifted: [Tensor], temperature: Float) -> Tensor {
        let joint = Tensor.concatenated(shifted, axis: 1)
        let samples = joint.shape[0] / 2
        let (a, b) = (joint[0..<samples].normalized(axis: 1), joint[samples..<2 * samples].normalized(axis: 1))
        return a.matmul(b, transposingRight: true) / temperature
    }
}
