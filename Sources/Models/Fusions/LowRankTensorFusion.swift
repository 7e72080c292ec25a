import Configuration
import Networks
import Regularization
import Tensors

/// Low-rank tensor fusion: that of ``TensorFusion`` with a weight tensor that is a sum of `rank` products of one factor for each modality.
///
/// The products are never formed, so embeddings of any width and any number of modalities fit. A linear map to the classes follows. A modality
/// that a sample lacks has zeros in its place: its factor is then that of its leading 1. Parts: `factors.<modality>` (`R×(D_m + 1)×width`),
/// `weights` (`1×R`), `bias` (`1×width`), `classifier`.
public final class LowRankTensorFusion: FusionPlugin {
    public struct Options: Configuration.Options {
        public var rank = 4
        /// Width of the fused representation.
        public var width = 128

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer("rank", \.rank, in: 1...4096, "products that are added up"),
                .integer("width", \.width, in: 1...65536, unit: "features", "width of the fused representation"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "low-rank-tensor", summary: "tensor fusion with a weight tensor of low rank, then classify",
        formula: "y = Σ_r w_r Π_m [1, z_m] F_m,r + b;  logits = W y + b'",
        source: "Liu et al., Efficient Low-rank Multimodal Fusion with Modality-Specific Factors, ACL 2018", options: Options.descriptions)

    public let modalities: [Modality]
    public let readsTokens = false
    public let representationWidth: Int
    private let factors: [Parameter]
    private let weights, bias: Parameter
    private let classifier: Linear

    public var parts: Parts {
        [
            "factors": Parts(zip(modalities, factors).map { (name: $0.name, part: $1) }), "weights": weights, "bias": bias,
            "classifier": classifier,
        ]
    }

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

    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let representation = fused(embeddings)
        return Prediction(logits: classifier(representation), representation: representation)
    }

    /// `y`, `N×width`.
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
