import Foundation

/// How numbers are laid along an axis.
package enum Scale: Hashable, Sendable {
    case linear
    /// By powers of ten; only for positive numbers.
    case logarithmic

    /// Logarithmic for positive numbers that span more than the given ratio.
    package static func fitting(_ values: [Double], ratio: Double) -> Scale {
        guard let low = values.min(), let high = values.max(), low > 0 else { return .linear }
        return high / low > ratio ? .logarithmic : .linear
    }

    func position(_ value: Double) -> Double {
        switch self {
        case .linear: value
        case .logarithmic: log10(value)
        }
    }

    func value(at position: Double) -> Double {
        switch self {
        case .linear: position
        case .logarithmic: pow(10, position)
        }
    }

    /// About `count` round numbers inside a range, rising.
    ///
    /// - Parameter wholeNumbers: whether there is nothing between 1 and 2, as with epochs.
    package func ticks(from low: Double, to high: Double, count: Int, wholeNumbers: Bool = false) -> [Double] {
        guard low.isFinite, (high - low).isFinite, low < high, count > 0 else { return low.isFinite ? [low] : [] }
        switch self {
        case .linear: return Self.linear(low, high, count, wholeNumbers)
        case .logarithmic: return Self.logarithmic(low, high, count)
        }
    }

    private static func linear(_ low: Double, _ high: Double, _ count: Int, _ wholeNumbers: Bool) -> [Double] {
        var step = round(upwards: (high - low) / Double(count))
        if wholeNumbers { step = max(1, step.rounded(.up)) }
        // Multiples of the step, not sums of it, so that rounding does not add up.
        let first = (low / step - 1e-9).rounded(.up)
        let last = (high / step + 1e-9).rounded(.down)
        guard first <= last, last - first < 1000 else { return [low] }
        return stride(from: first, through: last, by: 1).map { $0 * step + 0 }
    }

    private static func logarithmic(_ low: Double, _ high: Double, _ count: Int) -> [Double] {
        let first = (log10(low) - 1e-9).rounded(.up)
        let last = (log10(high) + 1e-9).rounded(.down)
        let decades = Int(last - first)
        if decades >= 2 {
            let step = max(1, (decades + count - 1) / count)
            return stride(from: Int(first), through: Int(last), by: step).map { pow(10, Double($0)) }
        }
        let finer = stride(from: first - 1, through: last, by: 1).flatMap { decade in [1, 2, 5].map { $0 * pow(10, decade) } }
        let inside = finer.filter { $0 >= low * (1 - 1e-9) && $0 <= high * (1 + 1e-9) }
        return inside.count > 1 ? inside : linear(low, high, count, false)
    }

    /// The next of 1, 2, 5 × a power of ten.
    private static func round(upwards size: Double) -> Double {
        let power = pow(10, log10(size).rounded(.down))
        for factor in [1.0, 2, 5] where factor * power >= size * (1 - 1e-9) { return factor * power }
        return 10 * power
    }

    /// A tick in as few characters as tell it from its neighbors: `0.25`, `20`, `1e-5`.
    package static func text(_ value: Double, among ticks: [Double]) -> String {
        if value == 0 { return "0" }
        if abs(value) >= 1e5 || abs(value) < 1e-3 {
            return scientific(value)
        }
        for decimals in 0...6 {
            let fits = ticks.allSatisfy { tick in
                let rounded = (tick * pow(10, Double(decimals))).rounded() / pow(10, Double(decimals))
                return abs(rounded - tick) <= 1e-9 * abs(tick) || (abs(tick) >= 1e5 || abs(tick) < 1e-3)
            }
            if fits { return shortened(String(format: "%.\(decimals)f", value)) }
        }
        return shortened(String(format: "%.6f", value))
    }

    private static func scientific(_ value: Double) -> String {
        let exponent = Int((log10(abs(value)) + 1e-9).rounded(.down))
        let digits = String(format: "%.3g", value / pow(10, Double(exponent)))
        return "\(digits)e\(exponent)".replacing("-", with: "−")
    }

    private static func shortened(_ text: String) -> String {
        text.replacing("-", with: "−")
    }
}
