import Networks
import Tensors

/// One step of training, as a penalty sees it: after the forward pass, before the gradients.
public struct TrainingStep {
    /// The batch, one array `N×…` for each modality, as the encoders got it.
    public let inputs: [Modality: Tensor]

    /// What the encoders returned. Terms that are defined on "the encoder's output" read these.
    public var originalEmbeddings: Embeddings

    /// The same after every regularizer's transform: what the fusion module got.
    public var embeddings: Embeddings

    /// What the fusion module returned.
    public let prediction: Prediction

    /// The class of each sample, `N` numbers in `0..<K`.
    public let labels: [Int]

    /// The source domain of each sample, `N` numbers.
    public let domains: [Int]

    /// The model, for terms that fuse embeddings of their own making or read its parameters.
    public let model: any MultimodalModel

    /// Training or evaluation, random numbers, step.
    public let pass: Pass

    /// How many steps the whole training has.
    public let totalSteps: Int

    /// - Parameter originalEmbeddings: left out where no regularizer transforms embeddings.
    public init(
        inputs: [Modality: Tensor] = [:], originalEmbeddings: Embeddings? = nil, embeddings: Embeddings,
        prediction: Prediction, labels: [Int], domains: [Int], model: any MultimodalModel, pass: Pass, totalSteps: Int
    ) {
        self.inputs = inputs
        self.originalEmbeddings = originalEmbeddings ?? embeddings
        self.embeddings = embeddings
        self.prediction = prediction
        self.labels = labels
        self.domains = domains
        self.model = model
        self.pass = pass
        self.totalSteps = totalSteps
    }

    /// The share of the training that lies behind, from 0 to 1.
    public var progress: Double { pass.progress(of: totalSteps) }
}

extension Pass {
    /// The share of a training of `totalSteps` steps that lies behind this pass, from 0 to 1.
    public func progress(of totalSteps: Int) -> Double {
        min(1, Double(step) / Double(max(totalSteps, 1)))
    }
}
