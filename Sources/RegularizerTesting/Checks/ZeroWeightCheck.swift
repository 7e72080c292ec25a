import Regularization

/// With weight 0, losses, gradients and parameters of a short training are bit for bit those of a training without the term.
enum ZeroWeightCheck: Check {
    static let check = ContractCheck.zeroWeight

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let scenario = rehearsal.scenario
            let none = try ShortTraining(scenario, model: LinearModel(scenario), regularizer: RegularizerList([])).takeSteps(2)
            let run = try ShortTraining(subject, on: scenario, weight: 0).takeSteps(2)
            return [Finding(check, fault: run.firstDifference(from: none), passed: "2 steps, every bit")]
        }
    }
}
