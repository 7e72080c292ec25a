import Configuration

/// Reads figures from elsewhere to compare with: `expect:` of a row, and that of the recipe with `source:` and `rows:`.
///
/// ```yaml
/// expect:
///   source: Table 13
///   rows:
///     + MER: {average: 62.82, D1: 58.16}
/// rows:
///   - name: Fusion
///     expect: {average: 58.4}
/// ```
struct ExpectationReader {
    /// The name for the mean of all columns.
    static let average = "average"

    /// Where the figures come from.
    let source: String?
    private let rows: SectionReader?
    /// The figures of each row, by its name.
    private let entries: [String: YAMLNode.Entry]
    /// The report's; nil where the data are not known.
    private let columns: [String]?
    private let faults: FaultCollector

    /// - Parameter section: the recipe's `expect:`, where it has one.
    init(_ section: SectionReader?, columns: [String]?, faults: FaultCollector) {
        self.columns = columns
        self.faults = faults
        section?.refuseKeys(except: ["source", "rows"])
        source = section?.name("source")
        let rows = section?.section("rows", name: "expect.rows")
        entries = Dictionary((rows?.node.entries ?? []).map { ($0.key, $0) }) { first, _ in first }
        self.rows = rows
    }

    /// What is expected of a row, in percent by target; the row's own figures over those of the recipe.
    func values(of name: String, row: YAMLNode) -> [String: Double] {
        var values: [String: Double] = [:]
        for entry in [entries[name], row.entry("expect")] {
            guard let entry, let section = SectionReader(entry.value, name: "expect", at: entry.keyLocation, faults: faults) else {
                continue
            }
            for figure in section.node.entries ?? [] {
                check(target: figure)
                values[figure.key] = number(figure.value, of: figure.key)
            }
        }
        return values
    }

    /// Reports figures of rows that there are not.
    func check(rows known: [String]) {
        guard !known.isEmpty else { return }
        let names = Set(known)
        for entry in rows?.node.entries ?? [] where !names.contains(entry.key) {
            faults.reportUnknown("row", printable(entry.key), at: entry.keyLocation, known: known)
        }
    }

    private func check(target entry: YAMLNode.Entry) {
        guard let columns, entry.key != Self.average, !columns.contains(entry.key) else { return }
        faults.reportUnknown("target", printable(entry.key), at: entry.keyLocation, known: columns + [Self.average])
    }

    private func number(_ node: YAMLNode, of target: String) -> Double? {
        switch node.scalar?.value {
        case .integer(let value) where (0...100).contains(value): return Double(value)
        case .number(let value) where (0...100).contains(value): return value
        default:
            faults.report("\(target) cannot be \(node.phrase)", at: node.location, expected: "a number from 0 to 100 (percent)")
            return nil
        }
    }
}
