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
