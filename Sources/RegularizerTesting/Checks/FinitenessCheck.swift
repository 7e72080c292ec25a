import Regularization
import Tensors

/// Values and gradients are finite on ordinary batches, and what hooks return has the shapes and names that it should.
enum FinitenessCheck: Check {
    static let check = ContractCheck.finiteness

    static func findings(on subject: Subject) -> [Finding] {
        let scenarios = Scenario.all(minimum: subject.minimumBatch)
        return onEach(scenarios, of: subject) { rehearsal in
            let fault = try rehearsal.trace().firstNonFinite
            return [Finding(check, fault: fault, passed: try summary(rehearsal))]
        }
    }

    /// What the regularizer does, for the table.
    private static func summary(_ rehearsal: Rehearsal) throws -> String {
        let penalty = try rehearsal.scalar(.penalty, of: rehearsal.batch).map { "penalty \(short(Double($0.item)))" }
        return [penalty, rehearsal.changesEmbeddings ? RegularizerHook.embeddings.summary : nil].compactMap(\.self).joined(separator: ", ")
    }
}
