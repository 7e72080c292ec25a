import Regularization
import Tensors

/// Changed targets are still one distribution over the classes for each sample, and carry no record for gradients.
enum TargetsCheck: Check {
    static let hooks: [RegularizerHook] = [.targets]
    static let check = ContractCheck.targets

    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            let hard = Tensor.oneHot(rehearsal.batch.labels, classes: rehearsal.scenario.classes)
            let soft = hard * 0.7 + 0.1
            var isUsed = false
            for targets in [hard, soft] {
                let changed = try rehearsal.changedTargets(targets, rehearsal.batch, Rehearsal.pass())
                if let fault = fault(in: changed, of: targets) { return [Finding(check, .failed, fault)] }
                if changed.values != targets.values { isUsed = true }
            }
            return [Finding(check, isUsed ? .passed : .none, isUsed ? "rows sum to 1" : "")]
        }
    }

    private static func fault(in changed: Tensor, of targets: Tensor) -> String? {
        let classes = targets.shape[1]
        for row in 0..<targets.shape[0] {
            let values = changed.values[row * classes..<(row + 1) * classes]
            if let value = values.first(where: { !($0 >= -1e-6) || !$0.isFinite }) { return "a target of sample \(row) is \(value)" }
            let sum = values.reduce(0, +)
            if abs(sum - 1) > 1e-4 { return "the targets of sample \(row) sum to \(sum), not 1" }
        }
        return nil
    }
}
