import Networks
import Regularization
import Tensors

/// The smallest model that has everything a regularizer can ask for: a linear map for each modality,
/// and one over their concatenation. It shows its inputs as feature maps of one channel, at the point
/// `input`.
///
/// It is what the contract uses, and it suits tests of plug-ins: it costs almost nothing, and its
/// gradients can be computed by hand.
///
/// ```swift
/// let model = LinearModel(widths: [("video", 6), ("audio", 4)], classes: 3)
/// let step = TrainingStep.sample(of: model, samples: 8)
/// let penalty = try Shrink(options: .init(), context: .sample(instance: "shrink")).penalty(step)
/// ```
public final class LinearModel: OffersFeatureMaps {
    /// The modalities, in the order in which they were given.
    public let modalities: [Modality]
    /// The width of each modality's embedding.
    public let embeddingWidths: [Modality: Int]
    /// The sum of the widths; nil where predictions carry no representation.
    public let representationWidth: Int?

    /// The width of each modality's input.
    public let inputs: Int

    /// The number of calls of ``encode(_:pass:)``, from which extra passes are counted.
    private(set) var passes = 0

    /// A linear map for each modality.
    private let encoders: [(modality: Modality, layer: Linear)]
    /// The linear map from all embeddings to the logits.
    private let classifier: Linear

    /// The parameters: `encoders.<modality>.weight` and `.bias` for each modality, and
    /// `fusion.classifier.weight` and `.bias`.
    public var parts: Parts {
        [
            "encoders": Parts(encoders.map { (name: $0.modality.name, part: $0.layer as any Part) }),
            "fusion": ["classifier": classifier] as Parts,
        ]
    }

    /// Makes a model.
    ///
    /// - Parameters:
    ///   - widths: the modalities in order, with the width `D` of each one's embedding.
    ///   - inputs: the width of each modality's input.
    ///   - classes: the number of classes `K`.
    ///   - givesRepresentation: whether predictions carry the vector that the classifier reads, so that
    ///     terms can act `at: fused`.
    ///   - seed: the seed of the initial values.
    public init(
        widths: [(Modality, Int)] = [("video", 6), ("audio", 4)], inputs: Int = 5, classes: Int = 3, givesRepresentation: Bool = true,
        seed: UInt64 = 1
    ) {
        let initializer = Initializer(seed: seed)
        self.inputs = inputs
        modalities = widths.map(\.0)
        embeddingWidths = Dictionary(uniqueKeysWithValues: widths)
        encoders = widths.map { ($0, Linear(inputs, $1, from: initializer["encoders"][$0.name])) }
        let total = widths.reduce(0) { $0 + $1.1 }
        classifier = Linear(total, classes, from: initializer["fusion.classifier"])
        representationWidth = givesRepresentation ? total : nil
    }

    /// Maps each input `N×inputs` to an embedding `N×D`, without tokens.
    ///
    /// - Precondition: there is an input for each modality.
    public func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
        passes += 1
        return Embeddings(
            encoders.map { modality, layer in
                guard let input = inputs[modality] else { stop("LinearModel: there is no input for \(modality)") }
                return (modality, Embedding(pooled: layer(input)))
            })
    }

    public var featureMapPoints: [Modality: [FeatureMapPoint]] {
        Dictionary(modalities.map { ($0, [FeatureMapPoint("input")]) }) { first, _ in first }
    }

    /// Encodes a batch with changes of its inputs, which are its feature maps.
    ///
    /// - Precondition: as without changes.
    public func encode(_ inputs: Inputs, pass: Pass, changing change: (Modality, FeatureMap) throws -> Tensor) rethrows -> Embeddings {
        var changed = inputs
        for modality in modalities {
            let presence = inputs.presence(of: modality)
            guard let input = inputs[modality], presence.rows?.isEmpty != true else { continue }
            let present = Embedding(pooled: input, presence: presence).present
            let values = try change(modality, FeatureMap(present.unsqueezed(axis: 2), at: "input")).reshaped(present.shape)
            changed[modality] = presence.rows.map { Embedding(pooled: values).spread(to: $0, of: input.shape[0]).pooled } ?? values
        }
        return encode(changed, pass: pass)
    }

    /// Concatenates the pooled embeddings in the model's order and maps them to `N×K`.
    ///
    /// - Precondition: `embeddings` has all modalities, in the model's order.
    public func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let joint = Tensor.concatenated(embeddings.map(\.embedding.pooled), axis: 1)
        return Prediction(logits: classifier(joint), representation: representationWidth == nil ? nil : joint)
    }
}
