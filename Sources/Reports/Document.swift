/// A table of text, before it is known how it will be drawn.
package struct TextTable: Hashable, Sendable {
    package enum Alignment: Hashable, Sendable { case left, right }

    /// A column's heading and the side that its cells stand on.
    package struct Column: Hashable, Sendable {
        package let heading: String
        package let alignment: Alignment

        package init(_ heading: String, _ alignment: Alignment = .left) {
            self.heading = heading
            self.alignment = alignment
        }
    }

    package let columns: [Column]
    /// One text a column in every row.
    package let rows: [[String]]

    /// Line breaks and other control characters become spaces, since a cell is one line everywhere.
    ///
    /// - Precondition: every row has as many cells as there are columns.
    package init(columns: [Column], rows: [[String]]) {
        for row in rows {
            precondition(
                row.count == columns.count,
                "a table of \(columns.count) columns was given a row of \(row.count) cells: \(row)")
        }
        self.columns = columns.map { Column(DisplayText.singleLine($0.heading), $0.alignment) }
        self.rows = rows.map { $0.map(DisplayText.singleLine) }
    }
}

/// What a report consists of, independent of the form in which it is written.
package struct Document: Hashable, Sendable {
    package enum Block: Hashable, Sendable {
        case title(String)
        case heading(String)
        case paragraph(String)
        case table(TextTable)
        case list([String])
    }

    package var blocks: [Block]

    package init(_ blocks: [Block]) {
        self.blocks = blocks
    }
}
