extension Document {
    /// The document as Markdown, with the columns of tables aligned in the source too. Drawings are links to
    /// `figures/<name>.svg`.
    package func markdown() -> String {
        blocks.compactMap(Self.markdown).joined(separator: "\n\n") + "\n"
    }

    private static func markdown(_ block: Block) -> String? {
        switch block {
        case .title(let text): "# " + opening(text)
        case .heading(let text): "## " + opening(text)
        case .paragraph(let text): opening(text)
        case .list(let items): items.map { "- " + opening($0) }.joined(separator: "\n")
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

    /// Text at the beginning of a block, where signs mean something that mean nothing in a table: `+ MER` would begin a list.
    private static func opening(_ text: String) -> String {
        let text = escaped(DisplayText.singleLine(text).trimmingPrefix { $0.isWhitespace })
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        if !digits.isEmpty, let next = text.dropFirst(digits.count).first, ".)".contains(next) { return "\(digits)\\\(text.dropFirst(digits.count))" }
        return text.first.map { "+-=~>".contains($0) } ?? false ? "\\" + text : text
    }

    private static func isWord(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isAlphabetic || scalar.properties.numericType != nil }

    /// Text in which nothing is markup. Underscores inside a word mean nothing in Markdown, and paths are full of them; they stay.
    private static func escaped(_ text: some StringProtocol) -> String {
        // Sign by sign, as readers take it: a bar with a combining mark behind it still divides two cells.
        let text = Array(DisplayText.singleLine(String(text)).unicodeScalars)
        var result = ""
        for (index, scalar) in text.enumerated() {
            let isInside = index > 0 && index + 1 < text.count && Self.isWord(text[index - 1]) && Self.isWord(text[index + 1])
            if "\\`*|<[]#&$".unicodeScalars.contains(scalar) || scalar == "_" && !isInside || scalar == "~" && index > 0 && text[index - 1] == "~" {
                result.append("\\")
            }
            result.unicodeScalars.append(scalar)
        }
        return result
    }
}
