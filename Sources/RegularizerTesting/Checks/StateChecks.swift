import Regularization
import Tensors

/// With weight 0, losses, gradients and parameters of a short training have the bits of a training
/// without the term.
///
/// Studies compare a method with the same training without it; a term that changed something even with
/// weight 0, such as a draw of random numbers, would make the comparison unfair.
enum ZeroWeightCheck: Check {
    static let check = ContractCheck.zeroWeight

    /// Two steps with the term at weight 0, and two without it.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let scenario = rehearsal.scenario
            let none = try ShortTraining(scenario, model: LinearModel(scenario), regularizer: RegularizerList([])).takeSteps(2)
            let run = try ShortTraining(subject, on: scenario, weight: 0).takeSteps(2)
            return [Finding(check, fault: run.firstDifference(from: none), passed: "2 steps, every bit")]
        }
    }
}

/// The same seed and step give the same bits, in a second call and from a second instance; a
/// regularizer that draws random numbers draws others at another step.
enum DeterminismCheck: Check {
    static let check = ContractCheck.determinism
    static let presumes: [ContractCheck] = [.options]

    /// Compares two calls, two instances over two steps and, where random numbers are drawn, two steps.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let first = try rehearsal.trace()
            if let fault = try rehearsal.trace().firstDifference(from: first) {
                return [Finding(check, .failed, "a second call at the same step differs: \(fault)")]
            }
            let runs = try (0..<2).map { _ in try ShortTraining(subject, on: rehearsal.scenario).takeSteps(2) }
            if let fault = runs[1].firstDifference(from: runs[0]) {
                return [Finding(check, .failed, "a second instance differs: \(fault)")]
            }
            guard try rehearsal.drawsRandomNumbers else { return [Finding(check, .passed, "draws no random numbers")] }
            let moved = try rehearsal.trace(Rehearsal.pass(step: 2)).firstDifference(from: first)
            return [
                Finding(
                    check, fault: moved == nil ? "its random numbers depend on the seed, but are the same at every step" : nil,
                    passed: "draws anew at every step")
            ]
        }
    }
}

/// In evaluation, changed embeddings depend neither on the seed nor on the step.
enum EvaluationCheck: Check {
    static let check = ContractCheck.evaluation
    static let hooks: [RegularizerHook] = [.embeddings]
    static let presumes: [ContractCheck] = [.options, .determinism]

    /// Compares evaluation passes of another seed and of another step with the first.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let reference = try changed(rehearsal, seed: 3, step: 1)
            for (seed, step) in [(3, 1), (4, 1), (3, 2)] as [(UInt64, Int)] {
                if let fault = try changed(rehearsal, seed: seed, step: step).firstDifference(from: reference) {
                    return [Finding(check, .failed, "with seed \(seed) at step \(step), not 3 at 1: \(fault)")]
                }
            }
            let changesNothing = reference.firstDifference(from: trace(rehearsal.batch.embeddings)) == nil
            return [Finding(check, .passed, changesNothing ? "changes nothing" : "changes embeddings")]
        }
    }

    /// The changed embeddings of an evaluation pass with a seed at a step.
    ///
    /// - Returns: every array of every modality by its name.
    private static func changed(_ rehearsal: Rehearsal, seed: UInt64, step: Int) throws -> Trace {
        trace(try rehearsal.changedEmbeddings(rehearsal.batch, Rehearsal.pass(seed: seed, step: step, isTraining: false)))
    }

    /// The embeddings by name.
    private static func trace(_ embeddings: Embeddings) -> Trace {
        var trace = Trace()
        for (modality, embedding) in embeddings {
            trace.add("embedding of \(modality)", embedding.pooled)
            trace.add("tokens of \(modality)", embedding.tokens)
        }
        return trace
    }
}

/// A training that is saved, loaded into new instances and continued has the bits of one that was never
/// interrupted.
enum CheckpointCheck: Check {
    static let check = ContractCheck.checkpoint
    static let presumes: [ContractCheck] = [.options, .determinism, .finiteness]

    /// Four steps in one go, and two after loading what was saved behind the second.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let training = try ShortTraining(subject, on: rehearsal.scenario)
            _ = try training.takeSteps(2)
            let (model, own) = (copy(training.model.state()), copy(training.regularizer.parts.state()))
            let uninterrupted = try training.takeSteps(2)

            let resumed = try ShortTraining(subject, on: rehearsal.scenario, step: 2)
            try resumed.model.load(model)
            try resumed.regularizer.parts.load(own)
            let fault = try resumed.takeSteps(2).firstDifference(from: uninterrupted)
            let held = own.isEmpty ? "keeps no state" : "\(own.count) arrays saved"
            return [Finding(check, fault: fault.map { "after loading, \($0)" }, passed: held)]
        }
    }

    /// Copies of the values, which do not change with the module.
    private static func copy(_ state: [(name: String, value: Tensor)]) -> [String: Tensor] {
        Dictionary(state.map { ($0.name, Tensor($0.value.values, shape: $0.value.shape)) }) { first, _ in first }
    }
}

/// Averaged weights have the model's names and shapes and are finite, and the model gets its own values
/// back.
enum EvaluatedWeightsCheck: Check {
    static let check = ContractCheck.evaluatedWeights
    static let hooks: [RegularizerHook] = [.weights]
    static let presumes: [ContractCheck] = [.options, .determinism]

    /// Evaluates with the averaged weights after two steps, and compares the model's own values before
    /// and after.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let training = try ShortTraining(subject, on: rehearsal.scenario)
            _ = try training.takeSteps(2)
            guard training.regularizer.averagedWeights != nil else { return [Finding(check, .none)] }
            let own = trace(training.model.state())
            let evaluated = try training.withAveragedWeights { trace(training.model.state()) }
            if let fault = evaluated.firstNonFinite { return [Finding(check, .failed, fault)] }
            let fault = trace(training.model.state()).firstDifference(from: own)
            return [Finding(check, fault: fault.map { "the model does not get its own values back: \($0)" }, passed: "\(own.entries.count) arrays")]
        }
    }

    /// Copies of the values by name.
    private static func trace(_ state: [(name: String, value: Tensor)]) -> Trace {
        var trace = Trace()
        // Averages swap memory with the model, so the values have to be copied.
        for (name, value) in state { trace.add(name, Tensor(value.values, shape: value.shape)) }
        return trace
    }
}
