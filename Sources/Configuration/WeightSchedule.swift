import Glibc

/// How a term's weight changes over a training: `schedule:` in a recipe. The weight is multiplied by a
/// factor from 0 to 1 that depends on `p`, the share of the training that is done.
///
/// | shape | `p < start` | `start ≤ p < end` | `end ≤ p` |
/// |---|---|---|---|
/// | `constant` | 1 | 1 | 1 |
/// | `warm-up` | 0 | rises linearly from 0 to 1 | 1 |
/// | `window` | 0 | 1 | 0 |
/// | `cosine` | 1 | falls from 1 to 0 along half a cosine | 0 |
///
/// A `window` whose end is 1 includes the last step.
public struct WeightSchedule: Options, Hashable {
    /// The forms of change; see the table above.
    public enum Shape: String, CaseIterable, Sendable {
        /// The whole weight at every step.
        case constant
        /// From 0 to the whole weight in a straight line.
        case warmUp = "warm-up"
        /// The whole weight between start and end, 0 outside.
        case window
        /// From the whole weight to 0 along half a cosine.
        case cosine
    }

    /// The form of the change.
    public var shape = Shape.constant

    /// Where the change begins, as a share of the training.
    public var start = 0.0

    /// Where the change ends, as a share of the training.
    public var end = 1.0

    public init() {}

    /// - Parameters:
    ///   - shape: the form of the change.
    ///   - start: where it begins, from 0 to 1.
    ///   - end: where it ends, from 0 to 1.
    public init(_ shape: Shape, start: Double = 0, end: Double = 1) {
        self.shape = shape
        self.start = start
        self.end = end
    }

    public static var fields: [OptionField<WeightSchedule>] {
        [
            .choice("shape", \.shape, "how the weight changes over the training"),
            .number("start", \.start, in: 0...1, unit: "share of the training", "where the change begins"),
            .number("end", \.end, in: 0...1, unit: "share of the training", "where the change ends"),
        ]
    }

    /// The factor by which the weight is multiplied.
    ///
    /// - Parameter progress: the share of the training that is done, from 0 to 1.
    public func factor(at progress: Double) -> Double {
        switch shape {
        case .constant:
            return 1
        case .warmUp:
            return progress >= end ? 1 : progress <= start ? 0 : (progress - start) / (end - start)
        case .window:
            return progress >= start && (progress < end || end >= 1) ? 1 : 0
        case .cosine:
            if progress < start { return 1 }
            if progress >= end { return 0 }
            return (1 + cos(.pi * (progress - start) / (end - start))) / 2
        }
    }
}

/// A moment of a training: `after:` and `until:` of a term.
///
/// A recipe writes it as a share of the training, `0.4`, or counted from its start, `5 epochs` or `400
/// steps`.
public enum TrainingMoment: Sendable, Hashable {
    /// The share of the training that is done by then, from 0 to 1.
    case share(Double)
    /// The number of passes over the training samples that are done by then.
    case epochs(Int)
    /// The number of optimizer steps that are done by then.
    case steps(Int)

    /// What can be written, in words, for error messages.
    public static let expectation = "a share of the training from 0 to 1, or a count such as 5 epochs or 400 steps"

    /// Reads a moment as a recipe can write it.
    ///
    /// - Throws: `OptionFault` without an option's name, with a suggestion such as `5 epochs` where a
    ///   count was given without its unit.
    public init(_ value: OptionValue) throws(OptionFault) {
        switch value {
        case .number, .integer:
            guard let share = value.asNumber, (0...1).contains(share) else {
                let count = value.asInteger.flatMap { $0 > 1 ? "\($0) epochs" : nil }
                throw Self.fault(value, suggestion: count)
            }
            self = .share(share)
        case .string(let text):
            let words = text.split(separator: " ")
            guard words.count == 2, let count = Int(words[0]), count >= 0, words[0].first?.isNumber == true else {
                throw Self.fault(value)
            }
            switch words[1] {
            case "epoch", "epochs": self = .epochs(count)
            case "step", "steps": self = .steps(count)
            default:
                let unit = nearestName(to: String(words[1]), among: ["epochs", "steps"])
                throw Self.fault(value, suggestion: unit.map { "\(count) \($0)" })
            }
        default:
            throw Self.fault(value)
        }
    }

    /// The first step after the moment, counted from 0; `totalSteps` where the moment is the end of the
    /// training or later.
    ///
    /// - Parameters:
    ///   - totalSteps: the number of steps of the whole training.
    ///   - stepsPerEpoch: the number of steps of one epoch.
    public func step(totalSteps: Int, stepsPerEpoch: Int) -> Int {
        let total = max(0, totalSteps)
        switch self {
        case .share(let share):
            return min(total, Int((share * Double(total)).rounded()))
        case .epochs(let count):
            let (steps, overflows) = count.multipliedReportingOverflow(by: max(0, stepsPerEpoch))
            return overflows ? total : min(total, steps)
        case .steps(let count):
            return min(total, count)
        }
    }

    private static func fault(_ value: OptionValue, suggestion: String? = nil) -> OptionFault {
        OptionFault(option: nil, expected: expectation, found: value.description, suggestion: suggestion)
    }
}

extension TrainingMoment: CustomStringConvertible {
    /// As a recipe writes it; ``init(_:)`` reads it back.
    public var description: String {
        switch self {
        case .share(let share): OptionValue.text(of: share)
        case .epochs(let count): count == 1 ? "1 epoch" : "\(count) epochs"
        case .steps(let count): count == 1 ? "1 step" : "\(count) steps"
        }
    }
}
