import Configuration
import Networks
import Regularization
import Tensors

/// Tensor fusion (Zadeh et al. 2017): all products of features of different modalities, with single
/// features and a constant, then a classifier like that of ``LateFusion``; `tensor` in a recipe.
///
/// Embeddings are first mapped to `width` features each, because the number of products is `Π_m (width
/// + 1)`. A modality that a sample lacks has zeros in its place: only products without it remain.
/// Parts: `projections.<modality>`, `hidden`, `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: tensor, width: 16}
/// ```
public final class TensorFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Width to which each embedding is mapped; 0 takes it as it is.
        public var width = 16
        /// Width of the classifier's hidden layer; 0 leaves it out.
        public var hidden = 128
        /// The dropout rate after the hidden layer.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("width", \.width, in: 0...65536, unit: "features", "width to which each embedding is mapped; 0 leaves it as it is")
            ] + ClassifierHead.fields(\.hidden, \.dropout)
        }
    }

    public static let description = ComponentDescription(
        name: "tensor", summary: "all products of the modalities' features, which are then classified",
        formula: "logits = head([1, h_1] ⊗ … ⊗ [1, h_M]),  h_m = W_m z_m + b_m",
        source: "Zadeh et al., Tensor Fusion Network for Multimodal Sentiment Analysis, EMNLP 2017",
        cost: "O(N·H·(W + 1)^M), with M modalities of W features each and a hidden layer of H", options: Options.descriptions, unsearched: "none is known")

    /// The largest number of products.
    static let limit = 1 << 20

    public let modalities: [Modality]
    public let readsTokens = false
    /// The map of each modality to `width` features; nil where embeddings are used as they are.
    private let projections: [Linear]?
    private let head: ClassifierHead

    public var representationWidth: Int { head.representationWidth }

    public var parts: Parts {
        var parts: Parts = [:]
        if let projections { parts.append(Parts(zip(modalities, projections).map { (name: $0.name, part: $1) }), named: "projections") }
        parts.append(contentsOf: head.parts)
        return parts
    }

    /// Makes the fusion.
    ///
    /// - Throws: `OptionFault` where there would be more than 2²⁰ products.
    public init(options: Options, context: FusionContext) throws(OptionFault) {
        let widths = context.modalities.map { options.width > 0 ? options.width : context.width(of: $0) }
        var products = 1
        for width in widths {
            let (next, overflows) = products.multipliedReportingOverflow(by: width + 1)
            guard !overflows, next <= Self.limit else {
                let list = widths.map { "\($0 + 1)" }.joined(separator: " × ")
                throw OptionFault(option: "width", expected: "a width that makes at most \(Self.limit) products", found: list)
            }
            products = next
        }
        modalities = context.modalities
        projections =
            options.width > 0
            ? context.modalities.map { Linear(context.width(of: $0), options.width, from: context.initializer["projections"][$0.name]) } : nil
        head = ClassifierHead(
            products, hidden: options.hidden, classes: context.classes, dropout: Float(options.dropout), from: context.initializer)
    }

    /// Fuses a batch; the representation is what the last linear map reads.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let pooled = modalities.map { embeddings.required($0).pooled }
        let features = projections.map { projections in zip(projections, pooled).map { $0($1) } } ?? pooled
        return head(Self.products(features), pass)
    }

    /// `[1, h_1] ⊗ … ⊗ [1, h_M]` of each sample, `N×Π(D_m + 1)`, the last modality's features fastest.
    static func products(_ features: [Tensor]) -> Tensor {
        let extended = features.map { Tensor.concatenated([.ones([$0.shape[0], 1]), $0], axis: 1) }
        return extended.dropFirst().reduce(extended[0]) { product, next in
            (product.unsqueezed(axis: 2) * next.unsqueezed(axis: 1)).reshaped([next.shape[0], product.shape[1] * next.shape[1]])
        }
    }
}

/// Low-rank tensor fusion (Liu et al. 2018): ``TensorFusion`` with a weight tensor that is a sum of
/// `rank` products of one factor for each modality; `low-rank-tensor` in a recipe.
///
/// The products are never formed, so that embeddings of any width and any number of modalities are
/// possible. A linear map to the classes follows. A modality that a sample lacks has zeros in its
/// place: its factor is then that of its leading 1. Parts: `factors.<modality>` (`R×(D_m + 1)×width`),
/// `weights` (`1×R`), `bias` (`1×width`), `classifier`.
///
/// ```yaml
/// model:
///   fusion: {use: low-rank-tensor, rank: 4, width: 128}
/// ```
public final class LowRankTensorFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The number of products that the weight tensor is a sum of.
        public var rank = 4
        /// Width of the fused representation.
        public var width = 128

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("rank", \.rank, in: 1...4096, "rank: the number of products that are added up"),
                .integer("width", \.width, in: 1...65536, unit: "features", "width of the fused representation"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "low-rank-tensor", summary: "tensor fusion with a weight tensor of low rank",
        formula: "y = Σ_r w_r Π_m [1, z_m] F_m,r + b;  logits = W y + b'",
        source: "Liu et al., Efficient Low-rank Multimodal Fusion with Modality-Specific Factors, ACL 2018",
        cost: "O(N·R·W·Σ_m D_m), of rank R with a representation of W features", options: Options.descriptions,
        search: [.linear("rank", 1...16, step: 1)], notes: ["The source's program tries the ranks 1, 4, 8 and 16."])

    public let modalities: [Modality]
    public let readsTokens = false
    /// The option `width`.
    public let representationWidth: Int
    /// One factor of the weight tensor for each modality.
    private let factors: [Parameter]
    /// The weight of each product, and the bias of the representation.
    private let weights, bias: Parameter
    private let classifier: Linear

    public var parts: Parts {
        [
            "factors": Parts(zip(modalities, factors).map { (name: $0.name, part: $1) }), "weights": weights, "bias": bias,
            "classifier": classifier,
        ]
    }

    /// Makes the fusion.
    public init(options: Options, context: FusionContext) {
        modalities = context.modalities
        representationWidth = options.width
        factors = context.modalities.map { modality in
            let inputs = context.width(of: modality) + 1
            let deviation = (2 / Float(inputs + options.width)).squareRoot()
            return Parameter(context.initializer["factors"][modality.name].normal([options.rank, inputs, options.width], deviation: deviation))
        }
        weights = Parameter(context.initializer["weights"].normal([1, options.rank], deviation: (2 / Float(1 + options.rank)).squareRoot()))
        bias = Parameter(.zeros([1, options.width]))
        classifier = Linear(options.width, context.classes, from: context.initializer["classifier"])
    }

    /// Fuses a batch; the representation is `y`.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let representation = fused(embeddings)
        return Prediction(logits: classifier(representation), representation: representation)
    }

    /// The representation `y`, `N×width`.
    func fused(_ embeddings: Embeddings) -> Tensor {
        let rank = weights.shape[1]
        let products = zip(modalities, factors).map { modality, factor in
            let z = embeddings.required(modality).pooled
            let extended = Tensor.concatenated([.ones([z.shape[0], 1]), z], axis: 1)
            // One product for all ranks: N×(R·width).
            let joint = factor.value.permuted([1, 0, 2]).reshaped([factor.shape[1], rank * representationWidth])
            return extended.matmul(joint).reshaped([z.shape[0], rank, representationWidth])
        }
        let product = products.dropFirst().reduce(products[0], *)
        return (product * weights.value.reshaped([1, rank, 1])).sum(axis: 1) + bias.value
    }
}
