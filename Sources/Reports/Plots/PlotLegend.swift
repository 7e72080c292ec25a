/// Names of the series beside samples of their lines, in as many lines as it takes.
struct PlotLegend {
    private struct Entry {
        let name: String
        let style: PlotStyle
        let x: Double
        let line: Int
    }

    private static let lineHeight = 18.0
    private static let sample = 30.0
    private let entries: [Entry]

    /// - Parameter width: room for the legend in pixels; a longer name is cut.
    init(_ series: [(name: String, style: PlotStyle)], width: Double) {
        var entries: [Entry] = []
        var x = 0.0
        var line = 0
        for series in series {
            let characters = Int((width - Self.sample) / SVGDrawing.width(of: "x"))
            let name = DisplayText.truncated(DisplayText.singleLine(series.name), to: characters)
            let needed = Self.sample + 6 + SVGDrawing.width(of: name)
            if x > 0, x + needed > width {
                x = 0
                line += 1
            }
            entries.append(Entry(name: name, style: series.style, x: x, line: line))
            x += needed + 14
        }
        self.entries = entries
    }

    var height: Double {
        entries.last.map { Double($0.line + 1) * Self.lineHeight + 6 } ?? 0
    }

    func draw(in drawing: inout SVGDrawing, x: Double, y: Double) {
        for entry in entries {
            let middle = y + Double(entry.line) * Self.lineHeight + Self.lineHeight / 2
            let start = x + entry.x
            let sample = [(start, middle), (start + Self.sample, middle)]
            drawing.line(sample, color: entry.style.color, width: 1.8, dashes: entry.style.dashes)
            drawing.marker(entry.style, x: start + Self.sample / 2, y: middle)
            drawing.text(entry.name, x: start + Self.sample + 6, y: middle + 4)
        }
    }
}
