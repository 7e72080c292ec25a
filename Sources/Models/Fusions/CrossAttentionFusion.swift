import Configuration
import Networks
import Regularization
import Tensors

/// Cross-attention fusion: each modality's tokens attend to the tokens of all the others;
/// `cross-attention` in a recipe.
///
/// Tokens, or the pooled embedding as a single token where the encoder has none, are projected to a
/// common width. Attention, residual sum and layer normalization follow. The means over tokens of all
/// modalities, side by side in the order of the modalities' names, go into a classifier like that of
/// ``LateFusion``. A single modality attends to itself.
///
/// Padded tokens, and those of samples that lack a modality, are not attended to and enter no mean. A
/// modality that a sample lacks has a mean of 0 in its place; a modality that is a sample's only one
/// finds 0 in the others.
///
/// Parts: `project.<modality>`, `attention.<modality>`, `norm.<modality>`, `hidden`, `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: cross-attention, width: 64, heads: 4}
/// ```
public final class CrossAttentionFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Common width of all tokens.
        public var width = 64
        /// Attention heads; they divide the width.
        public var heads = 4
        /// The dropout rate of the attention's result.
        public var attentionDropout = 0.0
        /// Width of the classifier's hidden layer; 0 leaves it out.
        public var hidden = 512
        /// The dropout rate after the classifier's hidden layer.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("width", \.width, in: 1...65536, unit: "features", "common width of all tokens"),
                .integer("heads", \.heads, in: 1...1024, "attention heads; they divide the width"),
                .number("attention-dropout", \.attentionDropout, in: 0.0...1.0, "dropout rate on the result of the attention"),
            ] + ClassifierHead.fields(\.hidden, \.dropout)
        }
    }

    public static let description = ComponentDescription(
        name: "cross-attention", summary: "the tokens of each modality attend to those of the others; the means are classified",
        formula: "yₘ = mean_t norm(xₘ + attention(xₘ, x_others));  logits = head([y₁; …; y_M])",
        source: "Vaswani et al. 2017, section 3.2",
        cost: "O(N·T·W·(D + W + T)), with T tokens of all modalities together, of W features", options: Options.descriptions, unsearched: "none is known")

    /// The layers of one modality.
    private struct Branch {
        let modality: Modality
        let project: Linear
        let attention: MultiHeadAttention
        let dropout: Dropout
        let norm: LayerNormalization
    }

    /// It reads tokens, and pooled embeddings where an encoder has none.
    public let readsTokens = true
    /// Padded tokens enter no mean and no attention.
    public let leavesOutPadding = true
    /// The layers of each modality, in the order of their names.
    private let branches: [Branch]
    /// The classifier over the means of all modalities.
    private let head: ClassifierHead

    public var modalities: [Modality] { branches.map(\.modality) }
    public var representationWidth: Int { head.representationWidth }

    public var parts: Parts {
        func named(_ part: (Branch) -> any Part) -> Parts {
            Parts(branches.map { (name: $0.modality.name, part: part($0)) })
        }
        var parts: Parts = [
            "project": named(\.project), "attention": named(\.attention), "norm": named(\.norm),
        ]
        parts.append(contentsOf: head.parts)
        return parts
    }

    /// Makes the fusion.
    ///
    /// - Throws: `OptionFault` where the heads do not divide the width.
    public init(options: Options, context: FusionContext) throws(OptionFault) {
        try OptionFault.check(heads: options.heads, dividing: options.width)
        let initializer = context.initializer
        branches = context.modalities.map { modality in
            Branch(
                modality: modality,
                project: Linear(
                    context.width(of: modality), options.width, from: initializer["project"][modality.name]),
                attention: MultiHeadAttention(
                    options.width, heads: options.heads, from: initializer["attention"][modality.name]),
                dropout: Dropout(
                    Float(options.attentionDropout), stream: initializer["attention-dropout"][modality.name].path),
                norm: LayerNormalization([options.width], from: initializer["norm"][modality.name]))
        }
        head = ClassifierHead(
            options.width * branches.count, hidden: options.hidden, classes: context.classes,
            dropout: Float(options.dropout), from: initializer)
    }

    /// Fuses a batch; the representation is what the last linear map reads.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let sequences = branches.map { branch in
            let embedding = embeddings.required(branch.modality)
            let tokens = embedding.tokens ?? embedding.pooled.unsqueezed(axis: 1)
            // A pooled vector is one token, however long the sequence was that it was pooled from.
            let presence = embedding.tokens == nil ? embedding.presence.replacing(lengths: nil) : embedding.presence
            return Sequences(
                tokens: branch.project(tokens), lengths: presence.isWhole ? nil : presence.lengths(of: tokens.shape[0], places: tokens.shape[1]))
        }
        let means = branches.indices.map { index in
            let (branch, own) = (branches[index], sequences[index])
            var attended = attended(by: branch, own, over: others(of: index, sequences), pass)
            attended = branch.norm(own.tokens + branch.dropout(attended, pass))
            return own.lengths.map { attended.meanPooled(lengths: $0) } ?? attended.meanPooled()
        }
        return head(Tensor.concatenated(means, axis: 1), pass)
    }

    /// One modality's projected tokens, `N×T×width`, and how many of each sample are real; nil where
    /// all are.
    private struct Sequences {
        /// `N×T×width`.
        let tokens: Tensor
        /// The real tokens of each sample; nil where all are.
        let lengths: [Int]?

        /// Of each token whether it is padding, `N×T`.
        var padding: Tensor {
            let (samples, places) = (tokens.shape[0], tokens.shape[1])
            guard let lengths else { return .zeros([samples, places]) }
            return Tensor(lengths.flatMap { length in (0..<places).map { $0 < length ? 0 : 1 } }, shape: [samples, places])
        }
    }

    /// What a modality's tokens find in those of the others; 0 for a sample that has no other modality.
    private func attended(by branch: Branch, _ own: Sequences, over others: [Sequences], _ pass: Pass) -> Tensor {
        let source = others.count == 1 ? others[0].tokens : Tensor.concatenated(others.map(\.tokens), axis: 1)
        guard others.contains(where: { $0.lengths != nil }) else {
            return branch.attention.crossAttention(own.tokens, over: source, pass).output
        }
        let padding = others.count == 1 ? others[0].padding : Tensor.concatenated(others.map(\.padding), axis: 1)
        let attended = branch.attention.crossAttention(own.tokens, over: source, keyPaddingMask: padding, pass).output
        let hasOthers = own.tokens.shape[0] == 0 ? [] : padding.mean(axis: 1).values.map { $0 < 1 }
        return attended.clearingPadding(lengths: hasOthers.map { $0 ? own.tokens.shape[1] : 0 })
    }

    /// The sequences that a modality attends to: all others, or its own where it is the only one.
    private func others(of index: Int, _ sequences: [Sequences]) -> [Sequences] {
        guard sequences.count > 1 else { return sequences }
        var others = sequences
        others.remove(at: index)
        return others
    }
}
