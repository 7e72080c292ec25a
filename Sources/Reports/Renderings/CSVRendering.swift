import Configuration
import Foundation

extension Report {
    /// The report as comma-separated values (RFC 4180): a header line, then one line per figure.
    ///
    /// A sweep adds one column per dial, `variant.<path>`, after the recipe's name. What does not
    /// exist, such as the deviation of a single value, is an empty field.
    ///
    /// Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, as `+ MER` is. A name of that kind is written with an
    /// apostrophe in front, which spreadsheets read as "this is text"; numbers stay as they are.
    package func csv() -> String {
        let header = [
            "measure", "statistic", "row", "target", "unit", "value", "deviation", "standard_error", "units", "count",
            "planned", "failed", "not_finite", "interval_low", "interval_high", "t_interval_low", "t_interval_high", "p_t", "p_t_holm",
            "p_sign_flip", "p_sign_flip_holm", "detectable", "verdict",
        ]
        let lines = records.map { record in
            let comparison = record.comparison
            let figures = [
                CSVText.name(record.measure), record.statistic.rawValue, CSVText.name(record.row), CSVText.name(record.target ?? ""), record.unit,
                CSVText.number(record.value), CSVText.number(record.deviation), CSVText.number(record.standardError),
                String(record.units), String(record.count), String(record.planned), String(record.failed), String(record.notFinite),
            ]
            let tests = [
                CSVText.number(comparison?.intervalLow), CSVText.number(comparison?.intervalHigh),
                CSVText.number(comparison?.studentIntervalLow), CSVText.number(comparison?.studentIntervalHigh),
                CSVText.number(comparison?.tTest), CSVText.number(comparison?.adjustedTTest), CSVText.number(comparison?.signFlip),
                CSVText.number(comparison?.adjustedSignFlip), CSVText.number(comparison?.detectable),
            ]
            return (record.variant, figures + tests + [record.verdict?.rawValue ?? ""])
        }
        return csv(header: header, lines: lines)
    }

    /// What a training step takes, as comma-separated values: one line per row for the whole step
    /// (`part` is `step`), one for each of its regularizers (`part` is `regularizer`); times in
    /// milliseconds, medians and quartiles over `trials` trials. A difference that the spread over
    /// trials hides is an empty field. Then what each measurement took (`part` is `measurement`): the
    /// mean of a trial, and its share of the trainings.
    ///
    /// - Returns: only the header when no trial measured it.
    package func costsCSV() -> String {
        func milliseconds(_ seconds: Double?) -> String { CSVText.number(seconds.map { $0 * 1000 }) }
        func difference(_ cost: RowCost) -> Double? { if case .seconds(let seconds) = cost.difference { seconds } else { nil } }
        var lines: [([String: String], [String])] = []
        for variant in variants {
            for cost in variant.costs {
                let step = [
                    CSVText.name(cost.row), "step", "", milliseconds(cost.step.median), milliseconds(cost.step.quartiles?.low),
                    milliseconds(cost.step.quartiles?.high), milliseconds(difference(cost)), "", String(cost.trials),
                ]
                lines.append((variant.variant, step))
                for term in cost.terms {
                    let part = [
                        CSVText.name(cost.row), "regularizer", CSVText.name(term.instance), milliseconds(term.seconds), "", "", "",
                        CSVText.number(term.share), String(cost.trials),
                    ]
                    lines.append((variant.variant, part))
                }
            }
            for part in variant.measuringTime?.parts ?? [] {
                let own = [
                    "", "measurement", CSVText.name(part.title), milliseconds(part.secondsPerTrial), "", "", "", CSVText.number(part.share),
                    String(part.trials),
                ]
                lines.append((variant.variant, own))
            }
        }
        return csv(
            header: [
                "row", "part", "name", "milliseconds", "quartile_low", "quartile_high", "difference_to_baseline", "share", "trials",
            ], lines: lines)
    }

    /// Lines with the recipe's name and the variant's dials in front.
    private func csv(header: [String], lines: [([String: String], [String])]) -> String {
        let dials = variantDials
        let all =
            [["recipe"] + dials.map { "variant.\($0)" } + header]
            + lines.map { variant, fields in [CSVText.name(settings.recipe)] + dials.map { CSVText.name(variant[$0] ?? "") } + fields }
        return CSVText.text(all)
    }
}

/// Comma-separated values (RFC 4180).
package enum CSVText {
    /// The whole text, a line for each list of fields.
    package static func text(_ lines: [[String]]) -> String {
        lines.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// A figure with six decimals; an empty field for none.
    static func number(_ value: Double?) -> String {
        guard let value else { return "" }
        return value.isFinite ? String(format: "%.6f", value) : NumberText.notFinite
    }

    /// Values assigned to recipe paths in one field: `data.draw=3;data.rel=0.9`.
    static func assignment(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ";")
    }

    /// The name, written so that no spreadsheet takes it for a formula. A dial's value that is a number
    /// stays a number.
    package static func name(_ text: String) -> String {
        if Double(text)?.isFinite == true { return text }
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r\n＝＋－＠".unicodeScalars.contains($0) } ?? false
        return isFormula ? "'" + text : text
    }

    /// The text, in quotes where it needs them.
    static func field(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) }
        return needsQuotes ? "\"" + text.spelling(["\"": "\"\""]) + "\"" : text
    }
}
