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
    /// The samples' rows in the data set; empty where they are of none.
    package let rows: [Int]

    package init(inputs: [Modality: Tensor], labels: [Int], domains: [Int], rows: [Int] = []) {
        self.inputs = inputs
        self.labels = labels
        self.domains = domains
        self.rows = rows
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
    /// Each term's share of the gradient; empty where it was not asked for. See `GradientShares`.
    package let gradientShares: [String: Double]
}

/// Takes training steps on one model with one list of regularizers.
///
///     inputs ──encode──► z ──transform──► z' ──fuse──► logits        loss = cross-entropy(logits, targets) + Σ penalties
///     labels ──transform──► targets
///     loss ──differentiate──► gradients ──transform──► optimizer
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

    private let names: [String]
    private let buffers: [Buffer]
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
        names = parameters.map(\.name)
        buffers = (model.namedBuffers + regularizers.parts.namedBuffers).map(\.buffer)
        optimizer = try makeOptimizer(parameters)
    }

    /// Takes one step.
    ///
    /// - Parameter measuringShares: whether to measure each term's share of the gradient, which changes nothing in the step.
    /// - Throws: `TrainingFailure` where the loss or its gradient is not finite; the parameters have not been changed then.
    package func train(on batch: Batch, measuringShares: Bool = false) throws(TrainingFailure) -> StepRecord {
        let pass = Pass(isTraining: true, random: random, step: step)
        let forward = forward(batch, pass)
        guard forward.loss.item.isFinite else {
            throw TrainingFailure(
                term: forward.firstTermThatIsNotFinite ?? "task", step: step, message: "the loss became \(forward.loss.item)")
        }
        let shares = measuringShares ? GradientShares(of: forward, by: self) : nil
        let whole = differentiate(forward.loss)
        let gradients = regularizers.transform(whole, step: forward.step) { displacement in
            differentiate(batch, pass, movedBy: displacement)
        }
        let norm = gradients.norm
        guard norm.isFinite else {
            throw TrainingFailure(
                term: termWithoutFiniteGradient(batch, pass) ?? "task", step: step, message: "the norm of the gradient became \(norm)")
        }
        var values = gradients.values
        if let gradientClip { clipGradientNorm(&values, to: gradientClip) }
        let rate = schedule.rate(atStep: step)
        optimizer.update(gradients: values, learningRate: rate)
        withoutGradients { regularizers.didUpdate(model, learningRate: rate, pass: pass) }
        step += 1
        return StepRecord(loss: forward.loss.item, terms: forward.terms, gradientShares: shares?.shares(of: whole) ?? [:])
    }

    /// What one forward pass over a batch gives.
    struct Forward {
        let loss: Tensor
        let step: TrainingStep
        /// The cross-entropy as `task`, and every term as it was logged.
        let terms: [Penalty.Report]
        /// The cross-entropy.
        let task: Tensor
        /// Every weighted penalty by its instance name; with the cross-entropy they add up to the loss.
        let penalties: [(name: String, value: Tensor)]

        var firstTermThatIsNotFinite: String? {
            // Terms whose weight is 0 may be anything, and numbers logged beside a term do not enter the loss.
            let parts = terms.filter { $0.name == "task" || $0.name.hasSuffix(".weighted") }
            return parts.first { !$0.value.isFinite }?.name.replacing(".weighted", with: "")
        }
    }

    func forward(_ batch: Batch, _ pass: Pass) -> Forward {
        let original = model.encode(batch.inputs, pass: pass)
        let embeddings = regularizers.transform(original, pass: pass)
        let prediction = model.fuse(embeddings, pass: pass)
        let targets = regularizers.transform(targets: .oneHot(batch.labels, classes: classes), pass: pass)
        let base = prediction.logits.crossEntropy(targets: targets)
        let step = TrainingStep(
            inputs: batch.inputs, originalEmbeddings: original, embeddings: embeddings, prediction: prediction,
            labels: batch.labels, domains: batch.domains, model: model, pass: pass, totalSteps: totalSteps)

        let started = ContinuousClock.now
        let penalties = regularizers.penalties(step)
        let penalty = RegularizerList.sum(penalties.map(\.penalty))
        secondsInPenalties += started.duration(to: .now) / .seconds(1)
        return Forward(
            loss: penalty.map { base + $0.value } ?? base, step: step, terms: [("task", base.item)] + (penalty?.reports ?? []),
            task: base, penalties: penalties.map { ($0.instance, $0.penalty.value) })
    }

    /// Everything that training goes on from, beside the batches: the model's parameters and buffers as `model.…`, what regularizers own
    /// as `regularizers.…`, and what the optimizer remembers as `optimizer.…`.
    package func state() -> NamedTensors {
        stateParts.flatMap { prefix, part, _ in part().map { (name: prefix + $0.name, value: $0.value) } }
    }

    /// Goes on from a saved state after `step` steps.
    ///
    /// - Throws: `StateMismatch` where it does not fit; nothing has been changed then.
    func restore(_ saved: NamedTensors, step: Int, secondsInPenalties: Double) throws {
        let before = state()
        do {
            try load(saved)
        } catch {
            try load(before)
            throw error
        }
        self.step = step
        self.secondsInPenalties = secondsInPenalties
    }

    private func load(_ saved: NamedTensors) throws {
        for (prefix, _, load) in stateParts {
            let part = saved.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.value) }
            try load(Dictionary(part) { first, _ in first })
        }
    }

    private var stateParts: [(prefix: String, state: () -> NamedTensors, load: ([String: Tensor]) throws -> Void)] {
        [
            ("model.", model.state, { [model] in _ = try model.load($0) }),
            ("regularizers.", regularizers.parts.state, { [regularizers] in _ = try regularizers.parts.load($0) }),
            ("optimizer.", optimizer.state, { [optimizer] in try optimizer.load($0) }),
        ]
    }

    /// The gradient of a loss with respect to everything that is trained.
    ///
    /// - Parameter keepingGraph: whether the loss, or another that shares operations with it, is differentiated again.
    func differentiate(_ loss: Tensor, keepingGraph: Bool = false) -> Gradients {
        Gradients(names: names, values: gradients(of: loss, with: parameters.map(\.parameter.value), keepingGraph: keepingGraph))
    }

    /// The same of a batch, with each parameter moved by a displacement; leaves parameters and buffers as they were.
    func differentiate(_ batch: Batch, _ pass: Pass, movedBy displacement: Gradients) -> Gradients {
        let values = parameters.map(\.parameter.value)
        let statistics = buffers.map { (value: $0.value, version: $0.version) }
        defer {
            for (parameter, value) in zip(parameters, values) { parameter.parameter.value = value }
            // One that did not move counts as changed when it is set, and what was folded from it would be made anew.
            for (buffer, before) in zip(buffers, statistics) where buffer.version != before.version { buffer.value = before.value }
        }
        for (parameter, move) in zip(parameters, displacement.values) {
            if let move { parameter.parameter.value = parameter.parameter.value.detached() + move }
        }
        return differentiate(forward(batch, pass).loss)
    }

    /// Which term of a finite loss has a gradient that is not: each one's is taken by itself.
    private func termWithoutFiniteGradient(_ batch: Batch, _ pass: Pass) -> String? {
        regularizers.terms.first { term in
            guard let penalty = term.penalty(forward(batch, pass).step) else { return false }
            return !differentiate(penalty.value).norm.isFinite
        }?.instance
    }
}
