import Glibc
import Tensors

/// The gradient of one quantity in variables of one kind, compared with central differences.
///
/// Directions: the gradient's own, random ones, and single entries: the one with the largest gradient and random ones. A wrong gradient
/// shows in several; one that disagrees alone is taken for a kink nearby, as networks with ReLU have many.
struct GradientComparison {
    /// The largest error along a direction for which the differences settle.
    private(set) var error = 0.0
    /// What is wrong, with the numbers; nil where all is well.
    private(set) var fault: String?

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

    private static func subject(_ kind: Rehearsal.Kind, _ variables: [Rehearsal.Variable]) -> String {
        kind == .prediction ? "the " + variables.map(\.name).joined(separator: " and ") : kind == .embeddings ? "the embeddings" : kind.rawValue
    }

    /// Directions of length 1.
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

    /// The quantity with the variables moved along a direction.
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

    private static func norm(_ values: [Double]) -> Double {
        values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
}

/// A number with three significant digits.
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
