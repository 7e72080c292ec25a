import Configuration
import Networks
import Regularization
import Tensors

/// Fusion by sum: each modality has a linear map to the classes, and these add up.
///
/// What a modality says alone is its own summand, so nothing is shared between modalities but the loss. Every map has a bias of its own, and
/// the biases add up. A modality that a sample lacks says its bias. Parts: `projections.<modality>`.
public final class SumFusion: FusionPlugin {
    public static let description = ComponentDescription(
        name: "sum", summary: "a linear map from each modality to the classes, added up", formula: "logits = Σ_m (W_m z_m + b_m)",
        source: "as in Peng et al., OGM-GE, CVPR 2022")

    public let modalities: [Modality]
    public let readsTokens = false
    public let representationWidth: Int
    private let projections: [Linear]

    public var parts: Parts { ["projections": Parts(zip(modalities, projections).map { (name: $0.name, part: $1) })] }

    public init(options: NoOptions, context: FusionContext) {
        modalities = context.modalities
        projections = context.modalities.map {
            Linear(context.width(of: $0), context.classes, from: context.initializer["projections"][$0.name])
        }
        representationWidth = context.modalities.reduce(0) { $0 + context.width(of: $1) }
    }

    /// The representation is that of ``LateFusion``: the embeddings side by side.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let pooled = modalities.map { embeddings.required($0).pooled }
        let logits = zip(projections, pooled).map { $0($1) }
        return Prediction(logits: logits.dropFirst().reduce(logits[0], +), representation: Tensor.concatenated(pooled, axis: 1))
    }
}
