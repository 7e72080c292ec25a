import Regularization
import Tensors

/// Weights that are evaluated in place of the model's own have its names and shapes, are finite, and give it its own values back.
enum EvaluatedWeightsCheck: Check {
    static let check = ContractCheck.evaluatedWeights
    static let hooks: [RegularizerHook] = [.weights]
    static let presumes: [ContractCheck] = [.options, .determinism]

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let training = try ShortTraining(subject, on: rehearsal.scenario)
            _ = try training.takeSteps(2)
            guard training.regularizer.averagedWeights != nil else { return [Finding(check, .none)] }
            let own = trace(training.model.state())
            let evaluated = try training.withAveragedWeights { trace(training.model.state()) }
            if let fault = evaluated.firstNonFinite { return [Finding(check, .failed, fault)] }
            let fault = trace(training.model.state()).firstDifference(from: own)
            return [Finding(check, fault: fault.map { "the model does not get its own values back: \($0)" }, passed: "\(own.entries.count) arrays")]
        }
    }

    private static func trace(_ state: [(name: String, value: Tensor)]) -> Trace {
        var trace = Trace()
        // Averages exchange memory with the model: what is kept must be a copy.
        for (name, value) in state { trace.add(name, Tensor(value.values, shape: value.shape)) }
        return trace
    }
}
