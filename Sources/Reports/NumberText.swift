import Foundation

/// How numbers are spelled in tables for people.
package enum NumberText {
    /// Stands for what does not exist, such as the deviation of a single value.
    package static let nothing = "–"

    /// Stands for a computed value that is not a finite number: NaN or an infinity.
    package static let notFinite = "not finite"

    /// A fraction in percent with one decimal: 0.6123 is `61.2`.
    package static func percent(_ fraction: Double?) -> String {
        guard let fraction else { return nothing }
        return fraction.isFinite ? String(format: "%.1f", fraction * 100) : notFinite
    }

    /// A difference of fractions in percentage points, always with its sign: `+1.2`, `−0.4`, `0.0`.
    static func signedPercent(_ difference: Double) -> String {
        let size = percent(abs(difference))
        if size == "0.0" || !difference.isFinite { return size }
        return (difference < 0 ? "−" : "+") + size
    }

    /// A figure with its spread: `61.2 ± 0.9`. A single value has none, and says what it is: `61.2 (one seed)`.
    ///
    /// - Parameters:
    ///   - spread: as a text; nil where it cannot be given.
    ///   - unit: what there is one of.
    ///   - note: what the cell says besides, such as ` (1 of 2)`, which also says what there is one of.
    package static func figure(_ text: String, plusMinus spread: String?, unit: String = "value", note: String = "") -> String {
        if let spread { return "\(text) ± \(spread)\(note)" }
        return text + (note.isEmpty ? " (one \(unit))" : note)
    }

    /// A probability with three decimals, `<0.001` below.
    package static func probability(_ p: Double?) -> String {
        guard let p else { return nothing }
        guard p.isFinite else { return notFinite }
        return p < 0.0005 ? "<0.001" : String(format: "%.3f", p)
    }

    /// Seconds in milliseconds with three significant digits: `0.124`, `3.52`, `1204`.
    package static func milliseconds(_ seconds: Double?) -> String {
        guard let seconds else { return nothing }
        guard seconds.isFinite else { return notFinite }
        let size = abs(seconds) * 1000
        let decimals = size < 0.9995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0
        return (seconds < 0 ? "−" : "") + String(format: "%.\(decimals)f", size)
    }

    /// A difference in milliseconds, always with its sign.
    static func signedMilliseconds(_ seconds: Double?) -> String {
        guard let seconds else { return nothing }
        guard seconds.isFinite else { return notFinite }
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

    /// A moment to the minute, in UTC: `2026-11-29 07:54`.
    ///
    /// - Parameter seconds: since 1970.
    package static func date(_ seconds: Double) -> String {
        // Beyond year 9999 nobody measured anything.
        guard seconds.isFinite, (0..<253_402_300_800).contains(seconds) else { return nothing }
        var (moment, parts) = (time_t(seconds), tm())
        gmtime_r(&moment, &parts)
        return String(
            format: "%04d-%02d-%02d %02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min)
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

extension NumberText {
    /// A number with three significant digits, without an exponent where it has few enough digits: `0.0123`, `4.56`, `1230`.
    package static func significant(_ value: Double?) -> String {
        guard let value, value.isFinite else { return nothing }
        let size = abs(value)
        if size == 0 { return "0" }
        if size < 1e-4 || size >= 1e6 { return String(format: "%.2e", value).replacing("-", with: "−") }
        let decimals = max(0, 2 - Int(log10(size).rounded(.down)))
        return String(format: "%.\(decimals)f", value).replacing("-", with: "−")
    }

    /// The same, always with its sign.
    static func signed(_ value: Double) -> String {
        value == 0 ? "0" : (value < 0 ? "−" : "+") + significant(abs(value))
    }

    /// The same of a mean with an error: 0 where differences that cancel leave nothing but their rounding.
    static func signed(_ mean: Double, beside error: Double?) -> String { signed(abs(mean) < 1e-12 * (error ?? 0) ? 0 : mean) }
}
