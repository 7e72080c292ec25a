import Configuration
import Networks
import Regularization
import Tensors

/// Feature-wise linear modulation: one modality scales and shifts every feature of the other.
///
/// `γ` is used as it is, not as a deviation from 1. For two modalities. One that a sample lacks has zeros in its place: as the condition it
/// leaves what the biases say. Parts: `condition`, `output`.
public final class FiLMFusion: FusionPlugin {
    public struct Options: Configuration.Options {
        /// The modality that modulates; the first by name where it is left out.
        public var condition: String?

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.text("condition", \.condition, "the modality that modulates the other; the first by name if left out")]
        }
    }

    public static let description = ComponentDescription(
        name: "film", summary: "one modality scales and shifts the features of the other", formula: "logits = W (γ ∘ z_b + β) + b,  [γ, β] = W' z_a + b'",
        source: "Perez et al., FiLM: Visual Reasoning with a General Conditioning Layer, AAAI 2018; as in Peng et al., OGM-GE, CVPR 2022",
        options: Options.descriptions)

    public let modalities: [Modality]
    public let readsTokens = false
    public let representationWidth: Int
    private let modulating, modulated: Modality
    private let condition, output: Linear

    public var parts: Parts { ["condition": condition, "output": output] }

    public init(options: Options, context: FusionContext) throws(OptionFault) {
        try context.requireTwoModalities(for: Self.description.name)
        let modulating = try context.modality(options.condition, option: "condition", for: Self.description.name)
        self.modulating = modulating
        modulated = context.modalities.first { $0 != modulating } ?? modulating
        modalities = context.modalities
        representationWidth = context.width(of: modulated)
        condition = Linear(context.width(of: modulating), 2 * representationWidth, from: context.initializer["condition"])
        output = Linear(representationWidth, context.classes, from: context.initializer["output"])
    }

    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let modulation = condition(embeddings.required(modulating).pooled)
        let scale = modulation.slice(axis: 1, 0..<representationWidth)
        let shift = modulation.slice(axis: 1, representationWidth..<2 * representationWidth)
        let representation = scale * embeddings.required(modulated).pooled + shift
        return Prediction(logits: output(representation), representation: representation)
    }
}
