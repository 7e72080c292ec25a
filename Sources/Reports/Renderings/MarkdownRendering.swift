extension Document {
    /// The document as Markdown, with the columns of tables aligned in the source too. Drawings are links to
    /// `figures/<name>.svg`.
    package func markdown() -> String {
        blocks.compactMap(Self.markdown).joined(separator: "\n\n") + "\n"
    }

    private static func markdown(_ block: Block) -> String? {
        switch block {
        case .title(let text): "# " + escaped(text)
        case .heading(let text): "## " + escaped(text)
        case .paragraph(let text): escaped(text)
        case .list(let items): items.map { "- " + escaped($0) }.joined(separator: "\n")
        case .table(let table): markdown(table)
        case .figures(let figures):
            figures.map { "![\(escaped($0.caption))](figures/\($0.name).svg)" }.joined(separator: "\n")
        case .source, .folded: nil
        }
    }

    private static func markdown(_ table: TextTable) -> String {
        let headings = table.columns.map { escaped($0.heading) }
        let rows = table.rows.map { $0.map(escaped) }
        let widths = headings.indices.map { column in
            ([headings] + rows).map { DisplayText.width($0[column]) }.reduce(3, max)
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                DisplayText.padded(cells[column], to: widths[column], table.columns[column].alignment)
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = table.columns.indices.map { column in
            let dashes = String(repeating: "-", count: widths[column] - 1)
            return table.columns[column].alignment == .left ? dashes + "-" : dashes + ":"
        }
        return ([line(headings), line(rule)] + rows.map(line)).joined(separator: "\n")
    }

    // Underscores stay: inside a word they mean nothing in Markdown, and paths are full of them.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in DisplayText.singleLine(text) {
            if "\\`*|<[]".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }
}
