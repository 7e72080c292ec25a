import Networks
import Regularization
import Results
import Tensors

extension Trainer {
    /// Times whole steps on a batch, and each term's part of one: the median of some repetitions.
    ///
    /// A term's part is its own hooks, and the way back from its penalty to the embeddings and to everything that is trained. The way on
    /// from the embeddings through the encoders is the step's own and counts for no term.
    ///
    /// These are steps like any other and change the model: meant for a trainer that is done.
    ///
    /// - Returns: nil where a step fails.
    package func measureCost(on batch: Batch, repetitions: Int = 3) -> StepCost? {
        func median(_ body: () throws(TrainingFailure) -> Void) throws(TrainingFailure) -> Double {
            var times: [Double] = []
            for _ in 0..<repetitions {
                let started = ContinuousClock.now
                try body()
                times.append(started.duration(to: .now) / .seconds(1))
            }
            return times.sorted()[repetitions / 2]
        }
        do {
            let seconds = try median { () throws(TrainingFailure) in _ = try train(on: batch) }
            let pass = Pass(isTraining: true, random: RandomSource(seed: 0), step: step)
            let gradients = differentiate(batch, pass, movedBy: Gradients(names: parameters.map(\.name), values: parameters.map { _ in nil }))
            let rest = forward(batch, pass).step
            let terms = try regularizers.terms.map { (term) throws(TrainingFailure) in
                StepCost.Term(
                    instance: term.instance,
                    seconds: try median { () throws(TrainingFailure) in passThrough(term, cut(rest), gradients: gradients, batch) })
            }
            return StepCost(seconds: seconds, terms: terms)
        } catch {
            return nil
        }
    }

    /// Every hook of one term, once.
    private func passThrough(_ term: RegularizerTerm, _ step: TrainingStep, gradients: Gradients, _ batch: Batch) {
        var step = step
        step.embeddings = term.transform(step.originalEmbeddings, pass: step.pass)
        _ = term.transform(targets: .oneHot(step.labels, classes: step.prediction.logits.shape[1]), pass: step.pass)
        if let penalty = term.penalty(step) { _ = differentiate(penalty.value) }
        _ = term.transform(gradients, step: step) { differentiate(batch, step.pass, movedBy: $0) }
        withoutGradients { term.didUpdate(model, learningRate: 0, pass: step.pass) }
    }

    /// The step with embeddings and prediction as variables of their own.
    private func cut(_ step: TrainingStep) -> TrainingStep {
        func cut(_ tensor: Tensor) -> Tensor { tensor.detached().tracked() }
        let embeddings = step.originalEmbeddings.mapEmbeddings { $1.map { array, _ in cut(array) } }
        return TrainingStep(
            inputs: step.inputs, embeddings: embeddings,
            prediction: Prediction(logits: cut(step.prediction.logits), representation: step.prediction.representation.map(cut)),
            labels: step.labels, domains: step.domains, model: model, pass: step.pass, totalSteps: step.totalSteps)
    }
}
