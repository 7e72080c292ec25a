import Foundation

extension Report {
    /// The report as comma-separated values (RFC 4180): a header line, then one line a figure.
    ///
    /// A sweep adds one column a dial, `variant.<path>`, after the recipe's name. What does not exist,
    /// such as the deviation of a single value, is an empty field.
    package func csv() -> String {
        let header = [
            "measure", "statistic", "row", "target", "unit", "value", "deviation", "standard_error", "units", "count",
            "planned", "failed", "interval_low", "interval_high", "t_interval_low", "t_interval_high", "p_t", "p_t_holm",
            "p_sign_flip", "p_sign_flip_holm", "detectable", "verdict",
        ]
        let lines = records.map { record in
            let comparison = record.comparison
            let figures = [
                record.measure.rawValue, record.statistic.rawValue, record.row, record.target ?? "", "percent",
                Self.number(record.value), Self.number(record.deviation), Self.number(record.standardError),
                String(record.units), String(record.count), String(record.planned), String(record.failed),
            ]
            let tests = [
                Self.number(comparison?.intervalLow), Self.number(comparison?.intervalHigh),
                Self.number(comparison?.studentIntervalLow), Self.number(comparison?.studentIntervalHigh),
                Self.number(comparison?.tTest), Self.number(comparison?.adjustedTTest), Self.number(comparison?.signFlip),
                Self.number(comparison?.adjustedSignFlip), Self.number(comparison?.detectable),
            ]
            return (record.variant, figures + tests + [record.verdict?.rawValue ?? ""])
        }
        return csv(header: header, lines: lines)
    }

    /// What a training step takes, as comma-separated values: one line a row for the whole step (`part` is `step`), one for
    /// each of its regularizers (`part` is `regularizer`); times in milliseconds, medians over `trials` trials.
    ///
    /// - Returns: only the header when no trial measured it.
    package func costsCSV() -> String {
        let lines = variants.flatMap { variant in
            variant.costs.flatMap { cost in
                [
                    [cost.row, "step", "", Self.number(cost.seconds * 1000), Self.number(cost.difference.map { $0 * 1000 }), "", String(cost.trials)]
                ]
                    + cost.terms.map { term in
                        [cost.row, "regularizer", term.instance, Self.number(term.seconds * 1000), "", Self.number(term.share), String(cost.trials)]
                    }
            }.map { (variant.variant, $0) }
        }
        return csv(
            header: ["row", "part", "regularizer", "milliseconds", "difference_to_baseline", "share", "trials"], lines: lines)
    }

    /// Lines with the recipe's name and the variant's dials in front.
    private func csv(header: [String], lines: [([String: String], [String])]) -> String {
        let dials = variantDials
        let all =
            [["recipe"] + dials.map { "variant.\($0)" } + header]
            + lines.map { variant, fields in [settings.recipe] + dials.map { variant[$0] ?? "" } + fields }
        return all.map { $0.map(CSVText.field).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func number(_ value: Double?) -> String {
        value.map { String(format: "%.6f", $0) } ?? ""
    }
}

/// One field of comma-separated values (RFC 4180).
package enum CSVText {
    /// The text, in quotes where it needs them.
    package static func field(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) }
        return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
