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

extension IntervalPlot {
    /// The plot as an SVG document: one line per row, its interval as a bar with ends, its mean as a
    /// marker.
    package func svg() -> String {
        let rowHeight = 24.0
        let names = rows.map { DisplayText.truncated(DisplayText.singleLine($0.name), to: 32) }
        let left = 16 + (names.map(SVGDrawing.width(of:)).max() ?? 0)
        let width = max(520, left + 360)
        let top = 34.0
        let base = top + rowHeight * Double(rows.count) + 6
        var drawing = SVGDrawing(width: width, height: base + 46, title: title)
        drawing.text(title, x: width / 2, y: 20, anchor: .middle, bold: true)

        let (low, high) = range
        // What reaches beyond the drawing ends at its border.
        func x(_ value: Double) -> Double { left + (min(max(value, low), high) - low) / (high - low) * (width - left - 16) }

        let ticks = Scale.linear.ticks(from: low, to: high, count: 7)
        for tick in ticks {
            drawing.line([(x(tick), top), (x(tick), base)], color: "#dddddd")
            drawing.text(Scale.text(tick, among: ticks), x: x(tick), y: base + 17, anchor: .middle)
        }
        drawing.line([(x(0), top), (x(0), base)], width: 1.2)
        drawing.line([(left, base), (width - 16, base)])
        drawing.text(label, x: (left + width - 16) / 2, y: base + 36, anchor: .middle)

        for (index, row) in rows.enumerated() {
            let y = top + rowHeight * (Double(index) + 0.5) + 3
            let style = PlotStyle(row.style)
            drawing.text(names[index], x: left - 8, y: y + 4, anchor: .end, bold: row.form == .summary && rows.contains { $0.form != .summary })
            guard row.mean.isFinite else {
                drawing.text("not known", x: x(0) + 6, y: y + 4)
                continue
            }
            defer {
                let shown = row.interval ?? ConfidenceInterval(low: row.mean, high: row.mean)
                let isKnown = shown.low.isFinite && shown.high.isFinite
                drawing.hover(row.text, x: x(isKnown ? shown.low : row.mean), to: x(isKnown ? shown.high : row.mean), y: y)
            }
            if let outer = row.outer, outer.low.isFinite, outer.high.isFinite {
                drawing.line([(x(outer.low), y), (x(outer.high), y)], color: style.color)
                for (end, inside) in [(outer.low, 5.0), (outer.high, -5.0)] where end < low || end > high {
                    drawing.line([(x(end) + inside, y - 4), (x(end), y), (x(end) + inside, y + 4)], color: style.color)
                }
            }
            if row.form == .summary, let interval = row.interval, interval.low.isFinite, interval.high.isFinite {
                let corners = [(x(interval.low), y), (x(row.mean), y - 7), (x(interval.high), y), (x(row.mean), y + 7), (x(interval.low), y)]
                drawing.area(corners, color: style.color)
                drawing.line(corners, color: style.color, width: 1.5)
                continue
            }
            if row.form == .detail {
                if let interval = row.interval, interval.low.isFinite, interval.high.isFinite {
                    drawing.line([(x(interval.low), y), (x(interval.high), y)], color: style.color, width: 0.8, dashes: "3 2")
                }
                drawing.line([(x(row.mean), y - 3), (x(row.mean), y + 3)], color: style.color, width: 1.5)
                continue
            }
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
