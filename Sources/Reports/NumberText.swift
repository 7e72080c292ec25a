import Foundation

/// How numbers are spelled in tables for people.
package enum NumberText {
    /// Stands for what does not exist, such as the deviation of a single value.
    static let nothing = "–"

    /// A fraction in percent with one decimal: 0.6123 is `61.2`.
    static func percent(_ fraction: Double?) -> String {
        fraction.map { String(format: "%.1f", $0 * 100) } ?? nothing
    }

    /// A difference of fractions in percentage points, always with its sign: `+1.2`, `−0.4`, `0.0`.
    static func signedPercent(_ difference: Double) -> String {
        let size = percent(abs(difference))
        if size == "0.0" { return size }
        return (difference < 0 ? "−" : "+") + size
    }

    /// `61.2 ± 0.9`; the second number is `–` when there is none.
    static func percent(_ mean: Double, plusMinus spread: Double?) -> String {
        "\(percent(mean)) ± \(percent(spread))"
    }

    /// A probability with three decimals, `<0.001` below.
    static func probability(_ p: Double?) -> String {
        guard let p else { return nothing }
        return p < 0.0005 ? "<0.001" : String(format: "%.3f", p)
    }

    /// Seconds in milliseconds with three significant digits: `0.124`, `3.52`, `1204`.
    static func milliseconds(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite else { return nothing }
        let size = abs(seconds) * 1000
        let decimals = size < 0.9995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0
        return String(format: "%.\(decimals)f", size)
    }

    /// A difference in milliseconds, always with its sign.
    static func signedMilliseconds(_ seconds: Double?) -> String {
        guard let seconds, seconds.isFinite else { return nothing }
        let size = milliseconds(abs(seconds))
        return size == "0.000" ? size : (seconds < 0 ? "−" : "+") + size
    }

    /// A span of time in the two largest units that it has: `3.2 s`, `47 s`, `3 min 20 s`, `1 h 05 min`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return nothing }
        if seconds < 9.95 { return String(format: "%.1f s", seconds) }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
        return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
    }

    /// A size in the largest unit that gives it a whole number or one decimal below ten: `812 B`, `3.2 MiB`, `18 GiB`.
    package static func bytes(_ count: Int) -> String {
        var size = Double(count)
        var units = ["B", "KiB", "MiB", "GiB", "TiB"][...]
        while size >= 999.5, units.count > 1 {
            size /= 1024
            units = units.dropFirst()
        }
        let unit = units.first ?? "B"
        return String(format: unit == "B" || size >= 9.95 ? "%.0f" : "%.1f", size) + " " + unit
    }

    /// `1 seed`, `3 seeds`.
    package static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
