import Configuration
import Regularization
import Tensors

/// Changed targets are still one distribution over the classes for each sample, and do not depend on
/// anything that is trained.
///
/// Tried with hard targets and with soft ones. Entries may be negative by 10⁻⁶ and rows may miss a sum
/// of 1 by 10⁻⁴, for rounding.
enum TargetsCheck: Check {
    static let hooks: [RegularizerHook] = [.targets]
    static let check = ContractCheck.targets

    /// Changes hard targets and soft ones.
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

    /// The first sample whose targets are no distribution, in words; nil where there is none.
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

/// A training of each other task that the regularizer declares goes on for two steps: nothing is
/// refused, and everything is finite.
///
/// All other checks use classes.
enum TasksCheck: Check {
    static let check = ContractCheck.tasks
    static let presumes: [ContractCheck] = [.options, .finiteness]

    /// A finding for each kind of targets but classes.
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

/// With the samples of a batch in another order, together with their labels and domains, the penalty is
/// the same and everything else is reordered in the same way.
///
/// A regularizer whose random draws belong to positions in the batch declares
/// ``ContractExceptions/randomDraws``.
enum PermutationCheck: Check {
    static let check = ContractCheck.permutation
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    /// The largest relative change: sums are formed in another order, which costs some bits.
    private static let tolerance = 1e-3

    /// Compares a batch with the same batch in a random order.
    static func findings(on subject: Subject) -> [Finding] {
        onOrdinary(subject) { rehearsal in
            if subject.exceptions.contains(.randomDraws) {
                return [Finding(check, .declared, "each sample's random draw depends on its place")]
            }
            var stream = RandomSource(seed: 23).stream("order")
            let order = stream.permutation(rehearsal.scenario.samples)
            let (before, after) = (try rehearsal.trace(), try rehearsal.trace(of: rehearsal.batch.gathering(order)))
            var worst = 0.0
            for ((name, old), (_, new)) in zip(before.entries, after.entries) {
                guard let old, let new else { continue }
                if Rehearsal.isWeightedByPlace(name) { continue }
                let isBySample = old.rank >= 2 && isBySample(name, rehearsal)
                let expected = isBySample ? old.gathering(rows: order) : old
                let difference = norm(of: new - expected)
                let scale = max(norm(of: expected), 1e-6)
                worst = max(worst, difference / scale)
                if !(difference <= tolerance * scale) {
                    let hint = try rehearsal.drawsRandomNumbers ? " (it draws random numbers: declare `.randomDraws` if these belong to places)" : ""
                    let numbers = old.elementCount == 1 ? "\(new.item), not \(old.item)" : "off by \(short(difference / scale)) of its length"
                    return [Finding(check, .failed, "in another order the \(name) is \(numbers)\(hint)")]
                }
            }
            return [Finding(check, .passed, "largest change \(short(worst))")]
        }
    }

    /// Whether the rows of an entry are samples, which is true of everything but gradients of
    /// parameters.
    private static func isBySample(_ name: String, _ rehearsal: Rehearsal) -> Bool {
        !rehearsal.variables.contains { $0.parameter != nil && name.hasSuffix(" in \($0.name)") }
    }
}

/// Missing modalities and padded tokens have no influence.
///
/// - Neither what is stored in place of a missing modality, nor how far sequences are padded, changes a
///   single bit, in one pass and in a training.
/// - Values and gradients stay finite where no sample has a modality.
/// - A sample that has no modality at all counts as if it were not in the batch.
///
/// A regularizer that does not conform to `ReadsPresence` is shown complete samples only, and is
/// checked that way.
enum PresenceCheck: Check {
    static let check = ContractCheck.presence
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    /// The largest relative change: sums over fewer samples are formed in another order.
    private static let tolerance = 1e-3

    /// A finding for each way in which something may be missing.
    static func findings(on subject: Subject) -> [Finding] {
        guard let ordinary = subject.ordinary else { return [] }
        // Without the conformance, padded tokens are refused wherever they could be misread.
        let tokens = subject.readsPresence ? 4 : nil
        func scenario(_ gaps: Scenario.Gaps, tokens: Int? = nil) -> Scenario { ordinary.with(gaps, minimum: subject.minimumBatch, tokens: tokens) }
        return onEach([scenario(.some, tokens: tokens)], of: subject) { [try finding(contents(of: $0), padding(of: $0))] }
            + onEach([scenario(.modality, tokens: tokens)], of: subject) { [try finding(contents(of: $0))] }
            + onEach([scenario(.samples)], of: subject) { [try finding(others(of: $0))] }
    }

    /// Passed where there is not a fault, otherwise failed with the first one.
    private static func finding(_ faults: String?...) -> Finding {
        Finding(check, fault: faults.compactMap(\.self).first, passed: "neither content nor length of what is missing counts")
    }

    /// Other numbers in place of what is missing change no bit, in one pass and in a training.
    private static func contents(of rehearsal: Rehearsal) throws -> String? {
        let plain = try rehearsal.trace()
        if let fault = plain.firstNonFinite { return fault }
        if let fault = try rehearsal.trace(of: rehearsal.batch.garbled()).firstDifference(from: plain) {
            return "with other numbers in place of what is missing, \(fault)"
        }
        let trainings = try [1, -50 as Float].map { factor in
            let training = try ShortTraining(rehearsal.subject, on: rehearsal.scenario)
            training.absentFactor = factor
            return try training.takeSteps(2)
        }
        if let fault = trainings[0].firstNonFinite { return "in training, \(fault)" }
        return trainings[1].firstDifference(from: trainings[0]).map { "trained with other inputs in place of what is missing, \($0)" }
    }

    /// Longer padding changes no bit of what is real.
    private static func padding(of rehearsal: Rehearsal) throws -> String? {
        guard let tokens = rehearsal.scenario.tokens else { return nil }
        func real(_ trace: Trace) -> Trace {
            var real = Trace()
            for (name, value) in trace.entries {
                if Rehearsal.isWeightedByPlace(name) { continue }
                real.add(name, value.map { $0.rank == 3 ? $0.slice(axis: 1, 0..<tokens) : $0 })
            }
            return real
        }
        let longer = real(try rehearsal.trace(of: rehearsal.batch.garbled(padding: 2)))
        return longer.firstDifference(from: real(try rehearsal.trace())).map { "with longer padding, \($0)" }
    }

    /// The penalty is that of the samples that have something. A penalty on the prediction is left out,
    /// because every sample has a prediction.
    private static func others(of rehearsal: Rehearsal) throws -> String? {
        guard !rehearsal.subject.exceptions.contains(.randomDraws), let (all, slopes) = try rehearsal.differentiated(.penalty) else { return nil }
        let readsPrediction = zip(rehearsal.variables, slopes).contains { variable, slope in
            variable.kind == .prediction && slope?.values.contains { $0 != 0 } == true
        }
        guard !readsPrediction else { return nil }
        let rows = (0..<rehearsal.scenario.samples).filter(rehearsal.scenario.presence(of: 0).contains)
        guard let (some, expected) = try rehearsal.differentiated(.penalty, of: rehearsal.batch.gathering(rows)) else { return "there is no penalty" }
        func isNear(_ found: Tensor, _ expected: Tensor) -> Bool {
            norm(of: found - expected) <= tolerance * max(norm(of: expected), 1e-6)
        }
        guard isNear(all, some) else {
            return "the penalty is \(all.item), and \(some.item) without the samples that have no modality"
        }
        for (variable, (found, expected)) in zip(rehearsal.variables, zip(slopes, expected)) where variable.kind == .embeddings {
            guard let found, let expected, !isNear(found.gathering(rows: rows), expected) else { continue }
            return "the gradient in the \(variable.name) is another one without the samples that have no modality"
        }
        return nil
    }
}
