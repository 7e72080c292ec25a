import Foundation
import Networks
import Regularization
import Tensors

/// One batch as the model reads it.
package struct Batch {
    /// One array `N×…` for each modality.
    package let inputs: [Modality: Tensor]
    /// The class of each sample.
    package let labels: [Int]
    /// The source domain of each sample.
    package let domains: [Int]

    package init(inputs: [Modality: Tensor], labels: [Int], domains: [Int]) {
        self.inputs = inputs
        self.labels = labels
        self.domains = domains
    }
}

/// Why a training cannot go on: a term of the loss is no longer a number.
package struct TrainingFailure: Error, Hashable {
    /// `task` for the cross-entropy, else the instance name of the term.
    package let term: String
    /// The step at which it was seen, from 0.
    package let step: Int
    package let message: String
}

/// What one step did.
package struct StepRecord {
    /// The whole loss, penalties included.
    package let loss: Float
    /// The cross-entropy alone, and every term as it was logged.
    package let terms: [Penalty.Report]
}

/// Takes training steps on one model with one list of regularizers.
///
///     inputs ──encode──► z ──transform──► z' ──fuse──► logits        loss = cross-entropy(logits, targets) + Σ penalties
///     labels ──transform──► targets
///
/// It sees source samples only, and knows no data set and no recipe.
package final class Trainer {
    package let model: any MultimodalModel
    package let regularizers: RegularizerList
    /// Everything that is trained: the model's parameters and those that regularizers own.
    package let parameters: [NamedParameter]
    package private(set) var step = 0
    /// Seconds of wall time spent in the penalties' forward pass.
    package private(set) var secondsInPenalties = 0.0

    private let classes: Int
    private let optimizer: any Optimizer
    private let schedule: LearningRateSchedule
    private let gradientClip: Float?
    private let random: RandomSource
    private let totalSteps: Int

    /// - Parameters:
    ///   - makeOptimizer: makes the optimizer for everything that is trained.
    ///   - gradientClip: the largest common norm of all gradients; nil for no limit.
    ///   - random: where dropout, noise and the like draw from.
    package init<Fault: Error>(
        model: any MultimodalModel, regularizers: RegularizerList, classes: Int, schedule: LearningRateSchedule,
        gradientClip: Float? = nil, random: RandomSource, totalSteps: Int,
        makeOptimizer: ([NamedParameter]) throws(Fault) -> any Optimizer
    ) throws(Fault) {
        self.model = model
        self.regularizers = regularizers
        self.classes = classes
        self.schedule = schedule
        self.gradientClip = gradientClip
        self.random = random
        self.totalSteps = totalSteps
        let owned = regularizers.parts.namedParameters.map { (name: "regularizers." + $0.name, parameter: $0.parameter) }
        parameters = model.namedParameters + owned
        optimizer = try makeOptimizer(parameters)
    }

    /// Takes one step.
    ///
    /// - Throws: `TrainingFailure` where the loss is not finite; the parameters have not been changed then.
    package func train(on batch: Batch) throws(TrainingFailure) -> StepRecord {
        let pass = Pass(isTraining: true, random: random, step: step)
        let original = model.encode(batch.inputs, pass: pass)
        let embeddings = regularizers.transform(original, pass: pass)
        let prediction = model.fuse(embeddings, pass: pass)
        let targets = regularizers.transform(targets: .oneHot(batch.labels, classes: classes), pass: pass)
        let base = prediction.logits.crossEntropy(targets: targets)

        let started = ContinuousClock.now
        let penalty = regularizers.penalty(
            TrainingStep(
                inputs: batch.inputs, originalEmbeddings: original, embeddings: embeddings, prediction: prediction,
                labels: batch.labels, domains: batch.domains, model: model, pass: pass, totalSteps: totalSteps))
        secondsInPenalties += started.duration(to: .now) / .seconds(1)

        let loss = penalty.map { base + $0.value } ?? base
        let terms = [(name: "task", value: base.item)] + (penalty?.reports ?? [])
        guard loss.item.isFinite else { throw failure(loss.item, terms) }

        let rate = schedule.rate(atStep: step)
        var gradients = gradients(of: loss, with: parameters.map(\.parameter.value))
        if let gradientClip { clipGradientNorm(&gradients, to: gradientClip) }
        optimizer.update(gradients: gradients, learningRate: rate)
        withoutGradients { regularizers.didUpdate(model, learningRate: rate, pass: pass) }
        step += 1
        return StepRecord(loss: loss.item, terms: terms)
    }

    private func failure(_ loss: Float, _ terms: [Penalty.Report]) -> TrainingFailure {
        // Terms whose weight is 0 may be anything, and numbers logged beside a term do not enter the loss.
        let parts = terms.filter { $0.name == "task" || $0.name.hasSuffix(".weighted") }
        let culprit = parts.first { !$0.value.isFinite }.map { $0.name.replacing(".weighted", with: "") } ?? "task"
        return TrainingFailure(term: culprit, step: step, message: "the loss became \(loss)")
    }
}
