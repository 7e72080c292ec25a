import Configuration
import Networks
import Regularization
import Tensors

/// Cross-attention fusion: each modality's tokens attend to the tokens of all the others.
///
/// Tokens (or the pooled embedding as a single token, where an encoder has none) are projected to a common width;
/// attention, residual sum and layer normalization follow; the mean over tokens of every modality goes, side by side
/// and in the order of the modalities' names, into a classifier as of ``LateFusion``. A single modality attends to itself.
///
/// Parts: `project.<modality>`, `attention.<modality>`, `norm.<modality>`, `hidden`, `classifier`.
public final class CrossAttentionFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Common width of all tokens.
        public var width = 64
        /// Attention heads; they divide the width.
        public var heads = 4
        /// Rate on the attention's result.
        public var attentionDropout = 0.0
        /// Width of the classifier's hidden layer; 0 leaves it out.
        public var hidden = 512
        /// Rate after the hidden layer.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("width", \.width, in: 1...65536, unit: "features", "common width of all tokens"),
                .integer("heads", \.heads, in: 1...1024, "attention heads; they divide the width"),
                .number("attention-dropout", \.attentionDropout, in: 0.0...1.0, "rate on the attention's result"),
                .integer(
                    "hidden", \.hidden, in: 0...65536, unit: "features",
                    "width of the classifier's hidden layer; 0 leaves it out"),
                .number("dropout", \.dropout, in: 0.0...1.0, "rate after the hidden layer"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "cross-attention", summary: "each modality's tokens attend to the others', then classify the means",
        formula: "yₘ = mean_t norm(xₘ + attention(xₘ, x_others));  logits = head([y₁; …; y_M])",
        source: "Vaswani et al. 2017, section 3.2", options: Options.descriptions)

    private struct Branch {
        let modality: Modality
        let project: Linear
        let attention: MultiHeadAttention
        let dropout: Dropout
        let norm: LayerNormalization
    }

    public let readsTokens = true
    private let branches: [Branch]
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

    public init(options: Options, context: FusionContext) throws(OptionFault) {
        guard options.width % options.heads == 0 else {
            let fitting = (1...options.heads).last { options.width % $0 == 0 } ?? 1
            throw OptionFault(
                option: "heads", expected: "a divisor of width \(options.width)", found: "\(options.heads)",
                suggestion: "\(fitting)")
        }
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

    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let tokens = branches.map { branch in
            let embedding = embeddings.required(branch.modality)
            return branch.project(embedding.tokens ?? embedding.pooled.unsqueezed(axis: 1))
        }
        let means = branches.indices.map { index in
            let branch = branches[index]
            let attended = branch.attention.crossAttention(tokens[index], over: others(of: index, tokens), pass).output
            return branch.norm(tokens[index] + branch.dropout(attended, pass)).meanPooled()
        }
        return head(Tensor.concatenated(means, axis: 1), pass)
    }

    private func others(of index: Int, _ tokens: [Tensor]) -> Tensor {
        guard tokens.count > 2 else { return tokens[tokens.count - 1 - index] }
        var others = tokens
        others.remove(at: index)
        return Tensor.concatenated(others, axis: 1)
    }
}
