import Configuration
import Regularization

/// Trainings of the other tasks that the regularizer declares to serve go on for a few steps: nothing is refused, and everything is finite.
///
/// The other checks are made with classes.
enum TasksCheck: Check {
    static let check = ContractCheck.tasks
    static let presumes: [ContractCheck] = [.options, .finiteness]

    static func findings(on subject: Subject) -> [Finding] {
        let others = subject.tasks.filter { $0 != .classes }
        guard !others.isEmpty else { return [Finding(check, .declared, "classes alone")] }
        return others.flatMap { kind in
            onOrdinary(subject) { rehearsal in
                let training = try ShortTraining(subject, on: rehearsal.scenario, task: kind)
                let fault = try training.takeSteps(2).firstNonFinite
                return [Finding(check, fault: fault, passed: "two steps", scenario: kind.rawValue)]
            }.map { $0.naming(kind.rawValue) }
        }
    }
}
