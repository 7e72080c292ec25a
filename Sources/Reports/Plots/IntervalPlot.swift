import Statistics

/// A mean and its interval for each of several rows, one under the other, with a line at zero.
package struct IntervalPlot: Hashable, Sendable {
    package struct Row: Hashable, Sendable {
        /// How a row is drawn.
        package enum Form: Hashable, Sendable {
            /// A marker on a line.
            case marker
            /// A part of the row above: fainter.
            case detail
            /// What the rows say together: a diamond as wide as the interval.
            case summary
        }

        package var name: String
        package var mean: Double
        /// Nil where there is no interval.
        package var interval: ConfidenceInterval?
        package var style: Int
        /// A wider range around the interval, drawn as a thin line.
        package var outer: ConfidenceInterval?
        package var form: Form

        package init(
            _ name: String, mean: Double, interval: ConfidenceInterval?, style: Int, outer: ConfidenceInterval? = nil, form: Form = .marker
        ) {
            self.name = name
            self.mean = mean
            self.interval = interval
            self.style = style
            self.outer = outer
            self.form = form
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

extension IntervalPlot.Row {
    /// What is shown where a pointer rests on it.
    fileprivate var text: String {
        func range(_ name: String, _ interval: ConfidenceInterval?) -> String {
            interval.map { ", \(name) \(SVGDrawing.value($0.low)) to \(SVGDrawing.value($0.high))" } ?? ""
        }
        return "\(name): \(SVGDrawing.value(mean))" + range("interval", interval) + range("range", outer)
    }
}

extension ConfidenceInterval {
    /// The interval, where both ends are numbers that can be drawn.
    fileprivate var drawable: ConfidenceInterval? { low.isFinite && high.isFinite ? self : nil }
}

extension IntervalPlot {
    /// The plot as an SVG document: one line per row, its interval as a bar with ends, its mean as a
    /// marker.
    package func svg() -> String { Drawing(self).svg() }

    private struct Drawing {
        private let plot: IntervalPlot
        private let names: [String]
        private let width: Double
        /// Where the drawing begins beside the names, and below the title.
        private let left: Double
        private static let top = 34.0
        private static let right = 16.0
        private static let rowHeight = 24.0
        /// What the drawing shows.
        private let low, high: Double

        init(_ plot: IntervalPlot) {
            self.plot = plot
            names = plot.rows.map { DisplayText.truncated(DisplayText.singleLine($0.name), to: 44) }
            left = 16 + (names.map(SVGDrawing.width(of:)).max() ?? 0)
            width = max(520, left + 360)
            (low, high) = plot.range
        }

        private var base: Double { Self.top + Self.rowHeight * Double(plot.rows.count) + 6 }

        /// What reaches beyond the drawing ends at its border.
        private func x(_ value: Double) -> Double { left + (min(max(value, low), high) - low) / (high - low) * (width - left - Self.right) }

        func svg() -> String {
            var drawing = SVGDrawing(width: width, height: base + 46, title: plot.title)
            drawing.text(plot.title, x: width / 2, y: 20, anchor: .middle, bold: true)
            drawAxis(in: &drawing)
            let isMixed = plot.rows.contains { $0.form != .summary }
            for (index, row) in plot.rows.enumerated() {
                let y = Self.top + Self.rowHeight * (Double(index) + 0.5) + 3
                drawing.text(names[index], x: left - 8, y: y + 4, anchor: .end, bold: row.form == .summary && isMixed)
                guard row.mean.isFinite else {
                    drawing.text("not known", x: x(0) + 6, y: y + 4)
                    continue
                }
                if let outer = row.outer?.drawable { draw(outer, of: row, y: y, in: &drawing) }
                draw(row, y: y, in: &drawing)
                let shown = row.interval?.drawable ?? ConfidenceInterval(low: row.mean, high: row.mean)
                drawing.hover(row.text, x: x(shown.low), to: x(shown.high), y: y)
            }
            return drawing.document
        }

        private func drawAxis(in drawing: inout SVGDrawing) {
            let ticks = Scale.linear.ticks(from: low, to: high, count: 7)
            for tick in ticks {
                drawing.line([(x(tick), Self.top), (x(tick), base)], color: "#dddddd")
                drawing.text(Scale.text(tick, among: ticks), x: x(tick), y: base + 17, anchor: .middle)
            }
            drawing.line([(x(0), Self.top), (x(0), base)], width: 1.2)
            drawing.line([(left, base), (width - Self.right, base)])
            drawing.text(plot.label, x: (left + width - Self.right) / 2, y: base + 36, anchor: .middle)
        }

        /// A thin line, with an arrow at an end that lies beyond the drawing.
        private func draw(_ outer: ConfidenceInterval, of row: Row, y: Double, in drawing: inout SVGDrawing) {
            let color = PlotStyle(row.style).color
            drawing.line([(x(outer.low), y), (x(outer.high), y)], color: color)
            for (end, inside) in [(outer.low, 5.0), (outer.high, -5.0)] where end < low || end > high {
                drawing.line([(x(end) + inside, y - 4), (x(end), y), (x(end) + inside, y + 4)], color: color)
            }
        }

        /// The mean and its interval, as the row's form says.
        private func draw(_ row: Row, y: Double, in drawing: inout SVGDrawing) {
            let style = PlotStyle(row.style)
            switch (row.form, row.interval?.drawable) {
            case (.summary, let interval?):
                let corners = [(x(interval.low), y), (x(row.mean), y - 7), (x(interval.high), y), (x(row.mean), y + 7), (x(interval.low), y)]
                drawing.area(corners, color: style.color)
                drawing.line(corners, color: style.color, width: 1.5)
            case (.detail, let interval):
                if let interval { drawing.line([(x(interval.low), y), (x(interval.high), y)], color: style.color, width: 0.8, dashes: "3 2") }
                drawing.line([(x(row.mean), y - 3), (x(row.mean), y + 3)], color: style.color, width: 1.5)
            case (.marker, let interval), (.summary, let interval):
                if let interval {
                    drawing.line([(x(interval.low), y), (x(interval.high), y)], color: style.color, width: 1.8)
                    for end in [interval.low, interval.high] { drawing.line([(x(end), y - 4), (x(end), y + 4)], color: style.color, width: 1.8) }
                }
                drawing.marker(style, x: x(row.mean), y: y)
            }
        }
    }

    /// What the drawing shows: everything but outer ranges that would leave no room for the rest, which are cut off.
    private var range: (low: Double, high: Double) {
        let ends = rows.flatMap { [$0.mean, $0.interval?.low ?? $0.mean, $0.interval?.high ?? $0.mean] }.filter(\.isFinite) + [0]
        let (inner, outer) = ((ends.min() ?? 0, ends.max() ?? 0), rows.compactMap(\.outer).flatMap { [$0.low, $0.high] }.filter(\.isFinite))
        let reach = max(inner.1 - inner.0, 0.1)
        let low = max(min(inner.0, outer.min() ?? inner.0), inner.0 - 0.5 * reach)
        let high = min(max(inner.1, outer.max() ?? inner.1), inner.1 + 0.5 * reach)
        return (low - 0.05 * reach, high + 0.05 * reach)
    }
}
