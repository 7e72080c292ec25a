import Regularization
import Tensors

/// Reordering the samples of a batch, with their labels and domains, leaves the penalty and reorders everything else.
enum PermutationCheck: Check {
    static let check = ContractCheck.permutation
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    /// Sums are formed in another order, which costs some bits.
    private static let tolerance = 1e-3

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            if subject.exceptions.contains(.randomDraws) {
                return [Finding(check, .declared, "each sample's random draw depends on its place")]
            }
            var stream = RandomSource(seed: 23).stream("order")
            let order = stream.permutation(rehearsal.scenario.samples)
            let (before, after) = (try rehearsal.trace(), try rehearsal.trace(of: rehearsal.batch.gathering(order)))
            var worst = 0.0
            for ((name, old), (_, new)) in zip(before.entries, after.entries) {
                guard let old, let new else { continue }
                // The sum that stands for a change of embeddings weights each place by itself.
                if name.hasSuffix("of the change") || name.hasPrefix("gradient of the change") { continue }
                let isBySample = old.rank >= 2 && isBySample(name, rehearsal)
                let expected = isBySample ? old.gathering(rows: order) : old
                let difference = norm(of: new - expected)
                let scale = max(norm(of: expected), 1e-6)
                worst = max(worst, difference / scale)
                if !(difference <= tolerance * scale) {
                    let hint = try rehearsal.drawsRandomNumbers ? " (it draws random numbers: declare `.randomDraws` if these belong to places)" : ""
                    let numbers = old.elementCount == 1 ? "\(new.item), not \(old.item)" : "off by \(short(difference / scale)) of its length"
                    return [Finding(check, .failed, "in another order the \(name) is \(numbers)\(hint)")]
                }
            }
            return [Finding(check, .passed, "largest change \(short(worst))")]
        }
    }

    /// Whether the rows of an entry are samples: everything but gradients in parameters.
    private static func isBySample(_ name: String, _ rehearsal: Rehearsal) -> Bool {
        !rehearsal.variables.contains { $0.parameter != nil && name.hasSuffix(" in \($0.name)") }
    }
}
