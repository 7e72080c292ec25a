import Networks
import Regularization
import Tensors

/// The smallest model with everything that a regularizer can ask for: a linear map for each modality, and one over their concatenation.
public final class LinearModel: MultimodalModel {
    public let modalities: [Modality]
    public let embeddingWidths: [Modality: Int]
    public let representationWidth: Int?

    /// Width of each modality's input.
    public let inputs: Int

    /// How often ``encode(_:pass:)`` was called.
    private(set) var passes = 0

    private let encoders: [(modality: Modality, layer: Linear)]
    private let classifier: Linear

    public var parts: Parts {
        [
            "encoders": Parts(encoders.map { (name: $0.modality.name, part: $0.layer as any Part) }),
            "fusion": ["classifier": classifier] as Parts,
        ]
    }

    /// - Parameters:
    ///   - widths: the modalities in order, with the width `D` of each one's embedding.
    ///   - inputs: width of each modality's input.
    ///   - classes: number of classes `K`.
    ///   - givesRepresentation: whether predictions carry what the classifier reads.
    ///   - seed: of the initial values.
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

    /// - Precondition: `inputs` has `N×inputs` for each modality.
    public func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
        passes += 1
        return Embeddings(
            encoders.map { modality, layer in
                guard let input = inputs[modality] else { stop("LinearModel: there is no input for \(modality)") }
                return (modality, Embedding(pooled: layer(input)))
            })
    }

    /// - Precondition: `embeddings` has all modalities, in the model's order.
    public func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let joint = Tensor.concatenated(embeddings.map(\.embedding.pooled), axis: 1)
        return Prediction(logits: classifier(joint), representation: representationWidth == nil ? nil : joint)
    }
}
