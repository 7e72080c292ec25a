import Configuration
import Networks
import Regularization
import Tensors

/// Feature-wise linear modulation (Perez et al. 2018): one modality scales and shifts every feature of
/// the other; `film` in a recipe.
///
/// The scale `γ` is used directly, not as a deviation from 1. For two modalities. One that a sample
/// lacks has zeros in its place: as the condition it leaves scale and shift at their biases. Parts:
/// `condition`, `output`.
///
/// ```yaml
/// model:
///   fusion: {use: film, condition: audio}
/// ```
public final class FiLMFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The modality that modulates the other one; the first by name where it is left out.
        public var condition: String?

        public init() {}

        public static var fields: [OptionField<Options>] {
            [.text("condition", \.condition, "the modality that modulates the other; by default the first by name")]
        }
    }

    public static let description = ComponentDescription(
        name: "film", summary: "one modality scales and shifts the features of the other", formula: "logits = W (γ ∘ z_b + β) + b,  [γ, β] = W' z_a + b'",
        source: "Perez et al., FiLM: Visual Reasoning with a General Conditioning Layer, AAAI 2018; as in Peng et al., OGM-GE, CVPR 2022",
        cost: "O(N·D_b·(D_a + K)), with K classes", options: Options.descriptions, unsearched: "none is known", notes: ["It is defined for two modalities."])

    public let modalities: [Modality]
    public let readsTokens = false
    /// The width of the modulated modality.
    public let representationWidth: Int
    /// The modality that modulates, and the one that is modulated.
    private let modulating, modulated: Modality
    /// The map from the condition to scale and shift, and the map to the classes.
    private let condition, output: Linear

    public var parts: Parts { ["condition": condition, "output": output] }

    /// Makes the fusion.
    ///
    /// - Throws: `OptionFault` for another number of modalities than two, or a condition that is none
    ///   of them.
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

    /// Fuses a batch; the representation is the modulated embedding.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let modulation = condition(embeddings.required(modulating).pooled)
        let scale = modulation.slice(axis: 1, 0..<representationWidth)
        let shift = modulation.slice(axis: 1, representationWidth..<2 * representationWidth)
        let representation = scale * embeddings.required(modulated).pooled + shift
        return Prediction(logits: output(representation), representation: representation)
    }
}

/// Gated fusion: one modality decides for each feature how much of it passes; `gated` in a recipe.
///
/// Defined for two modalities. With more, those that are not the gate are added up first, which is a
/// convention of Regulus. A modality that a sample lacks has zeros in its place: as the gate it lets
/// through what its bias says. Parts: `projections.<modality>`, `output`.
///
/// ```yaml
/// model:
///   fusion: {use: gated, gate: audio, width: 512}
/// ```
public final class GatedFusion: FusionPlugin {
    /// What a recipe may choose.
    public struct Options: Configuration.Options {
        /// The modality that is the gate; the first by name where it is left out.
        public var gate: String?
        /// The width of what passes the gate.
        public var width = 512

        public init() {}

        public static var fields: [OptionField<Options>] {
            [
                .text("gate", \.gate, "the modality that is the gate; by default the first by name"),
                .integer("width", \.width, in: 1...65536, unit: "features", "number of features that pass the gate"),
            ]
        }
    }

    public static let description = ComponentDescription(
        name: "gated", summary: "one modality gates the features of the others", formula: "logits = W (σ(h_g) ∘ Σ_{m≠g} h_m) + b,  h_m = W_m z_m + b_m",
        source: "Kiela et al., Efficient Large-Scale Multi-Modal Classification, AAAI 2018; as in Peng et al., OGM-GE, CVPR 2022",
        cost: "O(N·W·(Σ_m D_m + K)), with W features that pass and K classes", options: Options.descriptions, unsearched: "none is known",
        notes: ["It is defined for two modalities; of more, those that are not the gate are added up, which is our convention."])

    public let modalities: [Modality]
    public let readsTokens = false
    /// The option `width`.
    public let representationWidth: Int
    /// The modality that is the gate.
    private let gate: Modality
    /// The map of each modality's embedding to that width.
    private let projections: [Linear]
    /// The map to the classes.
    private let output: Linear

    public var parts: Parts {
        ["projections": Parts(zip(modalities, projections).map { (name: $0.name, part: $1) }), "output": output]
    }

    /// Makes the fusion.
    ///
    /// - Throws: `OptionFault` for a single modality, or a gate that is none of them.
    public init(options: Options, context: FusionContext) throws(OptionFault) {
        gate = try context.modality(options.gate, option: "gate", for: Self.description.name)
        modalities = context.modalities
        representationWidth = options.width
        projections = context.modalities.map {
            Linear(context.width(of: $0), options.width, from: context.initializer["projections"][$0.name])
        }
        output = Linear(options.width, context.classes, from: context.initializer["output"])
    }

    /// Fuses a batch; the representation is what the gate lets through.
    public func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        var through: Tensor?
        var opening = Tensor(1)
        for (modality, projection) in zip(modalities, projections) {
            let h = projection(embeddings.required(modality).pooled)
            if modality == gate { opening = h.sigmoid() } else { through = through.map { $0 + h } ?? h }
        }
        let representation = through.map { opening * $0 } ?? opening
        return Prediction(logits: output(representation), representation: representation)
    }
}

/// What fusions with a distinguished modality ask of the model.
extension FusionContext {
    /// The modality that an option names; the first by name where it names none.
    ///
    /// - Throws: `OptionFault` where there is only one modality, or none of that name.
    func modality(_ name: String?, option: String, for fusion: String) throws(OptionFault) -> Modality {
        guard modalities.count >= 2 else {
            throw OptionFault(option: nil, expected: "at least two modalities for \(fusion)", found: modalities.map(\.name).joined(separator: ", "))
        }
        guard let name else { return modalities[0] }
        let names = modalities.map(\.name)
        guard names.contains(name) else {
            throw OptionFault(
                option: option, expected: "one of \(names.joined(separator: ", "))", found: name, suggestion: nearestName(to: name, among: names))
        }
        return Modality(name)
    }

    /// Refuses any other number of modalities than two.
    ///
    /// - Throws: `OptionFault` without an option's name.
    func requireTwoModalities(for fusion: String) throws(OptionFault) {
        guard modalities.count != 2 else { return }
        throw OptionFault(option: nil, expected: "two modalities for \(fusion)", found: modalities.map(\.name).joined(separator: ", "))
    }
}
