import Glibc
import Regularization
import Tensors

/// On every scenario, gradients agree with central differences.
///
/// Embeddings and the regularizer's own parameters are compared wherever the value depends on them. The
/// prediction and the model's parameters are compared only where a gradient reaches them, because a
/// term may treat them as constants. Where a comparison fails it is repeated on two more batches: a
/// kink lies near few points, but a wrong gradient is wrong everywhere.
enum GradientCheck: Check {
    static let check = ContractCheck.gradient
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    /// A finding for each scenario; of a failed comparison the result on the first of three batches.
    static func findings(on subject: Subject) -> [Finding] {
        onEach(Scenario.all(minimum: subject.minimumBatch), of: subject) { rehearsal in
            let first = try finding(on: rehearsal)
            guard first.outcome == .failed else { return [first] }
            // A kink lies near few points, but a wrong gradient is wrong everywhere.
            for seed in 42...43 as ClosedRange<UInt64> {
                let other = try finding(on: rehearsal.onOtherValues(seed: seed))
                if other.outcome != .failed { return [other] }
            }
            return [first]
        }
    }

    /// The result on one batch.
    ///
    /// The penalty and the changed embeddings are compared separately, each with respect to each kind
    /// of variable, so that a message can name what is wrong.
    private static func finding(on rehearsal: Rehearsal) throws -> Finding {
        let results = try Rehearsal.Quantity.allCases.compactMap { quantity in
            try rehearsal.differentiated(quantity).map { (quantity: quantity, gradients: $0.gradients) }
        }
        guard !results.isEmpty else { return Finding(check, .none) }
        if rehearsal.subject.exceptions.contains(.stopGradients) { return try stopped(rehearsal, results) }
        let compared = try results.flatMap { try comparisons(of: $0.quantity, gradients: $0.gradients, in: rehearsal) }
        if let fault = compared.compactMap(\.fault).first { return Finding(check, .failed, fault) }
        let (worst, allowed) = (compared.map(\.error).max() ?? 0, RegularizerContract.gradientTolerance)
        return Finding(check, .passed, "largest error \(short(worst)) of \(short(allowed)) allowed", measure: worst)
    }

    /// One comparison for each kind of variable.
    private static func comparisons(
        of quantity: Rehearsal.Quantity, gradients: [Tensor?], in rehearsal: Rehearsal
    ) throws -> [GradientComparison] {
        let pairs = Array(zip(rehearsal.variables, gradients))
        return try Rehearsal.Kind.allCases.compactMap { kind in
            let members = pairs.filter { variable, gradient in
                variable.kind == kind && (gradient != nil || kind == .embeddings || kind == .own)
            }
            guard !members.isEmpty else { return nil }
            return try GradientComparison(
                of: quantity, kind: kind, variables: members.map(\.0), gradients: members.map { $1 ?? .zeros($0.value.shape) },
                in: rehearsal)
        }
    }

    /// Where gradients are stopped on purpose there is nothing to compare with: they have to be other
    /// than 0 somewhere and the same each time.
    private static func stopped(_ rehearsal: Rehearsal, _ results: [(quantity: Rehearsal.Quantity, gradients: [Tensor?])]) throws -> Finding {
        for (quantity, gradients) in results {
            guard gradients.contains(where: { $0?.values.contains { $0 != 0 } == true }) else {
                return Finding(check, .failed, "the \(quantity.rawValue) has no gradient other than 0")
            }
            let again = try rehearsal.differentiated(quantity)?.gradients ?? []
            guard zip(gradients, again).allSatisfy({ $0?.values == $1?.values }) else {
                return Finding(check, .failed, "the gradient of the \(quantity.rawValue) differs from one time to the next")
            }
        }
        return Finding(check, .declared, "gradients are stopped on purpose; finite, not 0, the same each time")
    }
}

/// Changed gradients are finite and keep their names and shapes, a second call returns the same ones,
/// and parameters stay as they are.
///
/// The report says how many extra passes through the model each step costs.
enum GradientTransformCheck: Check {
    static let check = ContractCheck.gradientTransform
    static let hooks: [RegularizerHook] = [.gradients]
    static let presumes: [ContractCheck] = [.options, .finiteness, .determinism]

    /// One finding, with the number of extra passes through the model that each step costs.
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

    /// A gradient that was lost or is not finite, in words; nil where there is none.
    private static func fault(in changed: Gradients, of gradients: Gradients) -> String? {
        for (name, (old, new)) in zip(gradients.names, zip(gradients.values, changed.values)) {
            if old != nil, new == nil { return "\(name) has lost its gradient" }
            if let value = new?.values.first(where: { !$0.isFinite }) { return "\(name) holds \(value)" }
        }
        return nil
    }

    /// The gradients by name.
    private static func trace(_ gradients: Gradients) -> Trace {
        var trace = Trace()
        for (name, value) in zip(gradients.names, gradients.values) { trace.add(name, value) }
        return trace
    }

    /// The values of all parameters and buffers, those of the regularizer included.
    private static func parameters(_ training: ShortTraining) -> Trace {
        var trace = Trace()
        for (name, value) in training.model.state() + training.regularizer.parts.state() { trace.add(name, value) }
        return trace
    }
}

/// The gradient of one quantity with respect to variables of one kind, compared with central
/// differences.
///
/// Slopes are compared along the gradient itself, along three random directions, and along three single
/// entries, one of which has the largest gradient. A wrong gradient shows in several of them; a single
/// disagreement is taken for a kink nearby, as networks with ReLU have many.
///
/// A direction counts only where its differences settle, that is where shorter steps give the same
/// slope within the tolerance. Where more than half of the directions do not settle, that is itself a
/// fault: the quantity jumps, as a rounded or sorted value does.
struct GradientComparison {
    /// The largest relative error among the directions in which the differences settle; 0 where there
    /// is none.
    private(set) var error = 0.0
    /// What is wrong, with the numbers; nil where nothing is.
    private(set) var fault: String?

    /// Compares along all directions.
    ///
    /// - Parameters:
    ///   - quantity: the scalar that is differentiated.
    ///   - kind: the kind of the variables, for messages.
    ///   - variables: what is moved, all at once.
    ///   - gradients: the gradient of each variable, in its shape.
    ///   - rehearsal: what computes the quantity.
    /// - Throws: `TrainingFailure` where a hook returns something that does not fit.
    init(
        of quantity: Rehearsal.Quantity, kind: Rehearsal.Kind, variables: [Rehearsal.Variable], gradients: [Tensor], in rehearsal: Rehearsal
    ) throws {
        let gradient = gradients.flatMap { $0.values.map(Double.init) }
        let values = variables.flatMap { $0.value.values.map(Double.init) }
        let length = Self.norm(gradient)
        let typical = length / Double(max(gradient.count, 1)).squareRoot()
        let size = max(Self.norm(values) / Double(max(values.count, 1)).squareRoot(), 1e-2)
        var unsettled = 0
        var disagreements: [String] = []
        let directions = Self.directions(gradient)
        for (name, direction) in directions {
            let predicted = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            // A direction of length 1 in n entries moves each by 1/√n; single entries move by a quarter of their size.
            let spread = direction.filter { $0 != 0 }.count
            let step = 0.25 * size * Double(spread).squareRoot() / (spread > 1 ? 4 : 1)
            let quotient = try DifferenceQuotient(step: step, resolution: 4 * 0x1p-24) { offset in
                try Self.value(of: quantity, variables, moved: direction, by: offset, in: rehearsal)
            }
            let scale = max(abs(predicted), typical)
            let allowed = RegularizerContract.gradientTolerance * scale
            let slack = 4 * (quotient.error + quotient.rounding)
            if !(quotient.error <= max(allowed, 10 * quotient.rounding)) {
                unsettled += 1
                continue
            }
            let difference = abs(quotient.value - predicted)
            if !(difference <= allowed + slack) {
                let found = "\(short(predicted)) where differences give \(short(quotient.value)) ± \(short(quotient.error + quotient.rounding))"
                disagreements.append("the \(quantity.rawValue)'s slope along \(name) in \(Self.subject(kind, variables)) is \(found)")
                continue
            }
            if scale > 0, slack < allowed { error = max(error, difference / scale) }
        }
        if disagreements.count >= min(2, directions.count - unsettled) {
            fault = disagreements.first
        }
        if unsettled * 2 > directions.count {
            fault =
                "the \(quantity.rawValue)'s differences in \(Self.subject(kind, variables)) do not settle in "
                + "\(unsettled) of \(directions.count) directions: it jumps, or is too uneven to be differentiated"
        }
    }

    /// The variables of a kind as part of a sentence.
    private static func subject(_ kind: Rehearsal.Kind, _ variables: [Rehearsal.Variable]) -> String {
        kind == .prediction ? "the " + variables.map(\.name).joined(separator: " and ") : kind == .embeddings ? "the embeddings" : kind.rawValue
    }

    /// The directions that are tried, each of length 1.
    private static func directions(_ gradient: [Double]) -> [(name: String, entries: [Double])] {
        var directions: [(name: String, entries: [Double])] = []
        var stream = RandomSource(seed: 11).stream("directions")
        func add(_ name: String, _ entries: [Double]) {
            let length = norm(entries)
            if length > 0 { directions.append((name, entries.map { $0 / length })) }
        }
        func single(_ index: Int) -> [Double] { gradient.indices.map { $0 == index ? 1 : 0 } }
        add("the gradient", gradient)
        for number in 1...3 { add("random direction \(number)", gradient.map { _ in Double(stream.normal()) }) }
        let largest = gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) } ?? 0
        let others = (0..<2).map { _ in Int(stream.next() % UInt64(max(gradient.count, 1))) }
        for index in [largest] + others { add("entry \(index)", single(index)) }
        return directions
    }

    /// The quantity with the variables moved by `offset` along a direction; the regularizer's and the
    /// model's parameters get their own values back.
    private static func value(
        of quantity: Rehearsal.Quantity, _ variables: [Rehearsal.Variable], moved direction: [Double], by offset: Double, in rehearsal: Rehearsal
    ) throws -> Double {
        var arrays = rehearsal.batch.arrays.map(\.value)
        var start = 0
        for variable in variables {
            let part = direction[start..<start + variable.value.elementCount]
            start += part.count
            let moved = Tensor(zip(variable.value.values, part).map { Float(Double($0) + offset * $1) }, shape: variable.value.shape)
            if let position = variable.position { arrays[position] = moved }
            variable.parameter?.value = moved
        }
        defer { for variable in variables { variable.parameter?.value = variable.value } }
        return try withoutGradients { try rehearsal.scalar(quantity, of: rehearsal.batch.replacing(arrays)).map { Double($0.item) } ?? 0 }
    }

    /// The Euclidean norm.
    private static func norm(_ values: [Double]) -> Double {
        values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}

/// A number with three significant digits: `0.123`, `12.3`, `1.23e-5`.
func short(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    let exponent = Int(floor(log10(abs(value))))
    guard (-3...3).contains(exponent) else {
        let mantissa = (value / pow(10, Double(exponent)) * 100).rounded() / 100
        return "\(mantissa)e\(exponent)"
    }
    let unit = pow(10, Double(2 - exponent))
    let rounded = (value * unit).rounded() / unit
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
}
