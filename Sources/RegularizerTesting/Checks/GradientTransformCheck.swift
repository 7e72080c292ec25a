import Regularization
import Tensors

/// A transform of gradients returns finite gradients of the same names and shapes, the same each time, and leaves the parameters alone.
enum GradientTransformCheck: Check {
    static let check = ContractCheck.gradientTransform
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            guard let training = try? ShortTraining(subject, on: rehearsal.scenario) else { return [] }
            let (step, _, gradients) = training.differentiate()
            let before = parameters(training)
            var recomputations = 0
            func transformed() -> Gradients {
                recomputations = 0
                return training.regularizer.transform(gradients, step: step) { displacement in
                    recomputations += 1
                    return training.recompute(displacement)
                }
            }
            let changed = transformed()
            if let fault = fault(in: changed, of: gradients) { return [Finding(check, .failed, fault)] }
            if let fault = parameters(training).firstDifference(from: before) {
                return [Finding(check, .failed, "it changes parameters: \(fault)")]
            }
            let found = trace(changed)
            if let fault = trace(transformed()).firstDifference(from: found) {
                return [Finding(check, .failed, "a second call differs: \(fault)")]
            }
            let isUsed = recomputations > 0 || found.firstDifference(from: trace(gradients)) != nil
            return [Finding(check, isUsed ? .passed : .none, isUsed ? "extra passes in each step: \(recomputations)" : "")]
        }
    }

    private static func fault(in changed: Gradients, of gradients: Gradients) -> String? {
        guard changed.names == gradients.names else {
            let names = Set(gradients.names).symmetricDifference(changed.names).sorted()
            return names.isEmpty ? "the names come in another order" : "names come or go: \(names.joined(separator: ", "))"
        }
        for (name, (old, new)) in zip(gradients.names, zip(gradients.values, changed.values)) {
            if let old, let new, old.shape != new.shape { return "\(name) has shape \(new.shape), not \(old.shape)" }
            if old != nil, new == nil { return "\(name) has lost its gradient" }
            if let value = new?.values.first(where: { !$0.isFinite }) { return "\(name) holds \(value)" }
        }
        return nil
    }

    private static func trace(_ gradients: Gradients) -> Trace {
        var trace = Trace()
        for (name, value) in zip(gradients.names, gradients.values) { trace.add(name, value) }
        return trace
    }

    private static func parameters(_ training: ShortTraining) -> Trace {
        var trace = Trace()
        for (name, value) in training.model.state() + training.regularizer.parts.state() { trace.add(name, value) }
        return trace
    }
}
