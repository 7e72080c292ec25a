import Regularization
import Tensors

/// Values and gradients are finite on ordinary batches, and transformed embeddings keep their modalities and shapes.
enum FinitenessCheck: Check {
    static let check = ContractCheck.finiteness

    static func findings(on subject: Subject) -> [Finding] {
        let scenarios = Scenario.all(minimum: subject.minimumBatch)
        return onEach(scenarios, of: subject) { rehearsal in
            let fault = shapeFault(rehearsal) ?? rehearsal.trace().firstNonFinite
            return [Finding(check, fault: fault, passed: hooks(rehearsal))]
        }
    }

    private static func shapeFault(_ rehearsal: Rehearsal) -> String? {
        let changed = rehearsal.regularizer.transform(rehearsal.batch.embeddings, pass: Rehearsal.pass())
        func shapes(_ embeddings: Embeddings) -> [String] {
            embeddings.map { "\($0) \($1.pooled.shape)" + ($1.tokens.map { " with tokens \($0.shape)" } ?? "") }
        }
        let (before, after) = (shapes(rehearsal.batch.embeddings), shapes(changed))
        return before == after ? nil : "transform makes \(after.joined(separator: ", ")) of \(before.joined(separator: ", "))"
    }

    /// What the regularizer does, for the table.
    private static func hooks(_ rehearsal: Rehearsal) -> String {
        let penalty = rehearsal.scalar(.penalty, of: rehearsal.batch).map { "penalty \(short(Double($0.item)))" }
        let transform = rehearsal.transformsEmbeddings() ? "transforms embeddings" : nil
        return [penalty, transform].compactMap { $0 }.joined(separator: ", ")
    }
}
