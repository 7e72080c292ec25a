import Synchronization

/// A table of text, before it is known how it will be drawn.
package struct TextTable: Hashable, Sendable {
    package enum Alignment: Hashable, Sendable { case left, right }

    /// A column's heading, and the side to which its cells are aligned.
    package struct Column: Hashable, Sendable {
        package let heading: String
        package let alignment: Alignment

        package init(_ heading: String, _ alignment: Alignment = .left) {
            self.heading = heading
            self.alignment = alignment
        }
    }

    /// Where a cell is, both counted from 0.
    package struct Place: Hashable, Sendable {
        package let row: Int
        package let column: Int

        package init(row: Int, column: Int) {
            self.row = row
            self.column = column
        }
    }

    package let columns: [Column]
    /// Every row holds one text per column.
    package let rows: [[String]]
    /// Cells in bold, where a rendering has bold type.
    package let marked: Set<Place>

    /// Line breaks and other control characters become spaces, since a cell is one line everywhere.
    ///
    /// - Precondition: every row has as many cells as there are columns.
    package init(columns: [Column], rows: [[String]], marked: Set<Place> = []) {
        for row in rows {
            precondition(
                row.count == columns.count,
                "a table of \(columns.count) columns was given a row of \(row.count) cells: \(row)")
        }
        self.columns = columns.map { Column(DisplayText.singleLine($0.heading), $0.alignment) }
        self.rows = rows.map { $0.map(DisplayText.singleLine) }
        self.marked = marked
    }
}

/// What a report consists of, independent of the form in which it is written.
package struct Document: Hashable, Sendable {
    package indirect enum Block: Hashable, Sendable {
        case title(String)
        case heading(String)
        case paragraph(String)
        case table(TextTable)
        case list([String])
        /// Drawings that belong together. A terminal leaves them out.
        case figures([Figure])
        /// Lines that keep their spaces, such as a recipe. Only a page shows them.
        case source(String)
        /// A part that a reader can open and close, under a line of its own. Only a page shows it.
        case folded(String, isOpen: Bool, [Block])
    }

    package var blocks: [Block]

    package init(_ blocks: [Block]) {
        self.blocks = blocks
    }

    /// Every drawing of the document, folded ones included, in order.
    package var figures: [Figure] { Self.figures(in: blocks) }

    private static func figures(in blocks: [Block]) -> [Figure] {
        blocks.flatMap { block in
            switch block {
            case .figures(let figures): figures
            case .folded(_, _, let blocks): Self.figures(in: blocks)
            case .title, .heading, .paragraph, .table, .list, .source: [Figure]()
            }
        }
    }
}

/// A drawing with its file name and the caption under it.
package struct Figure: Hashable, Sendable {
    /// File name without ending.
    package let name: String
    package let caption: String
    private let drawing: Drawing
    /// Whether the caption says more than the drawing's own title, so that a page shows both.
    package let isCaptioned: Bool

    /// - Parameter svg: makes the drawing; called once, when somebody looks at it, which a terminal does not.
    package init(name: String, caption: String, svg: @autoclosure @escaping @Sendable () -> String, isCaptioned: Bool = true) {
        self.name = name
        self.caption = caption
        drawing = Drawing(svg)
        self.isCaptioned = isCaptioned
    }

    /// A complete SVG document, without external parts and without identifiers, so that it can stand inside a page.
    package var svg: String { drawing.svg }

    /// A drawing that is made when it is first looked at.
    private final class Drawing: Hashable, Sendable {
        private enum State: Sendable {
            case planned(@Sendable () -> String)
            case made(String)
        }

        private let state: Mutex<State>

        init(_ make: @escaping @Sendable () -> String) { state = Mutex(.planned(make)) }

        var svg: String {
            state.withLock { state in
                switch state {
                case .made(let svg): return svg
                case .planned(let make):
                    let svg = make()
                    state = .made(svg)
                    return svg
                }
            }
        }

        static func == (left: Drawing, right: Drawing) -> Bool { left === right || left.svg == right.svg }

        func hash(into hasher: inout Hasher) { hasher.combine(svg) }
    }
}
