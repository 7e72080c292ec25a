import Configuration
import Networks
import Regularization
import Tensors

/// Dropout on the encoders' embeddings, in training only.
///
///     z' = z · mask / (1 − rate)        each entry of the mask is 1 with probability 1 − rate, else 0
///
/// The division keeps the expectation, so that nothing changes in evaluation. Pooled embeddings (`N×D`)
/// and tokens (`N×T×D`), where an encoder has them, draw masks of their own, one stream for each
/// modality; what is missing or padding draws none.
///
/// Cost: `O(N·D)`. Any `N`; a rate of 0 leaves the embeddings untouched; NaN stays NaN where it is
/// kept.
///
/// ```yaml
/// regularizers:
///   - dropout: {rate: 0.5}
/// ```
///
/// Source: Srivastava et al., "Dropout", JMLR 2014; the "+ Dropout" row of Table 13 of the MER paper.
public struct EmbeddingDropout: RegularizerPlugin, ChangesEmbeddings, ReadsPresence {
    /// What a recipe may set.
    public struct Options: ComponentOptions {
        /// The probability with which an entry is set to 0.
        public var rate = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.number("rate", \.rate, in: 0...0.999, unit: "probability", "the share of entries set to 0")]
        }
    }

    /// What `describe` prints.
    public static var description: ComponentDescription {
        ComponentDescription(
            name: "dropout",
            summary: "sets random entries of the embeddings to 0 in training",
            formula: "z' = z · mask / (1 − rate)",
            source: "Srivastava et al., Dropout, JMLR 2014",
            cost: "O(N·D)",
            search: [.linear("rate", 0...0.5, of: .domainBed)],
            notes: ["Acts on pooled embeddings and on tokens, each with masks of its own."])
    }

    private let options: Options

    /// Keeps the rate; the regularizer owns nothing that is trained.
    public init(options: Options, context: RegularizerContext) {
        self.options = options
    }

    /// The embeddings with random entries set to 0 in training; the given ones in evaluation.
    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        guard forward.isTraining, options.rate > 0 else { return embeddings }
        let keeping = Float(1 - options.rate)
        return embeddings.mapEmbeddings { modality, embedding in
            embedding.mapPresent { rows, isTokens in
                var stream = forward.stream("\(modality)\(isTokens ? ".tokens" : "")")
                return rows * (stream.bernoulli(rows.shape, keeping: keeping) * (1 / keeping))
            }
        }
    }
}
