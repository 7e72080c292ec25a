import Glibc

/// How a term's weight changes over a training: a factor between 0 and 1 of the share `p` of the training that lies behind.
///
/// | shape | `p < start` | `start ≤ p < end` | `end ≤ p` |
/// |---|---|---|---|
/// | `constant` | 1 | 1 | 1 |
/// | `warm-up` | 0 | rises evenly from 0 to 1 | 1 |
/// | `window` | 0 | 1 | 0 |
/// | `cosine` | 1 | falls from 1 to 0 along half a cosine | 0 |
///
/// A `window` that ends at 1 includes the end of training.
public struct WeightSchedule: Options, Hashable {
    /// The forms of change; see the table above.
    public enum Shape: String, CaseIterable, Sendable {
        case constant
        case warmUp = "warm-up"
        case window
        case cosine
    }

    /// The form of the change.
    public var shape = Shape.constant

    /// Where the change begins, as a share of the training.
    public var start = 0.0

    /// Where the change ends, as a share of the training.
    public var end = 1.0

    public init() {}

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

    /// The factor at `progress`, the share of the training that lies behind (0 to 1).
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
