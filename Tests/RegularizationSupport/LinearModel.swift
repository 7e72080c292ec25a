import Networks
import Regularization
import Tensors

/// The smallest model with everything that a regularizer can ask for: a linear map for each modality, and one over their concatenation.
package final class LinearModel: MultimodalModel {
    package let modalities: [Modality]
    package let embeddingWidths: [Modality: Int]
    package let representationWidth: Int?

    private let encoders: [(modality: Modality, layer: Linear)]
    private let classifier: Linear

    package var parts: Parts {
        [
            "encoders": Parts(encoders.map { (name: $0.modality.name, part: $0.layer as any Part) }),
            "fusion": ["classifier": classifier] as Parts,
        ]
    }

    /// - Parameter givesRepresentation: whether predictions carry what the classifier reads.
    package init(
        widths: [(Modality, Int)] = [("video", 6), ("audio", 4)], inputs: Int = 5, classes: Int = 3, givesRepresentation: Bool = true,
        seed: UInt64 = 1
    ) {
        let initializer = Initializer(seed: seed)
        modalities = widths.map(\.0)
        embeddingWidths = Dictionary(uniqueKeysWithValues: widths)
        encoders = widths.map { ($0, Linear(inputs, $1, from: initializer["encoders"][$0.name])) }
        let total = widths.reduce(0) { $0 + $1.1 }
        classifier = Linear(total, classes, from: initializer["fusion.classifier"])
        representationWidth = givesRepresentation ? total : nil
    }

    package func encode(_ inputs: [Modality: Tensor], pass: Pass) -> Embeddings {
        Embeddings(
            encoders.map { modality, layer in
                guard let input = inputs[modality] else { preconditionFailure("no input for \(modality)") }
                return (modality, Embedding(pooled: layer(input)))
            })
    }

    package func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let joint = Tensor.concatenated(embeddings.map(\.embedding.pooled), axis: 1)
        return Prediction(logits: classifier(joint), representation: representationWidth == nil ? nil : joint)
    }
}

extension TrainingStep {
    /// A step of the model on normally distributed inputs.
    package static func sample(
        of model: LinearModel, samples: Int = 8, inputs: Int = 5, seed: UInt64 = 7, step: Int = 0, totalSteps: Int = 10
    ) -> TrainingStep {
        let random = RandomSource(seed: seed)
        let pass = Pass(isTraining: true, random: random, step: step)
        let arrays = model.modalities.map { modality in
            var stream = random.stream("input.\(modality)")
            return (modality, stream.normal([samples, inputs]))
        }
        let batch = Dictionary(uniqueKeysWithValues: arrays)
        let embeddings = model.encode(batch, pass: pass)
        return TrainingStep(
            inputs: batch, embeddings: embeddings, prediction: model.fuse(embeddings, pass: pass),
            labels: (0..<samples).map { $0 % 3 }, domains: (0..<samples).map { $0 % 2 }, model: model, pass: pass,
            totalSteps: totalSteps)
    }

    /// A step with the given pooled embeddings, for terms that read nothing else.
    package static func sample(embeddings: Embeddings, isTraining: Bool = true) -> TrainingStep {
        let model = LinearModel(widths: embeddings.map { ($0.modality, $0.embedding.width) })
        let samples = embeddings.batchSize
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 3), step: 0)
        return TrainingStep(
            embeddings: embeddings, prediction: model.fuse(embeddings, pass: pass), labels: .init(repeating: 0, count: samples),
            domains: .init(repeating: 0, count: samples), model: model, pass: pass, totalSteps: 1)
    }
}

extension RegularizerContext {
    /// The context of a regularizer that asks for little.
    package static func sample(_ modalities: [Modality] = ["video", "audio"], instance: String) -> RegularizerContext {
        RegularizerContext(
            modalities: modalities, widths: [:], classes: 3, model: LinearModel(), initializer: Initializer(seed: 1), instance: instance)
    }
}
