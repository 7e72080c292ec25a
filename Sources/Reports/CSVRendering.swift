import Foundation

extension Report {
    /// The report as comma-separated values (RFC 4180): a header line, then one line a figure.
    ///
    /// A sweep adds one column a dial, `variant.<path>`, after the recipe's name. What does not exist,
    /// such as the deviation of a single value, is an empty field.
    package func csv() -> String {
        let dials = variantDials
        let header =
            ["recipe"] + dials.map { "variant.\($0)" } + [
                "measure", "statistic", "row", "target", "unit", "value", "deviation", "standard_error", "units",
                "count", "planned", "failed",
            ]
        let lines = records.map { record in
            [settings.recipe] + dials.map { record.variant[$0] ?? "" } + [
                record.measure.rawValue, record.statistic.rawValue, record.row, record.target ?? "", "percent",
                Self.number(record.value), Self.number(record.deviation), Self.number(record.standardError),
                String(record.units), String(record.count), String(record.planned), String(record.failed),
            ]
        }
        return ([header] + lines).map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func number(_ value: Double?) -> String {
        value.map { String(format: "%.6f", $0) } ?? ""
    }

    private static func field(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
