import Configuration

/// Reads figures from elsewhere to compare with: `expect:` of a row, and that of the recipe with `source:`, `rows:` and `measured:`.
///
/// ```yaml
/// expect:
///   source: Table 13
///   rows:
///     + MER: {average: 62.82, D1: 58.16}
///   measured:
///     representation:
///       rankme of video on target: {+ MER: 290.0}
/// rows:
///   - name: Fusion
///     expect: {average: 58.4}
/// ```
struct ExpectationReader {
    /// Where the figures come from.
    let source: String?
    private let rows, measured: SectionReader?
    /// The figures of each row, by its name.
    private let entries: [String: YAMLNode.Entry]
    private let faults: FaultCollector

    /// - Parameter section: the recipe's `expect:`, where it has one.
    init(_ section: SectionReader?, faults: FaultCollector) {
        self.faults = faults
        section?.refuseKeys(except: ["source", "rows", "measured"])
        source = section?.name("source")
        let rows = section?.section("rows", name: "expect.rows")
        entries = Dictionary((rows?.node.entries ?? []).map { ($0.key, $0) }) { first, _ in first }
        self.rows = rows
        measured = section?.section("measured", name: "expect.measured")
    }

    /// What is expected of measurements, in the recipe's order; figures of measurements and rows that
    /// do not exist are reported.
    ///
    /// What a measurement finds is known when it has been made of a model; a quantity that it does not find is named in the report.
    func measured(by measurements: [String], rows: [String]) -> [MeasuredExpectation] {
        var expectations: [MeasuredExpectation] = []
        for measurement in measured?.node.entries ?? [] {
            guard measurements.contains(measurement.key) else {
                faults.reportUnknown("measurement", printable(measurement.key), at: measurement.keyLocation, known: measurements)
                continue
            }
            let section = SectionReader(measurement.value, name: "expect.measured.\(measurement.key)", at: measurement.keyLocation, faults: faults)
            for quantity in section?.node.entries ?? [] {
                let figures = SectionReader(quantity.value, name: printable(quantity.key), at: quantity.keyLocation, faults: faults)
                for figure in figures?.node.entries ?? [] {
                    guard rows.isEmpty || rows.contains(figure.key) else {
                        faults.reportUnknown("row", printable(figure.key), at: figure.keyLocation, known: rows)
                        continue
                    }
                    guard let value = number(figure.value, of: figure.key, expected: "a number, in the measurement's own unit") else { continue }
                    expectations.append(
                        MeasuredExpectation(measurement: measurement.key, quantity: quantity.key, row: figure.key, value: value))
                }
            }
        }
        return expectations
    }

    /// What is expected of a row by target, as the table is written; the row's own figures over those of the recipe.
    func values(of name: String, row: YAMLNode) -> (values: [String: Double], locations: [String: SourceLocation]) {
        var values: [String: Double] = [:]
        var locations: [String: SourceLocation] = [:]
        for entry in [entries[name], row.entry("expect")] {
            guard let entry, let section = SectionReader(entry.value, name: "expect", at: entry.keyLocation, faults: faults) else {
                continue
            }
            for figure in section.node.entries ?? [] {
                values[figure.key] = number(figure.value, of: figure.key)
                locations[figure.key] = figure.keyLocation
            }
        }
        return (values, locations)
    }

    /// Reports figures of rows that do not exist.
    func check(rows known: [String]) {
        guard !known.isEmpty else { return }
        let names = Set(known)
        for entry in rows?.node.entries ?? [] where !names.contains(entry.key) {
            faults.reportUnknown("row", printable(entry.key), at: entry.keyLocation, known: known)
        }
    }

    private func number(
        _ node: YAMLNode, of target: String, expected: String = "a number in the unit of the table: percent for a fraction"
    ) -> Double? {
        switch node.scalar?.value {
        case .integer(let value): return Double(value)
        case .number(let value) where value.isFinite: return value
        default:
            faults.report("\(target) cannot be \(node.phrase)", at: node.location, expected: expected)
            return nil
        }
    }
}
