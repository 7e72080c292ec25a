import Networks
import Regularization
import Tensors

extension TrainingStep {
    /// A step of a linear model on normally distributed inputs, with three classes and two domains in turn.
    ///
    /// - Parameters:
    ///   - samples: `N`.
    ///   - seed: of the inputs and of the pass.
    public static func sample(
        of model: LinearModel, samples: Int = 8, seed: UInt64 = 7, step: Int = 0, totalSteps: Int = 10
    ) -> TrainingStep {
        let random = RandomSource(seed: seed)
        let pass = Pass(isTraining: true, random: random, step: step)
        let arrays = model.modalities.map { modality in
            var stream = random.stream("input.\(modality)")
            return (modality, stream.normal([samples, model.inputs]))
        }
        let batch = Dictionary(uniqueKeysWithValues: arrays)
        let embeddings = model.encode(batch, pass: pass)
        return TrainingStep(
            inputs: batch, embeddings: embeddings, prediction: model.fuse(embeddings, pass: pass),
            labels: (0..<samples).map { $0 % 3 }, domains: (0..<samples).map { $0 % 2 }, model: model, pass: pass,
            totalSteps: totalSteps)
    }

    /// A step with the given pooled embeddings, for terms that read nothing else. All samples are of class 0 and domain 0.
    public static func sample(embeddings: Embeddings, isTraining: Bool = true) -> TrainingStep {
        let model = LinearModel(widths: embeddings.map { ($0.modality, $0.embedding.width) })
        let samples = embeddings.batchSize
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 3), step: 0)
        return TrainingStep(
            embeddings: embeddings, prediction: model.fuse(embeddings, pass: pass), labels: .init(repeating: 0, count: samples),
            domains: .init(repeating: 0, count: samples), model: model, pass: pass, totalSteps: 1)
    }
}

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
            modalities: modalities, widths: widths, classes: 3, model: LinearModel(), initializer: Initializer(seed: 1), instance: instance)
    }
}
