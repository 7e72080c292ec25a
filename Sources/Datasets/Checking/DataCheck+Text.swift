import Configuration

extension DataCheck {
    /// The check as text for a terminal.
    package var lines: [String] {
        let total = facts.sampleCount
        var lines = ["\(total) rows, \(facts.domains.count) domains, \(facts.targets.text)"]
        lines += facts.modalities.map { "\($0.name): samples of \($0.sampleShape.map(String.init).joined(separator: "×"))" } + [""]
        lines += table
        if !targets.isEmpty { lines += [""] + targets }
        if seconds.contains(where: { !$0.isEmpty }) {
            lines += ["", "seconds a row: shortest, median, longest; minutes in all"]
            for (domain, values) in zip(facts.domains, seconds) {
                guard let first = values.first, let last = values.last else { continue }
                let all = values.reduce(0, +) / 60
                lines.append("  \(domain): \(text(first)), \(text(values[values.count / 2])), \(text(last)); \(text(all))")
            }
        }
        lines.append("")
        lines += remarks.map { "note: \($0)" }
        for gap in gaps {
            let rows = gap.missing.reduce(0, +)
            if rows > 0 {
                let domains = zip(facts.domains, gap.missing).filter { $1 > 0 }.map { "\($0) \($1)" }.joined(separator: ", ")
                lines.append("\(gap.modality): \(rows) of \(total) rows lack it (\(domains))")
            }
            if let lengths = gap.lengths, let shortest = lengths.first, let longest = lengths.last {
                lines.append("\(gap.modality): \(shortest) to \(longest) real steps a row, median \(lengths[lengths.count / 2])")
            }
        }
        lines += contents?.lines ?? []
        for missing in missing {
            lines.append("missing, \(missing.modality): \(missing.files) files, which \(missing.rows) rows need")
            lines += missing.examples.map { "  \($0)" }
            if missing.files > missing.examples.count { lines.append("  …") }
        }
        if !unreadable.isEmpty {
            lines.append("unreadable: \(unreadable.count) files")
            lines += unreadable.prefix(20).map { "  \($0)" }
            if unreadable.count > 20 { lines.append("  …") }
        }
        if decoded.tried > 0 { lines.append("decoded: \(decoded.good) of \(decoded.tried) rows that were tried") }
        lines.append(isSound ? "nothing is missing or damaged" : "the data set is incomplete")
        return lines
    }

    /// Rows by domain and part, a column a class where there are classes.
    private var table: [String] {
        var rows = [["domain", "part"] + facts.classes + ["all"]]
        for (domain, byPart) in zip(facts.domains, counts) {
            for (part, byClass) in zip(parts, byPart) {
                rows.append(
                    [domain, part?.rawValue ?? "all"] + (facts.targets.kind == .classes ? byClass.map(String.init) : []) + [String(byClass.reduce(0, +))])
            }
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 2 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "  ")
        }
    }

    private func text(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}
