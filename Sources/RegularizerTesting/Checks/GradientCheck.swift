import Regularization
import Tensors

/// Compares gradients with central differences, for everything that gradients reach, on every scenario.
///
/// Embeddings and parameters of the regularizer's own count as inputs wherever the value depends on them. The prediction and the model's
/// parameters count only where a gradient reaches them, as a term may take them for constants. What disagrees is tried on two more batches.
enum GradientCheck: Check {
    static let check = ContractCheck.gradient
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    static func findings(on subject: Subject) -> [Finding] {
        onEach(Scenario.all(minimum: subject.minimumBatch), of: subject) { rehearsal in
            let first = try finding(on: rehearsal)
            guard first.outcome == .failed else { return [first] }
            // A kink lies near few points; a wrong gradient is wrong at all.
            for seed in 42...43 as ClosedRange<UInt64> {
                let other = try finding(on: rehearsal.onOtherValues(seed: seed))
                if other.outcome != .failed { return [other] }
            }
            return [first]
        }
    }

    private static func finding(on rehearsal: Rehearsal) throws -> Finding {
        let results = try Rehearsal.Quantity.allCases.compactMap { quantity in
            try rehearsal.differentiated(quantity).map { (quantity: quantity, gradients: $0.gradients) }
        }
        guard !results.isEmpty else { return Finding(check, .none) }
        if rehearsal.subject.exceptions.contains(.stopGradients) { return try stopped(rehearsal, results) }
        let compared = try results.flatMap { try comparisons(of: $0.quantity, gradients: $0.gradients, in: rehearsal) }
        if let fault = compared.compactMap(\.fault).first { return Finding(check, .failed, fault) }
        let (worst, allowed) = (compared.map(\.error).max() ?? 0, RegularizerContract.gradientTolerance)
        return Finding(check, .passed, "largest error \(short(worst)) of \(short(allowed)) allowed", measure: worst)
    }

    /// One comparison for each kind of variable.
    private static func comparisons(
        of quantity: Rehearsal.Quantity, gradients: [Tensor?], in rehearsal: Rehearsal
    ) throws -> [GradientComparison] {
        let pairs = Array(zip(rehearsal.variables, gradients))
        return try Rehearsal.Kind.allCases.compactMap { kind in
            let members = pairs.filter { variable, gradient in
                variable.kind == kind && (gradient != nil || kind == .embeddings || kind == .own)
            }
            guard !members.isEmpty else { return nil }
            return try GradientComparison(
                of: quantity, kind: kind, variables: members.map(\.0), gradients: members.map { $1 ?? .zeros($0.value.shape) },
                in: rehearsal)
        }
    }

    /// With stop-gradients there is nothing to compare with.
    private static func stopped(_ rehearsal: Rehearsal, _ results: [(quantity: Rehearsal.Quantity, gradients: [Tensor?])]) throws -> Finding {
        for (quantity, gradients) in results {
            guard gradients.contains(where: { $0?.values.contains { $0 != 0 } == true }) else {
                return Finding(check, .failed, "the \(quantity.rawValue) has no gradient other than 0")
            }
            let again = try rehearsal.differentiated(quantity)?.gradients ?? []
            guard zip(gradients, again).allSatisfy({ $0?.values == $1?.values }) else {
                return Finding(check, .failed, "the gradient of the \(quantity.rawValue) differs from one time to the next")
            }
        }
        return Finding(check, .declared, "gradients are stopped on purpose; finite, not 0, the same each time")
    }
}
