import Statistics

/// A mean and its interval for each of several rows, one under the other, with a line at zero.
package struct IntervalPlot: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        package var name: String
        package var mean: Double
        /// Nil where no interval can be told.
        package var interval: ConfidenceInterval?
        package var style: Int

        package init(_ name: String, mean: Double, interval: ConfidenceInterval?, style: Int) {
            self.name = name
            self.mean = mean
            self.interval = interval
            self.style = style
        }
    }

    package var title: String
    package var label: String
    package var rows: [Row]

    package init(title: String, label: String, rows: [Row]) {
        self.title = title
        self.label = label
        self.rows = rows
    }
}

extension IntervalPlot {
    /// The plot as an SVG document: one line a row, its interval as a bar with ends, its mean as a marker.
    package func svg() -> String {
        let rowHeight = 24.0
        let names = rows.map { DisplayText.truncated(DisplayText.singleLine($0.name), to: 32) }
        let left = 16 + (names.map(SVGDrawing.width(of:)).max() ?? 0)
        let width = max(520, left + 360)
        let top = 34.0
        let base = top + rowHeight * Double(rows.count) + 6
        var drawing = SVGDrawing(width: width, height: base + 46, title: title)
        drawing.text(title, x: width / 2, y: 20, anchor: .middle, bold: true)

        let ends = rows.flatMap { [$0.mean, $0.interval?.low ?? $0.mean, $0.interval?.high ?? $0.mean] }.filter(\.isFinite) + [0]
        let reach = max((ends.max() ?? 0) - (ends.min() ?? 0), 0.1)
        let low = (ends.min() ?? 0) - 0.05 * reach
        let high = (ends.max() ?? 0) + 0.05 * reach
        func x(_ value: Double) -> Double { left + (value - low) / (high - low) * (width - left - 16) }

        let ticks = Scale.linear.ticks(from: low, to: high, count: 7)
        for tick in ticks {
            drawing.line([(x(tick), top), (x(tick), base)], color: "#dddddd")
            drawing.text(Scale.text(tick, among: ticks), x: x(tick), y: base + 17, anchor: .middle)
        }
        drawing.line([(x(0), top), (x(0), base)], width: 1.2)
        drawing.line([(left, base), (width - 16, base)])
        drawing.text(label, x: (left + width - 16) / 2, y: base + 36, anchor: .middle)

        for (index, row) in rows.enumerated() where row.mean.isFinite {
            let y = top + rowHeight * (Double(index) + 0.5) + 3
            let style = PlotStyle(row.style)
            drawing.text(names[index], x: left - 8, y: y + 4, anchor: .end)
            if let interval = row.interval, interval.low.isFinite, interval.high.isFinite {
                drawing.line([(x(interval.low), y), (x(interval.high), y)], color: style.color, width: 1.8)
                for end in [interval.low, interval.high] {
                    drawing.line([(x(end), y - 4), (x(end), y + 4)], color: style.color, width: 1.8)
                }
            }
            drawing.marker(style, x: x(row.mean), y: y)
        }
        return drawing.document
    }
}
