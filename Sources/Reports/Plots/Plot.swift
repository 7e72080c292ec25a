import Statistics

/// Curves over one axis, before they are drawn.
package struct Plot: Hashable, Sendable {
    package struct Axis: Hashable, Sendable {
        package var label: String
        package var scale: Scale
        /// Where ticks stand; chosen round when nil.
        package var ticks: [Double]?
        /// Whether there is nothing between whole numbers, as with epochs.
        package var wholeNumbers: Bool

        package init(_ label: String, scale: Scale = .linear, ticks: [Double]? = nil, wholeNumbers: Bool = false) {
            self.label = label
            self.scale = scale
            self.ticks = ticks
            self.wholeNumbers = wholeNumbers
        }
    }

    package struct Point: Hashable, Sendable {
        package var x: Double
        package var y: Double
        /// Lower and upper end of what is drawn around the point; equal to `y` where there is nothing.
        package var low: Double
        package var high: Double

        /// - Parameter spread: half the height of the band or whisker; nil for none.
        package init(x: Double, y: Double, spread: Double? = nil) {
            self.x = x
            self.y = y
            low = y - (spread ?? 0)
            high = y + (spread ?? 0)
        }
    }

    package struct Series: Hashable, Sendable {
        package enum Spread: Hashable, Sendable { case band, whiskers }

        package var name: String
        /// In the order in which the line joins them. Points that are not finite break nothing: they are left out.
        package var points: [Point]
        /// Position among the styles; equal positions look equal in all plots of a report.
        package var style: Int
        package var spread: Spread
        /// Whether every point is marked, and not only a few to tell the series apart.
        package var hasMarkers: Bool
        /// Whether a line joins the points.
        package var hasLine: Bool

        package init(_ name: String, _ points: [Point], style: Int, spread: Spread = .band, hasMarkers: Bool = false, hasLine: Bool = true) {
            self.name = name
            self.points = points
            self.style = style
            self.spread = spread
            self.hasMarkers = hasMarkers
            self.hasLine = hasLine
        }
    }

    package var title: String
    package var x: Axis
    package var y: Axis
    package var series: [Series]

    package init(title: String, x: Axis, y: Axis, series: [Series]) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
    }
}

extension Plot {
    /// The plot as an SVG document. Without a single finite point there is nothing to draw but the axes.
    package func svg() -> String {
        Drawing(self).svg()
    }

    private struct Drawing {
        let plot: Plot
        private let series: [Series]
        private let xRange: ClosedRange<Double>
        private let yRange: ClosedRange<Double>
        private let legend: PlotLegend
        /// The ticks of the vertical axis.
        private let rows: [Double]
        /// Where the vertical axis stands: beside its labels, which stand beside the axis's own.
        private let left: Double

        private static let width = 520.0
        /// At least; labels of the ticks that are wide need more.
        private static let leastLeft = 62.0
        /// The room that the vertical axis's own label takes, and the gap between the other labels and the axis.
        private static let axisLabel = 31.0
        private static let right = 14.0
        private static let top = 34.0
        private static let plotHeight = 230.0
        private static let bottom = 46.0

        init(_ plot: Plot) {
            self.plot = plot
            series = plot.series.map { series in
                var kept = series
                kept.points = series.points.filter { Self.isDrawable($0, plot) }
                return kept
            }
            let points = series.flatMap(\.points)
            xRange = Self.range(points.map(\.x), plot.x, margin: 0.02)
            yRange = Self.range(points.flatMap { [$0.y, $0.low, $0.high] }, plot.y, margin: 0.05)
            let (low, high) = (plot.y.scale.value(at: yRange.lowerBound), plot.y.scale.value(at: yRange.upperBound))
            let ticks = plot.y.ticks ?? plot.y.scale.ticks(from: low, to: high, count: 6, wholeNumbers: plot.y.wholeNumbers)
            let isLogarithmic = plot.y.scale == .logarithmic
            let widths: [Double] = ticks.map { tick in SVGDrawing.width(of: Scale.text(tick, among: isLogarithmic ? [tick] : ticks)) }
            let widest: Double = widths.max() ?? 0
            rows = ticks
            left = max(Self.leastLeft, Self.axisLabel + widest)
            legend = PlotLegend(series.map { (name: $0.name, style: PlotStyle($0.style)) }, width: Self.width - 24)
        }

        func svg() -> String {
            let height = Self.top + Self.plotHeight + Self.bottom + legend.height
            var drawing = SVGDrawing(width: Self.width, height: height, title: plot.title)
            drawing.text(plot.title, x: Self.width / 2, y: 20, anchor: .middle, bold: true)
            drawAxes(in: &drawing)
            for series in series where series.spread == .band { drawBand(series, in: &drawing) }
            for series in series { drawLine(series, in: &drawing) }
            for series in series { drawHovers(series, in: &drawing) }
            legend.draw(in: &drawing, x: 12, y: Self.top + Self.plotHeight + Self.bottom)
            return drawing.document
        }

        private func drawAxes(in drawing: inout SVGDrawing) {
            for tick in rows {
                drawing.line([(left, y(tick)), (Self.width - Self.right, y(tick))], color: "#dddddd")
                drawing.text(Scale.text(tick, among: plot.y.scale == .logarithmic ? [tick] : rows), x: left - 7, y: y(tick) + 4, anchor: .end)
            }
            let (first, last) = (plot.x.scale.value(at: xRange.lowerBound), plot.x.scale.value(at: xRange.upperBound))
            let columns = plot.x.ticks ?? ticks(from: first, to: last)
            let base = Self.top + Self.plotHeight
            var free = -Double.infinity
            for tick in columns {
                drawing.line([(x(tick), base), (x(tick), base + 5)])
                // Ticks at data points can crowd; of crowded labels the first stays.
                let label = text(tick, among: columns)
                let half = SVGDrawing.width(of: label) / 2
                let center = min(x(tick), Self.width - half - 2)
                if center - half < free { continue }
                drawing.text(label, x: center, y: base + 18, anchor: .middle)
                free = center + half + Self.gap / 2
            }
            drawing.line([(left, Self.top), (left, base), (Self.width - Self.right, base)])
            drawing.text(plot.x.label, x: (left + Self.width - Self.right) / 2, y: base + 37, anchor: .middle)
            drawing.text(plot.y.label, x: 15, y: Self.top + Self.plotHeight / 2, anchor: .middle, turned: true)
        }

        /// The least room between two labels.
        private static let gap = 10.0

        private func text(_ tick: Double, among ticks: [Double]) -> String {
            Scale.text(tick, among: plot.x.scale == .logarithmic ? [tick] : ticks)
        }

        /// As many ticks as have room for their labels.
        private func ticks(from low: Double, to high: Double) -> [Double] {
            let choices = [8, 6, 4, 3].map { plot.x.scale.ticks(from: low, to: high, count: $0, wholeNumbers: plot.x.wholeNumbers) }
            let room = Self.width - left - Self.right
            return choices.first { ticks in
                ticks.reduce(0) { $0 + SVGDrawing.width(of: text($1, among: ticks)) + Self.gap } <= room
            } ?? choices[choices.count - 1]
        }

        private func drawBand(_ series: Series, in drawing: inout SVGDrawing) {
            guard series.points.contains(where: { $0.low < $0.high }) else { return }
            let upper = series.points.map { (x($0.x), y($0.high)) }
            let lower = series.points.reversed().map { (x($0.x), y($0.low)) }
            drawing.area(upper + lower, color: PlotStyle(series.style).color)
        }

        private func drawLine(_ series: Series, in drawing: inout SVGDrawing) {
            let style = PlotStyle(series.style)
            if series.spread == .whiskers {
                for point in series.points where point.low < point.high {
                    drawing.line([(x(point.x), y(point.low)), (x(point.x), y(point.high))], color: style.color)
                }
            }
            if series.hasLine { drawing.line(series.points.map { (x($0.x), y($0.y)) }, color: style.color, width: 1.8, dashes: style.dashes) }
            // Without markers everywhere, a few along the line tell series apart where colors cannot; not at the same place in
            // all of them, or they would cover each other.
            let step = series.hasMarkers ? 1 : max(1, (series.points.count + 4) / 5)
            let first = series.points.count > step ? series.style % step : 0
            for index in stride(from: first, to: series.points.count, by: step) {
                drawing.marker(style, x: x(series.points[index].x), y: y(series.points[index].y))
            }
        }

        // More than so many of a series stand too close for a pointer to find each.
        private static let mostHovers = 200

        private func drawHovers(_ series: Series, in drawing: inout SVGDrawing) {
            let step = max(1, (series.points.count + Self.mostHovers - 1) / Self.mostHovers)
            for index in stride(from: 0, to: series.points.count, by: step) {
                let point = series.points[index]
                let spread = point.low < point.high ? " (\(SVGDrawing.value(point.low)) to \(SVGDrawing.value(point.high)))" : ""
                drawing.hover(
                    "\(series.name): \(plot.x.label) \(SVGDrawing.value(point.x)), \(plot.y.label) \(SVGDrawing.value(point.y))\(spread)",
                    x: x(point.x), y: y(point.y))
            }
        }

        private func x(_ value: Double) -> Double {
            left + Self.part(plot.x.scale.position(value), of: xRange) * (Self.width - left - Self.right)
        }

        // What reaches beyond the range, such as a band below zero on a logarithmic axis, ends at its border.
        private func y(_ value: Double) -> Double {
            let position = plot.y.scale == .logarithmic && value <= 0 ? yRange.lowerBound : plot.y.scale.position(value)
            let part = min(1, max(0, Self.part(position, of: yRange)))
            return Self.top + Self.plotHeight * (1 - part)
        }

        private static func part(_ position: Double, of range: ClosedRange<Double>) -> Double {
            (position - range.lowerBound) / (range.upperBound - range.lowerBound)
        }

        private static func isDrawable(_ point: Point, _ plot: Plot) -> Bool {
            guard [point.x, point.y, point.low, point.high].allSatisfy(\.isFinite) else { return false }
            return (plot.x.scale == .linear || point.x > 0) && (plot.y.scale == .linear || point.y > 0)
        }

        /// From the smallest to the largest position, with room at both ends; never empty.
        private static func range(_ values: [Double], _ axis: Axis, margin: Double) -> ClosedRange<Double> {
            let positions = values.filter { axis.scale == .linear || $0 > 0 }.map(axis.scale.position)
            guard let low = positions.min(), let high = positions.max() else { return 0...1 }
            let room = max((high - low) * margin, 1e-9 * max(abs(low), abs(high)))
            return low < high ? low - room...high + room : low - max(0.5, abs(low) * 0.05)...high + max(0.5, abs(low) * 0.05)
        }
    }
}
