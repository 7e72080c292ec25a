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
    /// Where the figures come from.
    let source: String?
    private let rows: SectionReader?
    /// The figures of each row, by its name.
    private let entries: [String: YAMLNode.Entry]
    private let faults: FaultCollector

    /// - Parameter section: the recipe's `expect:`, where it has one.
    init(_ section: SectionReader?, faults: FaultCollector) {
        self.faults = faults
        section?.refuseKeys(except: ["source", "rows"])
        source = section?.name("source")
        let rows = section?.section("rows", name: "expect.rows")
        entries = Dictionary((rows?.node.entries ?? []).map { ($0.key, $0) }) { first, _ in first }
        self.rows = rows
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

    private func number(_ node: YAMLNode, of target: String) -> Double? {
        switch node.scalar?.value {
        case .integer(let value): return Double(value)
        case .number(let value) where value.isFinite: return value
        default:
            faults.report("\(target) cannot be \(node.phrase)", at: node.location, expected: "a number, as the table has it: in percent for a fraction")
            return nil
        }
    }
}
