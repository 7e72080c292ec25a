import Regularization
import Tensors

/// With weight 0, losses, gradients and parameters of a short training are bit for bit those of a training without the term.
enum ZeroWeightCheck: Check {
    static let check = ContractCheck.zeroWeight

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let scenario = rehearsal.scenario
            let none = try ShortTraining(scenario, model: LinearModel(scenario), regularizer: RegularizerList([])).takeSteps(2)
            let run = try ShortTraining(subject, on: scenario, weight: 0).takeSteps(2)
            return [Finding(check, fault: run.firstDifference(from: none), passed: "2 steps, every bit")]
        }
    }
}

/// The same seed and step give the same bits, in one call after another and in one instance after another; a regularizer that draws
/// random numbers draws others at another step.
enum DeterminismCheck: Check {
    static let check = ContractCheck.determinism
    static let presumes: [ContractCheck] = [.options]

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

/// In evaluation, embeddings do not depend on seed and step.
enum EvaluationCheck: Check {
    static let check = ContractCheck.evaluation
    static let hooks: [RegularizerHook] = [.embeddings]
    static let presumes: [ContractCheck] = [.options, .determinism]

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

    private static func changed(_ rehearsal: Rehearsal, seed: UInt64, step: Int) throws -> Trace {
        trace(try rehearsal.changedEmbeddings(rehearsal.batch, Rehearsal.pass(seed: seed, step: step, isTraining: false)))
    }

    private static func trace(_ embeddings: Embeddings) -> Trace {
        var trace = Trace()
        for (modality, embedding) in embeddings {
            trace.add("embedding of \(modality)", embedding.pooled)
            trace.add("tokens of \(modality)", embedding.tokens)
        }
        return trace
    }
}

/// A training that is saved, put into new instances and continued gives the bits of one that was never interrupted.
enum CheckpointCheck: Check {
    static let check = ContractCheck.checkpoint
    static let presumes: [ContractCheck] = [.options, .determinism, .finiteness]

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

    /// Values that do not follow the module.
    private static func copy(_ state: [(name: String, value: Tensor)]) -> [String: Tensor] {
        Dictionary(state.map { ($0.name, Tensor($0.value.values, shape: $0.value.shape)) }) { first, _ in first }
    }
}

/// Weights that are evaluated in place of the model's own have its names and shapes, are finite, and give it its own values back.
enum EvaluatedWeightsCheck: Check {
    static let check = ContractCheck.evaluatedWeights
    static let hooks: [RegularizerHook] = [.weights]
    static let presumes: [ContractCheck] = [.options, .determinism]

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

    private static func trace(_ state: [(name: String, value: Tensor)]) -> Trace {
        var trace = Trace()
        // Averages exchange memory with the model: what is kept must be a copy.
        for (name, value) in state { trace.add(name, Tensor(value.values, shape: value.shape)) }
        return trace
    }
}
