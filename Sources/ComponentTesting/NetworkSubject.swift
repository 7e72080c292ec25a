import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors

/// An encoder, a fusion or a whole model under test, without its type: how to make one, and what it gives for some samples.
///
/// What is checked of all of them is checked here, so that the three contracts differ only in their inputs and shapes.
struct NetworkSubject {
    /// One array that a network gives, and the shape that it was to have.
    struct Output {
        let name: String
        let array: Tensor
        let expected: Shape
    }

    /// One network of the kind.
    struct Instance {
        let module: any Module
        /// What it gives for the samples of these numbers, each below ``samples``.
        let outputs: (_ rows: [Int], _ pass: Pass) -> [Output]
    }

    /// The samples that there are.
    static let samples = 6

    /// What it is tried on, in a few words: `samples of 16×3`.
    let setting: String
    /// Makes one; equal initializers make equal ones.
    let make: (Initializer) throws -> Instance

    /// What the network does not keep, a sentence each.
    func violations() -> [String] {
        let made: (first: Instance, equal: Instance, other: Instance)
        do {
            let initializer = Initializer(seed: 1)["contract"]
            made = (try make(initializer), try make(initializer), try make(Initializer(seed: 2)["contract"]))
        } catch {
            return ["with \(setting) it can be made once, and then no more: \(error)"]
        }
        let rows = Array(0..<Self.samples)
        let evaluated = made.first.outputs(rows, .evaluation)
        let misshaped = evaluated.filter { $0.array.shape != $0.expected }
        guard misshaped.isEmpty else {
            return misshaped.map { "with \(setting) \($0.name) has the shape \($0.array.shape), expected \($0.expected)" }
        }
        var violations = evaluated.filter { !$0.array.values.allSatisfy(\.isFinite) }.map { "with \(setting) \($0.name) is not finite" }
        guard violations.isEmpty else { return violations }
        violations += stateViolations(made.first, made.equal)
        violations += evaluationViolations(made.first, evaluated)
        violations += trainingViolations(made.first, made.equal)
        violations += checkpointViolations(made.first, made.other)
        return violations + gradientViolations(made.equal)
    }

    private func stateViolations(_ first: Instance, _ equal: Instance) -> [String] {
        let (state, other) = (first.module.state(), equal.module.state())
        var violations: [String] = []
        var seen: Set<String> = []
        for (name, _) in state where !seen.insert(name).inserted { violations.append("two parts are named '\(name)'") }
        let isSame = state.count == other.count && zip(state, other).allSatisfy { $0.name == $1.name && $0.value.values == $1.value.values }
        if !isSame { violations.append("two made from equal initializers differ: initial values have to come from the initializer alone") }
        return violations
    }

    private func evaluationViolations(_ instance: Instance, _ before: [Output]) -> [String] {
        let rows = Array(0..<Self.samples)
        var violations: [String] = []
        if !Self.areEqual(before, instance.outputs(rows, .evaluation)) {
            violations.append("with \(setting) two evaluations of the same samples differ: evaluation draws nothing and changes nothing")
        }
        let order = Array(rows.reversed())
        if !Self.areClose(before.map { $0.array.gathering(rows: order) }, instance.outputs(order, .evaluation).map(\.array)) {
            violations.append("with \(setting) the order of a batch changes what a sample gives in evaluation")
        }
        if !Self.areClose(before.map { $0.array.gathering(rows: [2]) }, instance.outputs([2], .evaluation).map(\.array)) {
            violations.append("with \(setting) a sample gives something else alone than among others in evaluation")
        }
        return violations
    }

    private static let training = Pass(isTraining: true, random: RandomSource(seed: 3), step: 4)

    private func trainingViolations(_ first: Instance, _ equal: Instance) -> [String] {
        let rows = Array(0..<Self.samples)
        let (one, two) = (first.outputs(rows, Self.training), equal.outputs(rows, Self.training))
        guard !Self.areEqual(one, two) else { return [] }
        return [
            "with \(setting) two equal networks differ in equal training passes: random numbers come from the pass, and an evaluation before "
                + "changes nothing"
        ]
    }

    private func checkpointViolations(_ first: Instance, _ other: Instance) -> [String] {
        let rows = Array(0..<Self.samples)
        do {
            try other.module.load(Dictionary(first.module.state().map { ($0.name, $0.value) }) { first, _ in first })
        } catch {
            return ["its state does not fit another one of its kind: \(error)"]
        }
        if Self.areEqual(first.outputs(rows, .evaluation), other.outputs(rows, .evaluation)) { return [] }
        return ["with \(setting) one that has taken the state of another gives something else: `parts` leaves out what it depends on"]
    }

    /// Checks gradients along one direction for each of some parameters: half of it the gradient's own, half of it random.
    private func gradientViolations(_ instance: Instance) -> [String] {
        let rows = Array(0..<Self.samples)
        let parameters = instance.module.namedParameters
        func loss() -> Tensor {
            instance.outputs(rows, Self.training).enumerated().map { number, output in
                var stream = RandomSource(seed: 9).stream("output", step: number)
                return (output.array * stream.normal(output.array.shape)).mean()
            }.reduce(Tensor(0), +)
        }
        let found = gradients(of: loss(), with: parameters.map(\.parameter.value))
        var violations = zip(parameters, found).filter { $1 == nil }.map {
            "with \(setting) nothing that it gives depends on the parameter '\($0.0.name)'"
        }
        let largest = 8
        let step = max(1, (parameters.count + largest - 1) / largest)
        for place in stride(from: 0, to: parameters.count, by: step) {
            guard let gradient = found[place] else { continue }
            let (name, parameter) = parameters[place]
            let length = Self.length(gradient)
            guard length > 1e-7 else { continue }
            var stream = RandomSource(seed: 10).stream(name)
            let random = stream.normal(gradient.shape)
            let direction = gradient * Float(1 / length) + random * Float(1 / max(Self.length(random), 1e-7))
            let predicted = zip(gradient.values, direction.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let start = parameter.value.detached()
            let reach = 0.05 * max(Self.length(start), 0.1)
            let quotient = DifferenceQuotient(step: reach, resolution: 0x1p-22) { offset in
                parameter.value = start + direction * Float(offset)
                return Double(loss().item)
            }
            parameter.value = start
            // Where differences themselves are uncertain, as at a kink, they prove nothing.
            let uncertain = quotient.error + quotient.rounding
            guard uncertain < 0.2 * length else { continue }
            if !(abs(quotient.value - predicted) <= 0.03 * length + uncertain) {
                violations.append(
                    "with \(setting) the gradient of '\(name)' is wrong: \(Float(predicted)) along a direction, and central differences give "
                        + "\(Float(quotient.value))")
            }
        }
        return violations
    }

    private static func length(_ array: Tensor) -> Double {
        array.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    private static func areEqual(_ left: [Output], _ right: [Output]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { $0.array.shape == $1.array.shape && $0.array.values == $1.array.values }
    }

    /// Equal but for the rounding that depends on the size of a batch.
    static func areClose(_ left: [Tensor], _ right: [Tensor]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { left, right in
            guard left.shape == right.shape else { return false }
            let scale = left.values.reduce(1) { max($0, abs($1)) }
            return zip(left.values, right.values).allSatisfy { abs($0 - $1) <= 1e-4 * scale }
        }
    }
}

/// Inputs of a sample shape that the contracts draw: as many samples as there are, normally distributed.
func drawnInputs(_ sampleShape: Shape, name: String) -> Tensor {
    var stream = RandomSource(seed: 8).stream(name)
    return stream.normal(Shape([NetworkSubject.samples] + sampleShape.dimensions))
}

extension Shape {
    /// `16×3`.
    var text: String { dimensions.map(String.init).joined(separator: "×") }
}
