import Networks
import Regularization
import RegularizerTesting
import Tensors

// Steps and contexts for regularizers that look at source domains.

extension TrainingStep {
    /// A step with one modality `x` whose pooled embeddings are given.
    static func ofDomains(_ z: Tensor, labels: [Int]? = nil, _ domains: [Int], number: Int = 0, totalSteps: Int = 10) -> TrainingStep {
        ofDomains(
            z, logits: .zeros([z.shape[0], 3]), labels: labels ?? .init(repeating: 0, count: z.shape[0]), domains, number: number, totalSteps: totalSteps)
    }

    /// A step with given logits, whose fused representation are the embeddings.
    static func ofDomains(
        _ z: Tensor = .zeros([1, 1]), logits: Tensor, labels: [Int], _ domains: [Int], number: Int = 0, totalSteps: Int = 10
    ) -> TrainingStep {
        TrainingStep(
            embeddings: ["x": Embedding(pooled: z)], prediction: Prediction(logits: logits, representation: z), labels: labels,
            domains: domains, model: LinearModel(), pass: Pass(isTraining: true, random: RandomSource(seed: 3), step: number),
            totalSteps: totalSteps)
    }
}

extension RegularizerContext {
    /// The context of a regularizer that sees one modality `x`.
    static func ofDomains(
        _ domains: SourceDomains, width: Int = 1, classes: Int = 3, model: any MultimodalModel = LinearModel()
    ) -> RegularizerContext {
        RegularizerContext(
            modalities: ["x"], widths: ["x": width], classes: classes, sourceDomains: domains, model: model, initializer: Initializer(seed: 1),
            instance: "term")
    }
}
