import Regularization
import Tensors

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
