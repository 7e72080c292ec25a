import Regularization
import Tensors

/// In evaluation, embeddings and targets do not depend on seed and step.
enum EvaluationCheck: Check {
    static let check = ContractCheck.evaluation
    static let presumes: [ContractCheck] = [.options, .determinism]

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let reference = transformed(rehearsal, seed: 3, step: 1)
            for (seed, step) in [(3, 1), (4, 1), (3, 2)] as [(UInt64, Int)] {
                if let fault = transformed(rehearsal, seed: seed, step: step).firstDifference(from: reference) {
                    return [Finding(check, .failed, "with seed \(seed) at step \(step), not 3 at 1: \(fault)")]
                }
            }
            return [Finding(check, .passed, changesNothing(rehearsal, reference) ? "changes nothing" : "changes embeddings or targets")]
        }
    }

    private static func transformed(_ rehearsal: Rehearsal, seed: UInt64, step: Int) -> Trace {
        let pass = Rehearsal.pass(seed: seed, step: step, isTraining: false)
        let targets = Tensor.oneHot(rehearsal.batch.labels, classes: rehearsal.scenario.classes)
        return trace(
            rehearsal.regularizer.transform(rehearsal.batch.embeddings, pass: pass), rehearsal.regularizer.transform(targets: targets, pass: pass))
    }

    private static func changesNothing(_ rehearsal: Rehearsal, _ found: Trace) -> Bool {
        let targets = Tensor.oneHot(rehearsal.batch.labels, classes: rehearsal.scenario.classes)
        return found.firstDifference(from: trace(rehearsal.batch.embeddings, targets)) == nil
    }

    private static func trace(_ embeddings: Embeddings, _ targets: Tensor) -> Trace {
        var trace = Trace()
        for (modality, embedding) in embeddings {
            trace.add("embedding of \(modality)", embedding.pooled)
            trace.add("tokens of \(modality)", embedding.tokens)
        }
        trace.add("targets", targets)
        return trace
    }
}
