extension Document {
    /// The document's tables as LaTeX `table` environments with booktabs rules, to be included by `\input`.
    ///
    /// A table's caption is the heading above it and the sentence between, where there is one. A table that is longer than a page goes on in another
    /// one, and one that would be too small in a column goes over both. Drawings, lists and folded parts are left out.
    package func latex() -> String {
        var tables: [String] = []
        var heading = ""
        // Nil below the first table of a heading: a paragraph there may be a note on the table before it.
        var sentence: String?
        for block in blocks {
            switch block {
            case .title(let text), .heading(let text):
                heading = text
                sentence = ""
            case .paragraph(let text): if sentence != nil { sentence = text }
            case .table(let table):
                tables += Self.latex(table, caption: [heading, sentence ?? ""].filter { !$0.isEmpty }.joined(separator: ". "))
                sentence = nil
            case .list, .figures, .source, .folded: break
            }
        }
        var result =
            "% Needs \\usepackage{booktabs,graphicx} and an engine that reads UTF-8.\n"
            + "% A table that is wider than its column is made smaller, until it fits. In a document with two columns, wide tables go over both.\n"
        for (index, table) in tables.enumerated() {
            // TeX keeps no more than some fifty tables that wait for a page.
            if index > 0, index % Self.mostWaiting == 0 { result += "\n\\clearpage\n" }
            result += "\n" + table
        }
        return result
    }

    /// After how many tables a page is ended.
    private static let mostWaiting = 12
    /// The most rows that fit a page beneath a caption of several lines.
    private static let mostRows = 36
    /// The most letters in a line of a table that can still be read in one of two columns.
    private static let mostLetters = 60

    /// Whether a table would be too small in one of two columns.
    private static func isWide(_ table: TextTable) -> Bool {
        let letters: [Int] = table.columns.indices.map { column in
            let longest: Int = table.rows.map { DisplayText.width($0[column]) }.max() ?? 0
            return 2 + max(longest, DisplayText.width(table.columns[column].heading))
        }
        return letters.reduce(0, +) > mostLetters
    }

    /// One `table` environment, or several of a table that is longer than a page.
    private static func latex(_ table: TextTable, caption: String) -> [String] {
        let sides = table.columns.map { $0.alignment == .left ? "l" : "r" }.joined()
        func line(_ cells: [String]) -> String { cells.joined(separator: " & ") + " \\\\\n" }
        let rows = table.rows.indices.map { row in
            line(
                table.columns.indices.map { column in
                    let text = LaTeXText.escaped(table.rows[row][column])
                    return table.marked.contains(.init(row: row, column: column)) ? "\\textbf{\(text)}" : text
                })
        }
        let environment = isWide(table) ? "table*" : "table"
        return stride(from: 0, to: max(rows.count, 1), by: mostRows).map { first in
            let text = first == 0 ? caption : "\(caption) (continued)"
            return "\\begin{\(environment)}[htbp]\n\\centering\n\\setlength{\\belowcaptionskip}{4pt}\n\\caption{\(LaTeXText.escaped(text))}\n"
                + "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%\n"
                + "\\begin{tabular}{\(sides)}\n\\toprule\n" + line(table.columns.map { LaTeXText.escaped($0.heading) })
                + "\\midrule\n" + rows.dropFirst(first).prefix(mostRows).joined() + "\\bottomrule\n\\end{tabular}}\n\\end{\(environment)}\n"
        }
    }
}

/// Text inside LaTeX.
enum LaTeXText {
    /// The text with every character that means something to TeX replaced, and the signs that reports use as commands that
    /// every engine knows. Other letters stay as they are.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in DisplayText.singleLine(text).unicodeScalars {
            switch scalar {
            case "\\": result += "\\textbackslash{}"
            case "{", "}", "$", "&", "#", "%", "_": result += "\\\(scalar)"
            case "~": result += "\\textasciitilde{}"
            case "^": result += "\\textasciicircum{}"
            case "<", ">": result += "$\(scalar)$"
            case "\"": result += "''"
            // LaTeX would read a bracket after a line's end as the size of the space there.
            case "[": result += "{[}"
            case "]": result += "{]}"
            // A star there would belong to the line's end, and these begin ligatures.
            case "*": result += "{*}"
            case "`": result += "{`}"
            case "±": result += "$\\pm$"
            case "−": result += "$-$"
            case "×": result += "$\\times$"
            case "→": result += "$\\rightarrow$"
            case "–": result += "--"
            case "…": result += "\\ldots{}"
            case "≤": result += "$\\leq$"
            case "≥": result += "$\\geq$"
            default:
                if let command = greek[scalar] {
                    result += "$\\\(command)$"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    private static let greek: [UnicodeScalar: String] = [
        "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta", "λ": "lambda",
        "μ": "mu", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "Δ": "Delta", "Σ": "Sigma",
    ]
}
