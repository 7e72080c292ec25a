extension Document {
    /// The document as plain text in a fixed-width font.
    ///
    /// - Parameter width: columns at which paragraphs are broken. Tables are never broken: a wide one is
    ///   easier to read with a small font than cut in two.
    package func terminalText(width: Int = 100) -> String {
        blocks.compactMap { Self.text($0, width: width) }.joined(separator: "\n\n") + "\n"
    }

    private static func text(_ block: Block, width: Int) -> String? {
        switch block {
        case .title(let text): underlined(text, with: "═")
        case .heading(let text): underlined(text, with: "─")
        case .paragraph(let text): DisplayText.wrapped(DisplayText.singleLine(text), to: width)
        case .list(let items):
            items.map { DisplayText.wrapped("• " + DisplayText.singleLine($0), to: width, indent: "  ") }
                .joined(separator: "\n")
        case .table(let table): text(table)
        case .figures, .source, .folded: nil
        }
    }

    private static func underlined(_ text: String, with rule: String) -> String {
        let line = DisplayText.singleLine(text)
        return line + "\n" + String(repeating: rule, count: DisplayText.width(line))
    }

    private static func text(_ table: TextTable) -> String {
        let headings = table.columns.map(\.heading)
        let widths = headings.indices.map { column in
            ([headings] + table.rows).map { DisplayText.width($0[column]) }.reduce(0, max)
        }
        func line(_ cells: [String]) -> String {
            let padded = cells.indices.map { column in
                DisplayText.padded(cells[column], to: widths[column], table.columns[column].alignment)
            }
            let text = padded.joined(separator: "  ")
            return String(text[..<(text.lastIndex { $0 != " " }.map(text.index(after:)) ?? text.startIndex)])
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([line(headings), rule] + table.rows.map(line)).joined(separator: "\n")
    }
}
