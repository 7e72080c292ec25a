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

/// A drawing with the name of its file and the sentence under it.
package struct Figure: Hashable, Sendable {
    /// File name without ending.
    package let name: String
    package let caption: String
    /// A complete SVG document, without external parts and without identifiers, so that it can stand inside a page.
    package let svg: String
    /// Whether the caption says more than the drawing's own title, so that a page shows both.
    package let isCaptioned: Bool

    package init(name: String, caption: String, svg: String, isCaptioned: Bool = true) {
        self.name = name
        self.caption = caption
        self.svg = svg
        self.isCaptioned = isCaptioned
    }
}
