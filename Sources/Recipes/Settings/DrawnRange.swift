import Configuration
import Foundation

/// A range that random search draws from: `{between: [0.01, 10], scale: log}`.
struct DrawnRange {
    private enum Scale: String, CaseIterable, Sendable { case linear, log }

    private struct Settings: Options {
        var scale = Scale.linear
        var step: Double?

        static var fields: [OptionField<Settings>] {
            [
                .choice("scale", \.scale, "whether values or their logarithms are evenly distributed"),
                .number("step", \.step, in: 1e-12..., "distance from the lower end of which every value is a multiple"),
            ]
        }
    }

    /// Finer steps are refused: rounding would make them uneven.
    private static let mostSteps = 1e6

    /// Both ends, as they stand in the recipe.
    let ends: [YAMLNode]

    private let low: Double
    private let high: Double
    private let scale: Scale
    private let step: Double?
    /// Whether all values are whole numbers: the ends and the step are.
    private let isWhole: Bool
    private let location: SourceLocation

    /// Whether a value of `tune:` is meant as a range.
    static func isRange(_ node: YAMLNode) -> Bool { node.entries != nil }

    /// Nil, and reported, where the value is not a range.
    init?(_ entry: YAMLNode.Entry, faults: FaultCollector) {
        guard let section = SectionReader(entry.value, name: entry.key, at: entry.keyLocation, faults: faults) else { return nil }
        section.refuseKeys(except: ["between", "scale", "step"])
        guard let between = section.node["between"] else {
            section.reportMissing("between", expected: "two numbers, such as [0.01, 10]")
            return nil
        }
        let ends = between.items ?? []
        let numbers = ends.compactMap { Self.number($0) }
        guard numbers.count == 2, ends.count == 2, numbers[0] < numbers[1] else {
            faults.report("between cannot be \(between.phrase)", at: between.location, expected: "two numbers, the smaller one first")
            return nil
        }
        let length = numbers[1] - numbers[0]
        guard length.isFinite else {
            faults.report("between is too wide", at: between.location, expected: "two numbers whose difference is one too")
            return nil
        }
        let settings = section.options(Settings.self)
        if settings.scale == .log && numbers[0] <= 0 {
            faults.report("a logarithmic range cannot begin at \(ends[0].phrase)", at: ends[0].location, expected: "a number above 0")
            return nil
        }
        if let step = settings.step, step > length || length / step > Self.mostSteps {
            let limit = step > length ? "at most \(OptionValue.number(length))" : "at least \(OptionValue.number(length / Self.mostSteps))"
            faults.report(
                "step cannot be \(OptionValue.number(step))", at: section.locations["step"] ?? between.location,
                expected: step > length ? "\(limit), the length of the range" : "\(limit), a millionth of the range's length")
            return nil
        }
        (low, high, scale, step, self.ends) = (numbers[0], numbers[1], settings.scale, settings.step, ends)
        isWhole = (ends + [section.node["step"]].compactMap(\.self)).allSatisfy { Self.isInteger($0) } && settings.step != nil
        location = between.location
    }

    /// The value that lies at a share of the range, from 0 to below 1.
    ///
    /// Values between steps are rounded to four significant digits, which read well in a table, and in which the last bit of a
    /// logarithm, where machines differ, does not show.
    func value(at share: Double) -> YAMLNode {
        var value = scale == .log ? exp(log(low) + share * (log(high) - log(low))) : low + share * (high - low)
        if let step {
            // The last step may end before the range does.
            let steps = ((high - low) / step * (1 + 1e-12)).rounded(.down)
            let index = scale == .log ? ((value - low) / step).rounded() : (share * (steps + 1)).rounded(.down)
            value = low + min(index, steps) * step
        }
        value = min(max(Self.rounded(value), low), high)
        let option = isWhole ? OptionValue.integer(Int(value)) : OptionValue.number(value)
        return YAMLNode(.scalar(YAMLScalar(plain: option.description)), at: location)
    }

    /// How many different values there are; nil where steps do not limit them.
    var count: Double? {
        guard let step, scale == .linear else { return nil }
        return ((high - low) / step * (1 + 1e-12)).rounded(.down) + 1
    }

    /// `0.01 to 10, logarithmic`.
    var phrase: String {
        "\(OptionValue.number(low)) to \(OptionValue.number(high))" + (scale == .log ? ", logarithmic" : "")
            + (step.map { ", in steps of \(OptionValue.number($0))" } ?? "")
    }

    /// Dividing whole numbers by powers of ten gives the double nearest to the decimal number.
    private static func rounded(_ value: Double) -> Double {
        guard value != 0 else { return 0 }
        let digits = 3 - Int(log10(abs(value)).rounded(.down))
        // Beyond the largest number a power of ten is infinite, and the result would be NaN.
        guard digits <= 300 else { return value }
        return digits >= 0 ? (value * pow(10, Double(digits))).rounded() / pow(10, Double(digits)) : value.rounded()
    }

    private static func number(_ node: YAMLNode) -> Double? {
        switch node.optionValue {
        case .integer(let value): Double(value)
        case .number(let value) where value.isFinite: value
        default: nil
        }
    }

    private static func isInteger(_ node: YAMLNode) -> Bool {
        if case .integer(let value) = node.optionValue { value.magnitude < 1 << 53 } else { false }
    }
}
