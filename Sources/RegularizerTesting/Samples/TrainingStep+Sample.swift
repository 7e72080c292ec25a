import Networks
import Regularization
import Tensors

/// Steps for tests of plug-ins, without a data set or a training.
extension TrainingStep {
    /// A step of a linear model on normally distributed inputs, with three classes and two domains in
    /// turn.
    ///
    /// - Parameters:
    ///   - model: whose encoders and fusion are used.
    ///   - samples: `N`.
    ///   - seed: of the inputs and of the pass.
    ///   - step: the number of the step.
    ///   - totalSteps: the length of the training.
    public static func sample(
        of model: LinearModel, samples: Int = 8, seed: UInt64 = 7, step: Int = 0, totalSteps: Int = 10
    ) -> TrainingStep {
        let random = RandomSource(seed: seed)
        let pass = Pass(isTraining: true, random: random, step: step)
        let arrays = model.modalities.map { modality in
            var stream = random.stream("input.\(modality)")
            return (modality, stream.normal([samples, model.inputs]))
        }
        let batch = Inputs(Dictionary(uniqueKeysWithValues: arrays))
        let embeddings = model.encode(batch, pass: pass)
        return TrainingStep(
            inputs: batch, embeddings: embeddings, prediction: model.fuse(embeddings, pass: pass),
            targets: .classes((0..<samples).map { $0 % 3 }, of: 3), domains: (0..<samples).map { $0 % 2 }, model: model, pass: pass,
            totalSteps: totalSteps)
    }

    /// A step with the given embeddings, for terms that read nothing else. All samples are of class 0
    /// and domain 0; the prediction comes from a new linear model of the embeddings' widths.
    ///
    /// - Parameters:
    ///   - embeddings: pooled, `N×D` for each modality, with tokens and presences where they matter.
    ///   - isTraining: whether random parts, such as dropout, are active.
    ///
    /// ```swift
    /// let z = Tensor([1, 0, 0, 1], shape: [2, 2])
    /// let step = TrainingStep.sample(embeddings: ["video": Embedding(pooled: z)])
    /// ```
    public static func sample(embeddings: Embeddings, isTraining: Bool = true) -> TrainingStep {
        let model = LinearModel(widths: embeddings.map { ($0.modality, $0.embedding.width) })
        let samples = embeddings.batchSize
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 3), step: 0)
        return TrainingStep(
            embeddings: embeddings, prediction: model.fuse(embeddings, pass: pass), targets: .classes(.init(repeating: 0, count: samples), of: 3),
            domains: .init(repeating: 0, count: samples), model: model, pass: pass, totalSteps: 1)
    }
}

/// Steps of classification.
extension TrainingStep {
    /// A step of classification, given the class of each sample instead of targets.
    public init(
        inputs: Inputs = [:], originalEmbeddings: Embeddings? = nil, embeddings: Embeddings, prediction: Prediction,
        labels: [Int], domains: [Int], model: any MultimodalModel, pass: Pass, totalSteps: Int
    ) {
        self.init(
            inputs: inputs, originalEmbeddings: originalEmbeddings, embeddings: embeddings, prediction: prediction,
            targets: .classes(labels, of: prediction.logits.shape[1]), domains: domains, model: model, pass: pass, totalSteps: totalSteps)
    }

    /// A step without samples whose update has just been made, for regularizers that follow the model
    /// alone.
    public static func sample(updating model: any MultimodalModel, _ pass: Pass = .evaluation) -> TrainingStep {
        TrainingStep(
            embeddings: [:], prediction: Prediction(logits: Tensor.zeros([0, 1])), labels: [], domains: [], model: model, pass: pass, totalSteps: 1)
    }
}

/// Objectives for tests of hooks that change gradients.
extension StepObjective {
    /// An objective that only has gradients at moved parameters, given by `moved`.
    public static func moving(_ moved: @escaping (_ displacement: Gradients) throws -> Gradients) -> StepObjective {
        StepObjective(movedBy: moved, ofRows: { _, _ in Gradients(names: [], values: []) })
    }
}

/// The numbers that a regularizer reports while it changes gradients.
public func reported(_ regularizer: some ChangesGradients, _ step: TrainingStep) -> [Penalty.Report] {
    let before = step.reports.count
    _ = try? regularizer.changedGradients(Gradients(names: [], values: []), at: step, of: .moving { $0 })
    return Array(step.reports.dropFirst(before))
}

/// Contexts for tests of plug-ins.
extension RegularizerContext {
    /// The context of a regularizer for a linear model.
    ///
    /// - Parameters:
    ///   - modalities: those that it sees.
    ///   - widths: `D` of each of them; a regularizer that asks for no width needs none.
    public static func sample(
        _ modalities: [Modality] = ["video", "audio"], widths: [Modality: Int] = [:], instance: String
    ) -> RegularizerContext {
        RegularizerContext(
            modalities: modalities, widths: widths, classes: 3, sourceDomains: [0, 1], model: LinearModel(), initializer: Initializer(seed: 1),
            instance: instance)
    }
}
