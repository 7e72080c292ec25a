import Configuration
import Networks
import Regularization
import Tensors

/// Multimodal bottleneck transformer (Nagrani et al. 2021): modalities exchange information through a
/// few tokens only; `bottleneck` in a recipe.
///
/// Each modality's tokens, or its pooled embedding as a single token where the encoder has none, are
/// mapped to a common width. In each layer every modality has a transformer layer of its own over its
/// tokens and the bottleneck tokens; then the modalities' versions of the bottleneck tokens are
/// averaged. The mean over modalities of the mean over tokens goes into a classifier like that of
/// ``LateFusion``. Padding is not attended to, and a modality that a sample lacks counts in no mean.
///
/// Parts: `project.<modality>`, `bottleneck`, `layers.<l>.<modality>`, `hidden`, `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: bottleneck, width: 64, tokens: 4, layers: 1}
/// ```
public final class BottleneckFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Common width of all tokens.
        public var width = 64
        /// Bottleneck tokens.
        public var tokens = 4
        /// The number of layers.
        public var layers = 1
        /// Attention heads; they divide the width.
        public var heads = 4
        /// Width of the hidden layer in a transformer layer.
        public var feedforward = 128
        /// Width of the classifier's hidden layer; 0 leaves it out.
        public var hidden = 0
        /// The dropout rate after the classifier's hidden layer.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("width", \.width, in: 1...65536, unit: "features", "common width of all tokens"),
                .integer("tokens", \.tokens, in: 1...65536, "bottleneck tokens"),
                .integer("layers", \.layers, in: 1...256, "transformer layers of each modality"),
                .integer("heads", \.heads, in: 1...1024, "attention heads; they divide the width"),
                .integer("feedforward", \.feedforward, in: 1...65536, unit: "features", "width of the hidden layer in a transformer layer"),
            ] + ClassifierHead.fields(\.hidden, \.dropout)
        }
    }

    public static let description = ComponentDescription(
        name: "bottleneck", summary: "modalities exchange information through a few bottleneck tokens; the means of their tokens are classified",
        formula: "[x_m, b_m] = layer_m([x_m, b]),  b = mean_m b_m;  logits = head(mean_m mean_t x_m)",
        source: "Nagrani et al., Attention Bottlenecks for Multimodal Fusion, NeurIPS 2021",
        cost: "O(N·(T + B)·W·(T + B + W + F)) for each modality and layer, with T tokens, B of the bottleneck, of W features, and F between them",
        options: Options.descriptions, unsearched: "the source compares 4 to 1024 bottleneck tokens, and keeps 4")

    public let modalities: [Modality]
    /// It reads tokens, and pooled embeddings where an encoder has none.
    public let readsTokens = true
    /// Padded tokens enter no mean and no attention.
    public let leavesOutPadding = true
    /// The map of each modality's tokens to the common width.
    private let project: [Linear]
    /// The transformer layers with the bottleneck tokens.
    private let core: BottleneckLayers
    /// The classifier.
    private let head: ClassifierHead

    public var representationWidth: Int { head.representationWidth }

    public var parts: Parts {
        var parts: Parts = ["project": Parts(zip(modalities, project).map { (name: $0.name, part: $1) })]
        parts.append(contentsOf: core.parts)
        parts.append(contentsOf: head.parts)
        return parts
    }

    /// Makes the fusion.
    ///
    /// - Throws: `OptionFault` where the heads do not divide the width.
    public init(options: Options, context: FusionContext) throws(OptionFault) {
        try OptionFault.check(heads: options.heads, dividing: options.width)
        modalities = context.modalities
        project = context.modalities.map { Linear(context.width(of: $0), options.width, from: context.initializer["project"][$0.name]) }
        core = BottleneckLayers(
            modalities, width: options.width, tokens: options.tokens, layers: options.layers, heads: options.heads,
            feedforward: options.feedforward, from: context.initializer)
        head = ClassifierHead(
            options.width, hidden: options.hidden, classes: context.classes, dropout: Float(options.dropout), from: context.initializer)
    }

    /// Fuses a batch; the representation is what the last linear map reads.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let sequences = zip(modalities, project).map { modality, project in
            let embedding = embeddings.required(modality)
            let tokens = embedding.tokens ?? embedding.pooled.unsqueezed(axis: 1)
            // A pooled vector is one token, however long the sequence was that it was pooled from.
            let presence = embedding.tokens == nil ? embedding.presence.replacing(lengths: nil) : embedding.presence
            let lengths = presence.isWhole ? nil : presence.lengths(of: tokens.shape[0], places: tokens.shape[1])
            return (tokens: project(tokens), lengths: lengths)
        }
        let (fused, _) = core(
            sequences.map(\.tokens), lengths: sequences.map(\.lengths), shares: embeddings.shares(of: modalities), pass)
        return head(fused, pass)
    }
}

/// The layers of a bottleneck transformer, for tokens of one width.
final class BottleneckLayers: Module {
    /// The bottleneck tokens before the first layer, `1×B×H`.
    private let bottleneck: Parameter
    /// One for each layer and modality.
    private let layers: [[TransformerLayer]]
    /// The modalities, in the order of the tokens that are given.
    private let modalities: [Modality]

    var parts: Parts {
        let named = layers.map { layer in Parts(zip(modalities, layer).map { (name: $0.name, part: $1) }) }
        return ["bottleneck": bottleneck, "layers": Parts(numbered: named)]
    }

    init(
        _ modalities: [Modality], width: Int, tokens: Int, layers: Int, heads: Int, feedforward: Int, from initializer: Initializer
    ) {
        self.modalities = modalities
        bottleneck = Parameter(initializer["bottleneck"].normal([1, tokens, width], deviation: 0.02))
        self.layers = (0..<layers).map { layer in
            modalities.map {
                TransformerLayer(width, heads: heads, hidden: feedforward, from: initializer["layers"][String(layer)][$0.name])
            }
        }
    }

    /// - Parameters:
    ///   - tokens: `N×T_m×H` for each modality.
    ///   - lengths: how many of a sample's tokens are real, for each modality; nil for all.
    ///   - shares: what each modality counts for, `N×1`; nil for all alike.
    /// - Returns: the mean over modalities of the mean over tokens, `N×H`, and the bottleneck tokens
    ///   after the last layer, `N×B×H`.
    func callAsFunction(
        _ tokens: [Tensor], lengths: [[Int]?]? = nil, shares: [Tensor]? = nil, _ pass: Pass
    ) -> (fused: Tensor, bottleneck: Tensor) {
        let (samples, count, width) = (tokens[0].shape[0], bottleneck.shape[1], bottleneck.shape[2])
        let lengths = lengths ?? tokens.map { _ in nil }
        // 1 for the padding, which stands between a sample's real tokens and the bottleneck tokens.
        let masks = zip(lengths, tokens).map { lengths, tokens in
            lengths.map { lengths in
                let places = tokens.shape[1]
                let rows = lengths.flatMap { length in (0..<places + count).map { (length..<places).contains($0) ? Float(1) : 0 } }
                return Tensor(rows, shape: [samples, places + count])
            }
        }
        var x = tokens
        var shared = bottleneck.value.expanded(to: [samples, count, width])
        for layer in layers {
            let all = x.indices.map { layer[$0](Tensor.concatenated([x[$0], shared], axis: 1), keyPaddingMask: masks[$0], pass) }
            x = zip(all, x).map { $0.slice(axis: 1, 0..<$1.shape[1]) }
            shared = Tensor.mean(zip(all, x).map { $0.slice(axis: 1, $1.shape[1]..<$1.shape[1] + count) }, shares: shares)
        }
        let means = zip(x, lengths).map { x, lengths in lengths.map { x.meanPooled(lengths: $0) } ?? x.mean(axis: 1) }
        return (Tensor.mean(means, shares: shares), shared)
    }
}
