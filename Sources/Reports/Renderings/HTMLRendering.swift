extension Document {
    /// The document as one HTML page that needs nothing beside it: no script, no style sheet, no image files.
    package func html() -> String {
        let title = blocks.lazy.compactMap { if case .title(let text) = $0 { text } else { nil } }.first ?? "Report"
        let opening = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(MarkupText.escaped(DisplayText.singleLine(title)))</title>
            <style>
            \(Self.style)
            </style>
            </head>
            <body>
            <main>

            """
        return opening + blocks.map(Self.html).joined(separator: "\n") + "\n</main>\n</body>\n</html>\n"
    }

    private static func html(_ block: Block) -> String {
        switch block {
        case .title(let text): "<h1>\(line(text))</h1>"
        case .heading(let text): "<h2>\(line(text))</h2>"
        case .paragraph(let text): "<p>\(line(text))</p>"
        case .list(let items): "<ul>\n" + items.map { "<li>\(line($0))</li>\n" }.joined() + "</ul>"
        case .table(let table): html(table)
        case .figures(let figures): "<div class=\"figures\">\n" + figures.map(html).joined() + "</div>"
        case .source(let text): "<pre>\(MarkupText.escaped(text))</pre>"
        case .folded(let summary, let isOpen, let blocks):
            "<details\(isOpen ? " open=\"open\"" : "")>\n<summary>\(line(summary))</summary>\n" + blocks.map(html).joined(separator: "\n") + "\n</details>"
        }
    }

    private static func html(_ figure: Figure) -> String {
        "<figure>\n\(figure.svg)\(figure.isCaptioned ? "<figcaption>\(line(figure.caption))</figcaption>\n" : "")</figure>\n"
    }

    private static func html(_ table: TextTable) -> String {
        func cells(_ texts: [String], _ tag: String, row: Int?) -> String {
            let cells = texts.indices.map { column in
                let side = table.columns[column].alignment == .right ? " class=\"number\"" : ""
                let isMarked = row.map { table.marked.contains(.init(row: $0, column: column)) } ?? false
                let text = line(texts[column])
                let scope = tag == "th" ? " scope=\"col\"" : ""
                return "<\(tag)\(scope)\(side)>\(isMarked ? "<strong>\(text)</strong>" : text)</\(tag)>"
            }
            return "<tr>\(cells.joined())</tr>\n"
        }
        let head = cells(table.columns.map(\.heading), "th", row: nil)
        let body = table.rows.indices.map { cells(table.rows[$0], "td", row: $0) }.joined()
        return "<div class=\"\(isWide(table) ? "wide table" : "table")\"><table>\n<thead>\n\(head)</thead>\n<tbody>\n\(body)</tbody>\n</table></div>"
    }

    /// Whether a table needs smaller letters in order to fit a page as wide as a small laptop's. Figures stand on one line; headings, and what
    /// stands in words, are broken where they would make the table wider.
    private static func isWide(_ table: TextTable) -> Bool {
        let letters = table.columns.indices.map { column in
            let longest = table.rows.map { column < $0.count ? DisplayText.width($0[column]) : 0 }.max() ?? 0
            return 3 + (table.columns[column].alignment == .right ? max(longest, 6) : min(longest, 20))
        }
        return letters.reduce(0, +) > 120
    }

    /// A line of text; what stands between backquotes, as commands do, is code.
    private static func line(_ text: String) -> String {
        let escaped = MarkupText.escaped(DisplayText.singleLine(text))
        // An expression is made anew each time that it is used, and few of the cells of a large table hold code.
        guard escaped.utf8.contains(UInt8(ascii: "`")) else { return escaped }
        return escaped.replacing(/`([^`]+)`/) { "<code>\($0.1)</code>" }
    }

    private static let style = """
        :root { color-scheme: light; }
        body { margin: 0; background: #fff; color: #222; font: 16px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
        main { max-width: 1200px; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
        h1 { font-size: 1.8rem; margin: 0 0 .5rem; }
        h1 + p { color: #444; }
        main > h1:not(:first-child) { margin-top: 4rem; border-top: 2px solid #222; padding-top: 2rem; }
        h2 { font-size: 1.2rem; margin: 2.5rem 0 .6rem; padding-top: .4rem; border-top: 1px solid #ddd; }
        p { max-width: 75ch; margin: .5rem 0; }
        ul { padding-left: 1.2rem; }
        li { overflow-wrap: anywhere; }
        /* A shadow at the side on which a table goes on; the white, which moves with the table, covers it where it ends. */
        .table {
          overflow-x: auto; margin: .8rem 0;
          background:
            linear-gradient(to right, #fff 30%, #fff0) left / 2rem 100% no-repeat local,
            linear-gradient(to left, #fff 30%, #fff0) right / 2rem 100% no-repeat local,
            linear-gradient(to right, #0003, #0000) left / .6rem 100% no-repeat scroll,
            linear-gradient(to left, #0003, #0000) right / .6rem 100% no-repeat scroll;
        }
        table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
        thead { border-top: 2px solid #222; border-bottom: 1px solid #222; }
        tbody { border-bottom: 2px solid #222; }
        th, td { padding: .28rem .6rem; text-align: left; white-space: nowrap; vertical-align: top; }
        th { font-weight: 600; }
        /* Headings take several lines where a table would else be wider than the page. */
        thead th { white-space: normal; vertical-align: bottom; }
        td:first-child:not(.number) { white-space: normal; }
        th:first-child, td:first-child { padding-left: .2rem; }
        .number { text-align: right; }
        .wide table { font-size: .8rem; }
        .wide th, .wide td { padding: .25rem .4rem; }
        tbody tr:nth-child(even) { background: #00000009; }
        .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 1rem; margin: 1rem 0; }
        figure { margin: 0; min-width: 0; }
        figure svg { max-width: 100%; height: auto; display: block; }
        figcaption { font-size: .85rem; color: #444; padding: .2rem .6rem; }
        details { margin: .8rem 0; }
        main > details { margin: 2.5rem 0 .6rem; padding-top: .4rem; border-top: 1px solid #ddd; }
        main > details > summary { font-size: 1.2rem; }
        /* The marker stands in front of a summary, so that its further lines begin below the first. */
        summary { cursor: pointer; font-weight: 600; list-style-position: outside; margin-left: 1.2rem; }
        code { font-size: .92em; }
        pre { background: #f6f6f6; border: 1px solid #ddd; padding: .8rem 1rem; overflow-x: auto; font-size: .82rem; line-height: 1.4; }
        @media (max-width: 600px) {
          body { font-size: 15px; }
          main { padding: 1rem .75rem 3rem; }
          h1 { font-size: 1.4rem; }
          h1, h2 { overflow-wrap: anywhere; }
          table { width: max-content; font-size: .82rem; }
          th, td { padding: .25rem .35rem; }
          /* The path of a swept value is one long word. */
          thead th { max-width: 6rem; overflow-wrap: anywhere; }
          /* The row's name stays in sight while its figures are scrolled; a long one takes several lines, and not all the room. */
          td:not(.number) { max-width: 35vw; white-space: normal; overflow-wrap: break-word; }
          th:first-child, td:first-child { position: sticky; left: 0; background: #fff; }
          tbody tr:nth-child(even) td:first-child { background: #f6f6f6; }
        }
        @media print {
          main { max-width: none; padding: 0; }
          .table { background: none; }
          figure, table, pre { break-inside: avoid; }
          h2 { break-after: avoid; }
          td:last-child, th:last-child { white-space: normal; }
          pre { white-space: pre-wrap; }
        }
        """
}

/// Text inside XML and HTML.
enum MarkupText {
    /// The text with every character that means something in markup replaced; safe between tags and in quoted attributes.
    /// Control characters other than line breaks and tabs, which XML forbids, become spaces.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0xFFFE...0xFFFF).contains(scalar.value):
                result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
