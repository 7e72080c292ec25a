import Regularization
import Tensors

/// A training that is saved, put into new instances and continued gives the bits of one that was never interrupted.
enum CheckpointCheck: Check {
    static let check = ContractCheck.checkpoint
    static let presumes: [ContractCheck] = [.options, .determinism, .finiteness]

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let training = try ShortTraining(subject, on: rehearsal.scenario)
            _ = try training.takeSteps(2)
            let (model, own) = (copy(training.model.state()), copy(training.regularizer.parts.state()))
            let uninterrupted = try training.takeSteps(2)

            let resumed = try ShortTraining(subject, on: rehearsal.scenario, step: 2)
            try resumed.model.load(model)
            try resumed.regularizer.parts.load(own)
            let fault = try resumed.takeSteps(2).firstDifference(from: uninterrupted)
            let held = own.isEmpty ? "keeps no state" : "\(own.count) arrays saved"
            return [Finding(check, fault: fault.map { "after loading, \($0)" }, passed: held)]
        }
    }

    /// Values that do not follow the module.
    private static func copy(_ state: [(name: String, value: Tensor)]) -> [String: Tensor] {
        Dictionary(state.map { ($0.name, Tensor($0.value.values, shape: $0.value.shape)) }) { first, _ in first }
    }
}
