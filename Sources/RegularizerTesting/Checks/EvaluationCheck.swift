import Regularization
import Tensors

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
