import Analysis
import Foundation
import Networks
import Processes
import Regularization
import Results
import Tensors

/// What one step did.
package struct StepRecord {
    /// The whole loss, penalties included.
    package let loss: Float
    /// The base loss alone, and every term as it was logged.
    package let terms: [Penalty.Report]
    /// Each term's share of the gradient; empty where it was not asked for. See `GradientShares`.
    package let gradientShares: [String: Double]
}

/// Takes training steps on one model with one list of regularizers.
///
/// What a step consists of is defined by ``Regularization/Objective``; the optimizer, its schedule and
/// the number of steps are kept here. A trainer sees source samples only, and knows neither data set
/// nor recipe.
package final class Trainer {
    /// What the steps minimize.
    package let objective: Objective
    /// The task, with the scores of its predictions.
    package let task: any TaskPlugin
    package var model: any MultimodalModel { objective.model }
    package var regularizers: RegularizerList { objective.regularizers }
    /// Everything that is trained: the model's parameters and those that regularizers own.
    package var parameters: [NamedParameter] { objective.parameters }
    package private(set) var step = 0
    /// Seconds of wall time spent in the penalties' forward pass.
    package private(set) var secondsInPenalties = 0.0

    private let optimizer: PartOptimizers
    private let schedule: any LearningRateRule
    private let gradientClip: Float?
    private let random: RandomSource

    /// - Parameters:
    ///   - objective: the model, its regularizers and the criterion.
    ///   - task: the task whose criterion that is.
    ///   - makeOptimizer: makes the optimizer for everything that is trained.
    ///   - rates: factors of the learning rate for parts of the model.
    ///   - gradientClip: the largest common norm of all gradients; nil for no limit.
    ///   - random: where dropout, noise and the like draw from.
    package init<Fault: Error>(
        objective: Objective, task: any TaskPlugin = Classification(), schedule: any LearningRateRule,
        gradientClip: Float? = nil, rates: [PartRate] = [], random: RandomSource,
        makeOptimizer: ([NamedParameter]) throws(Fault) -> any Optimizer
    ) throws(Fault) {
        self.objective = objective
        self.task = task
        self.schedule = schedule
        self.gradientClip = gradientClip
        self.random = random
        optimizer = try PartOptimizers(objective.parameters, rates: rates, make: makeOptimizer)
    }

    /// Takes one step.
    ///
    /// - Parameter measuringShares: whether to measure each term's share of the gradient, which changes nothing in the step.
    /// - Throws: `TrainingFailure` where the loss or its gradient is not finite, or the model or a regularizer gives something that does not
    ///   fit; the parameters have not been changed then, unless by the regularizer itself.
    package func train(on batch: Batch, measuringShares: Bool = false) throws(TrainingFailure) -> StepRecord {
        CallTrace.beat(step: step)
        let pass = Pass(isTraining: true, random: random, step: step)
        let forward = try objective.forward(batch, pass)
        secondsInPenalties += forward.secondsInPenalties
        guard forward.loss.item.isFinite else {
            throw TrainingFailure(
                term: forward.firstTermThatIsNotFinite ?? "task", step: step, message: "the loss became \(forward.loss.item)")
        }
        let shares = measuringShares ? GradientShares(of: forward, by: objective) : nil
        let whole = objective.gradients(of: forward)
        let gradients = try objective.changedGradients(whole, of: forward, batch)
        let norm = gradients.norm
        guard norm.isFinite else {
            throw TrainingFailure(
                term: try termWithoutFiniteGradient(batch, pass) ?? "task", step: step, message: "the norm of the gradient became \(norm)")
        }
        var values = gradients.values
        if let gradientClip { clipGradientNorm(&values, to: gradientClip, norm: norm) }
        let rate = schedule.rate(atStep: step)
        optimizer.update(gradients: values, learningRate: rate)
        try objective.followUpdate(of: forward, learningRate: rate)
        step += 1
        return StepRecord(
            loss: forward.loss.item, terms: [("task", forward.task.item)] + forward.reports, gradientShares: shares?.shares(of: whole) ?? [:])
    }

    /// Lets the regularizers see the source validation samples after an epoch.
    ///
    /// - Parameter forEachBatch: calls what it is given with every batch.
    package func followValidation(_ forEachBatch: @escaping ((Batch) throws -> Void) throws -> Void) throws {
        try objective.followValidation(at: max(step - 1, 0), forEachBatch)
    }

    /// Everything that training goes on from, beside the batches: the model's parameters and buffers as `model.…`, what regularizers own
    /// as `regularizers.…`, and what the optimizer remembers as `optimizer.…`.
    package func state() -> NamedTensors {
        stateParts.flatMap { prefix, part, _ in part().map { (name: prefix + $0.name, value: $0.value) } }
    }

    /// Goes on from a saved state after `step` steps.
    ///
    /// - Throws: `StateMismatch` where it does not fit; nothing has been changed then.
    func restore(_ saved: NamedTensors, step: Int, secondsInPenalties: Double, effects: [TermEffect] = []) throws {
        let before = state()
        do {
            try load(saved)
        } catch {
            try load(before)
            throw error
        }
        self.step = step
        self.secondsInPenalties = secondsInPenalties
        for effect in effects {
            regularizers.terms.first { $0.instance == effect.term }?.restoreEffect(hasActed: effect.hasActed, finding: effect.finding)
        }
    }

    /// Whether each regularizer has changed anything so far.
    var effects: [TermEffect] {
        regularizers.terms.map { TermEffect(term: $0.instance, hasActed: $0.hasActed, finding: $0.finding) }
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

    /// The term of a finite loss whose gradient is not finite; each term is differentiated by itself.
    private func termWithoutFiniteGradient(_ batch: Batch, _ pass: Pass) throws(TrainingFailure) -> String? {
        for term in regularizers.terms {
            if let gradients = try objective.gradients(batch, pass, of: term.instance), !gradients.norm.isFinite { return term.instance }
        }
        return nil
    }
}

/// The share of each term of the loss in a step's gradient: the norm of the gradient of the weighted
/// term alone, with respect to everything that is trained, divided by the sum of these norms.
///
/// Opposed gradients cancel in the sum, so shares tell how strongly terms pull, not how far each one
/// gets. What regularizers do to the gradient as a whole happens later and is not included.
///
/// The record of the step is walked back once more for each penalty, and nothing is computed forward:
/// no random number is drawn, no statistic changes, and the record stays available for the step itself.
/// The gradient of the base loss is the remainder of the whole.
struct GradientShares {
    private var norms: [(name: String, norm: Double)] = []
    private var sum: Gradients?

    /// Differentiates the penalties of a step; to be called before the whole loss is differentiated.
    init(of forward: Objective.Forward, by objective: Objective) {
        for (name, value) in forward.penalties {
            let gradients = objective.gradients(of: value, keepingGraph: true)
            norms.append((name, Double(gradients.norm)))
            sum = sum.map { $0 + gradients } ?? gradients
        }
    }

    /// - Parameter whole: the gradient of the whole loss.
    /// - Returns: shares in `0...1` by instance name, `task` for the base loss; empty where no term has a penalty, and where there is no
    ///   gradient to share or one that is not finite.
    func shares(of whole: Gradients) -> [String: Double] {
        guard let sum else { return [:] }
        let all = [(name: "task", norm: Double((whole + sum * -1).norm))] + norms
        let total = all.reduce(0) { $0 + $1.norm }
        guard total > 0, total.isFinite else { return [:] }
        return Dictionary(all.map { ($0.name, $0.norm / total) }) { first, _ in first }
    }
}

extension Trainer {
    /// Times whole steps on a batch, and each term's part of a step: the median of some repetitions.
    ///
    /// A term's part consists of its own hooks, and of the backward pass from its penalty to the
    /// embeddings and to its own parameters. The backward pass through the encoders belongs to the step
    /// and counts for no term.
    ///
    /// These are real steps that change the model, so they belong after the end of a training.
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
            let forward = try objective.forward(batch, pass)
            let gradients = objective.gradients(of: forward.loss)
            let terms = try regularizers.terms.map { (term) throws(TrainingFailure) in
                StepCost.Term(
                    instance: term.instance,
                    seconds: try median { () throws(TrainingFailure) in try objective.passThrough(term, forward, gradients: gradients, batch) })
            }
            return StepCost(seconds: seconds, terms: terms)
        } catch {
            return nil
        }
    }
}
