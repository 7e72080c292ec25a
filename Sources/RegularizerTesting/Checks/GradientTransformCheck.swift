import Regularization
import Tensors

/// Changed gradients are finite and have the same names and shapes, the same each time, and leaves the parameters alone.
enum GradientTransformCheck: Check {
    static let check = ContractCheck.gradientTransform
    static let hooks: [RegularizerHook] = [.gradients]
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let training = try ShortTraining(subject, on: rehearsal.scenario)
            let (forward, gradients) = try training.differentiate()
            let before = parameters(training)
            let passes = training.passes
            let changed = try training.changedGradients(gradients, of: forward)
            let extra = training.passes - passes
            if let fault = fault(in: changed, of: gradients) { return [Finding(check, .failed, fault)] }
            if let fault = parameters(training).firstDifference(from: before) {
                return [Finding(check, .failed, "it changes parameters: \(fault)")]
            }
            let found = trace(changed)
            if let fault = trace(try training.changedGradients(gradients, of: forward)).firstDifference(from: found) {
                return [Finding(check, .failed, "a second call differs: \(fault)")]
            }
            let isUsed = extra > 0 || found.firstDifference(from: trace(gradients)) != nil
            return [Finding(check, isUsed ? .passed : .none, isUsed ? "extra passes in each step: \(extra)" : "")]
        }
    }

    private static func fault(in changed: Gradients, of gradients: Gradients) -> String? {
        for (name, (old, new)) in zip(gradients.names, zip(gradients.values, changed.values)) {
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
