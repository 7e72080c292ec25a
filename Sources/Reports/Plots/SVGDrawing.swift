import Foundation

/// An SVG document under construction. Coordinates are pixels from the upper left corner.
struct SVGDrawing {
    /// Where a text stands relative to its point.
    enum Anchor: String { case start, middle, end }

    static let fontSize = 12.0
    private static let ink = "#222222"

    private let width: Double
    private let height: Double
    private let title: String
    private var elements: [String] = []

    /// - Parameter title: what the drawing shows, for those who cannot see it.
    init(width: Double, height: Double, title: String) {
        self.width = width
        self.height = height
        self.title = title
    }

    /// The whole document.
    var document: String {
        let size = "viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" width=\"\(Self.number(width))\""
        let font = "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"\(Self.number(Self.fontSize))\""
        let opening =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size) height=\"\(Self.number(height))\" \(font) role=\"img\">"
        let background = "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
        return ([opening, "<title>\(MarkupText.escaped(title))</title>", background] + elements + ["</svg>"])
            .joined(separator: "\n") + "\n"
    }

    mutating func line(
        _ points: [(Double, Double)], color: String = SVGDrawing.ink, width: Double = 1, dashes: String? = nil
    ) {
        guard points.count > 1 else { return }
        let dashing = dashes.map { " stroke-dasharray=\"\($0)\"" } ?? ""
        elements.append(
            "<polyline points=\"\(Self.list(points))\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"\(Self.number(width))\""
                + "\(dashing) stroke-linejoin=\"round\"/>")
    }

    mutating func area(_ points: [(Double, Double)], color: String) {
        guard points.count > 2 else { return }
        elements.append("<polygon points=\"\(Self.list(points))\" fill=\"\(color)\" fill-opacity=\"0.13\" stroke=\"none\"/>")
    }

    mutating func text(
        _ text: String, x: Double, y: Double, anchor: Anchor = .start, bold: Bool = false, turned: Bool = false
    ) {
        let weight = bold ? " font-weight=\"bold\"" : ""
        let turn = turned ? " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" : ""
        elements.append(
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor.rawValue)\" fill=\"\(Self.ink)\""
                + "\(weight)\(turn)>\(MarkupText.escaped(DisplayText.singleLine(text)))</text>")
    }

    /// A marker of some 7 pixels across; filled with white, so that the line under it does not blur its shape.
    mutating func marker(_ style: PlotStyle, x: Double, y: Double) {
        let size = 3.5
        let corners: [(Double, Double)]
        switch style.marker {
        case .circle:
            elements.append(
                "<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"\(Self.number(size))\" fill=\"#ffffff\" "
                    + "stroke=\"\(style.color)\" stroke-width=\"1.5\"/>")
            return
        case .cross:
            line([(x - size, y - size), (x + size, y + size)], color: style.color, width: 1.8)
            line([(x - size, y + size), (x + size, y - size)], color: style.color, width: 1.8)
            return
        case .square: corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        case .triangle: corners = [(0, -1.2), (1.2, 0.9), (-1.2, 0.9)]
        case .diamond: corners = [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
        case .downwards: corners = [(0, 1.2), (1.2, -0.9), (-1.2, -0.9)]
        }
        let points = corners.map { (x + $0.0 * size, y + $0.1 * size) }
        elements.append(
            "<polygon points=\"\(Self.list(points))\" fill=\"#ffffff\" stroke=\"\(style.color)\" stroke-width=\"1.5\"/>")
    }

    /// Says what stands at a place, where a pointer rests on it: an invisible box over the marks.
    ///
    /// - Parameters:
    ///   - x: where the box begins, and `end` where it ends; it reaches 6 pixels further on every side.
    ///   - y: the middle of the box.
    mutating func hover(_ text: String, x: Double, to end: Double? = nil, y: Double) {
        let width = abs((end ?? x) - x) + 12
        elements.append(
            "<rect x=\"\(Self.number(min(x, end ?? x) - 6))\" y=\"\(Self.number(y - 6))\" width=\"\(Self.number(width))\" height=\"12\" "
                + "fill-opacity=\"0\"><title>\(MarkupText.escaped(DisplayText.singleLine(text)))</title></rect>")
    }

    /// A value as it is shown where a pointer rests: four digits.
    static func value(_ value: Double) -> String { String(format: "%.4g", value).replacing("-", with: "−") }

    /// About how wide a text is; there are no font metrics here, and a little too wide does no harm.
    static func width(of text: String) -> Double {
        (Double(DisplayText.width(text)) * 0.56 + Double(text.count(where: \.isUppercase)) * 0.2) * fontSize
    }

    private static func list(_ points: [(Double, Double)]) -> String {
        points.map { "\(number($0.0)),\(number($0.1))" }.joined(separator: " ")
    }

    private static func number(_ value: Double) -> String {
        let text = String(format: "%.2f", value)
        let short = text.hasSuffix(".00") ? String(text.dropLast(3)) : text
        return short == "-0" ? "0" : short
    }
}

/// How one series is told from the others: by color on a screen, by dashes and markers in print.
struct PlotStyle: Hashable {
    /// The shape of a point.
    enum Marker: CaseIterable { case circle, square, triangle, diamond, downwards, cross }

    let color: String
    /// `stroke-dasharray`; nil for a solid line.
    let dashes: String?
    let marker: Marker

    /// Okabe and Ito's palette, which people with any color vision tell apart (jfly.uni-koeln.de/color); black first, for the
    /// baseline, and yellow last, since it is faint on white.
    private static let colors = [
        "#000000", "#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442",
    ]
    private static let dashes: [String?] = [nil, "7 3", "2 2", "9 3 2 3", "4 2", "12 4", "10 2 2 2 2 2"]

    /// The style of the series at a position; those of the first 120 are all different.
    init(_ index: Int) {
        color = Self.colors[index % Self.colors.count]
        dashes = Self.dashes[index % Self.dashes.count]
        marker = Marker.allCases[index % Marker.allCases.count]
    }
}

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
