import Configuration
import Networks
import Regularization
import Tensors

/// Gaussian noise on the encoders' embeddings, in training only.
///
///     absolute:  z' = z + σ · n                              n standard normal
///     relative:  z' = z + σ · std_d(z) · n                   std_d: the column's unbiased standard deviation over the batch, detached
///
/// Pooled embeddings (`N×D`) and tokens (`N×T×D`, statistics over samples and positions) draw noise of
/// their own, one stream for each modality. What is missing or padding gets no noise and enters no
/// statistic. The gradient passes through unchanged.
///
/// Cost: `O(N·D)`. With one sample the relative form adds nothing, as there is no deviation; likewise
/// for constant columns. NaN stays in its column.
///
/// ```yaml
/// regularizers:
///   - noise: {sigma: 0.1, scale: relative}
/// ```
///
/// Source: the "+ Noise injection" row of Table 13 of the MER paper (Gaussian, on encoder outputs).
public struct EmbeddingNoise: RegularizerPlugin, ChangesEmbeddings, ReadsPresence {
    /// What σ is measured in.
    public enum Scale: String, CaseIterable, Sendable {
        /// In the units of the embedding.
        case absolute
        /// In standard deviations of each column of the batch.
        case relative
    }

    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// Size of the noise.
        public var sigma = 0.1

        /// What `sigma` is measured in.
        public var scale = Scale.absolute

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .number("sigma", \.sigma, in: 0..., unit: "see scale", "standard deviation of the noise"),
                .choice("scale", \.scale, "whether sigma is absolute or relative to each column's standard deviation in the batch"),
            ]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "noise",
            summary: "adds Gaussian noise to the embeddings in training",
            formula: "z' = z + σ · n, or z + σ · std_d(z) · n",
            source: "Yarici and AlRegib, MER-DG, ICML 2026, Table 13",
            cost: "O(N·D)",
            unsearched: "its source names one value",
            notes: ["Acts on pooled embeddings and on tokens, each with noise of its own."])
    }

    private let options: Options

    /// Keeps the options; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
    }

    /// The embeddings with noise in training; the given ones in evaluation.
    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        guard forward.isTraining, options.sigma > 0 else { return embeddings }
        return embeddings.mapEmbeddings { modality, embedding in
            embedding.mapPresent { rows, isTokens in
                var stream = forward.stream("\(modality)\(isTokens ? ".tokens" : "")")
                let noise = stream.normal(rows.shape, deviation: Float(options.sigma))
                return rows + (options.scale == .absolute ? noise : noise * deviations(of: rows.detached()))
            }
        }
    }

    /// The unbiased standard deviation of each column, `D`; 0 for a single row.
    private func deviations(of rows: Tensor) -> Tensor {
        guard rows.shape[0] >= 2 else { return .zeros([rows.shape[-1]]) }
        return rows.variance(axis: 0).sqrt()
    }
}
