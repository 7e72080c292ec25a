import Configuration
import Networks
import Regularization
import Tensors

/// Late fusion: the pooled embeddings side by side, then linear map, ReLU, dropout and a linear map to the classes.
///
/// Modalities stand in the order of their names. A modality that a sample lacks has zeros in its place. Parts: `hidden`, `classifier`.
public final class LateFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// Width of the hidden layer; 0 classifies the embeddings directly.
        public var hidden = 512
        /// Rate after the hidden layer.
        public var dropout = 0.5

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .integer(
                    "hidden", \.hidden, in: 0...65536, unit: "features",
                    "width of the hidden layer; 0 classifies the embeddings directly"),
                .number("dropout", \.dropout, in: 0.0...1.0, "rate after the hidden layer"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "late", summary: "concatenate the pooled embeddings, one hidden layer, classify",
        formula: "logits = W₂ dropout(relu(W₁ [z₁; …; z_M] + b₁)) + b₂", options: Options.descriptions)

    public let modalities: [Modality]
    public let readsTokens = false
    private let head: ClassifierHead

    public var parts: Parts { head.parts }
    public var representationWidth: Int { head.representationWidth }

    public init(options: Options, context: FusionContext) throws(OptionFault) {
        modalities = context.modalities
        head = ClassifierHead(
            context.modalities.reduce(0) { $0 + context.width(of: $1) }, hidden: options.hidden,
            classes: context.classes, dropout: Float(options.dropout), from: context.initializer)
    }

    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        head(Tensor.concatenated(modalities.map { embeddings.required($0).pooled }, axis: 1), pass)
    }
}
