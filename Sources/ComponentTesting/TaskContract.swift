import Analysis
import Configuration
import Regularization
import RegularizerTesting
import Tensors

/// What every task has to keep, checked in one call: `#expect(TaskContract.violations(of: MyTask.self) == [])`.
public enum TaskContract {
    private static let samples = 12

    /// What a task does not keep, a sentence each; empty where it keeps everything.
    ///
    /// - Its description names it as recipes can, and it can be made for targets of its kind.
    /// - Its loss is a finite number, and its gradient the one that central differences give.
    /// - It gives as many scores as it describes, each of a name of its own, and the order of samples does not change them.
    /// - A prediction that is not finite is told.
    ///
    /// - Parameters:
    ///   - task: the task.
    ///   - options: the options to make it with.
    public static func violations<T: TaskPlugin>(of task: T.Type, options: T.Options = T.Options()) -> [String] {
        var violations = T.description.describing(T.Options.descriptions).faults(declaring: T.Options.descriptions)
        var refusals: [String] = []
        // A task may be made for one value alone, or for two classes.
        for names in [["a", "b", "c"], ["a", "b"], ["a"]] {
            let facts = TargetFacts(T.targets, names: names)
            do throws(OptionFault) {
                violations += try self.violations(of: T(options: options, context: TaskContext(targets: facts)), facts)
                return violations
            } catch {
                refusals.append("\(facts.text): \(error)")
            }
        }
        return violations + ["it can be made for no targets of its kind; " + refusals.joined(separator: "; ")]
    }

    private static func violations(of task: some TaskPlugin, _ facts: TargetFacts) -> [String] {
        let width = task.outputs(for: facts)
        guard width > 0 else { return ["the width of its predictions is \(width)"] }
        let targets = targets(facts)
        let outputs = normal([samples, width], seed: 5)
        let loss = task.criterion.loss(of: outputs, targets: targets.array)
        guard loss.elementCount == 1 else { return ["its loss has the shape \(loss.shape), and is to be one number"] }
        var violations: [String] = []
        if !loss.item.isFinite { violations.append("its loss is \(loss.item) for ordinary predictions") }
        let slope = gradient(at: outputs) { task.criterion.loss(of: $0, targets: targets.array) }
        let error = largestDirectionalError(of: slope, at: outputs) { Double(task.criterion.loss(of: $0, targets: targets.array).item) }
        if !(error <= 0.02) { violations.append("the gradient of its loss is off by \(Float(error)) against central differences") }
        let names = task.scores.map(\.name)
        if names.isEmpty { violations.append("it describes no score") }
        if Set(names).count != names.count { violations.append("two of its scores have one name") }
        let found = task.evaluate(outputs, targets)
        if found.count != names.count { violations.append("it describes \(names.count) scores and gives \(found.count)") }
        let order = Array((0..<samples).reversed())
        let turned = task.evaluate(outputs.gathering(rows: order), targets.gathering(rows: order))
        for (name, (one, other)) in zip(names, zip(found, turned)) {
            if let one = one.number, let other = other.number, abs(one - other) > 1e-4 * max(1, abs(one)) {
                violations.append("the score '\(name)' depends on the order of the samples: \(one) and \(other)")
            }
        }
        if let first = found.first, first.number == nil { violations.append("its first score has no value for ordinary predictions") }
        var values = outputs.values
        values[width] = .nan
        if task.areFinite(Tensor(values, shape: outputs.shape)) != (0..<samples).map({ $0 != 1 }) {
            violations.append("`areFinite` does not tell the one prediction that is NaN")
        }
        return violations
    }

    private static func targets(_ facts: TargetFacts) -> Targets {
        switch facts.kind {
        case .classes: .classes((0..<samples).map { $0 % facts.width }, of: facts.width)
        case .labels:
            .labels(Tensor((0..<samples * facts.width).map { $0 * 7 % 5 < 2 ? 1 : 0 }, shape: [samples, facts.width]))
        case .values: .values(normal([samples, facts.width], seed: 6))
        }
    }
}
