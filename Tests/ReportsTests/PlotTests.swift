import Foundation
import SampleResults
import Statistics
import Testing

@testable import Reports

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Whether a text is well-formed XML.
func isWellFormed(_ text: String) -> Bool {
    XMLParser(data: Data(text.utf8)).parse()
}

@Suite("Plots")
struct PlotTests {
    private func plot(_ series: [Plot.Series], scale: Scale = .linear) -> Plot {
        Plot(title: "Loss", x: .init("epoch", wholeNumbers: true), y: .init("value", scale: scale), series: series)
    }

    @Test(
        "Ticks are round numbers inside the range",
        arguments: [
            (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (47, 71, [50, 55, 60, 65, 70]), (-3, 3, [-3, -2, -1, 0, 1, 2, 3]),
            (0.00012, 0.00031, [0.00015, 0.0002, 0.00025, 0.0003]),
        ] as [(Double, Double, [Double])])
    func ticks(low: Double, high: Double, expected: [Double]) {
        let ticks = Scale.linear.ticks(from: low, to: high, count: 6)
        #expect(ticks.count == expected.count)
        for (tick, value) in zip(ticks, expected) { #expect(abs(tick - value) <= 1e-12 * max(1, abs(value)), "\(ticks)") }
    }

    @Test("Epochs have no ticks between whole numbers")
    func wholeTicks() {
        #expect(Scale.linear.ticks(from: 1, to: 3, count: 8, wholeNumbers: true) == [1, 2, 3])
    }

    @Test("A logarithmic axis has decades, or 1, 2, 5 where there are few")
    func logarithmicTicks() {
        #expect(Scale.logarithmic.ticks(from: 0.01, to: 10, count: 6).map { Scale.text($0, among: [$0]) } == ["0.01", "0.1", "1", "10"])
        #expect(Scale.logarithmic.ticks(from: 1, to: 20, count: 6) == [1, 2, 5, 10, 20])
    }

    @Test("Labels that are long stand farther apart than short ones, and none leaves the drawing")
    func longLabels() {
        func labels(_ values: [Double]) -> [Substring] {
            let points = values.map { Plot.Point(x: $0, y: $0) }
            return Plot(title: "", x: .init("x"), y: .init("y"), series: [.init("a", points, style: 0)]).svg().matches(
                of: /<text [^>]*text-anchor="middle"[^>]*>(−?[0-9.]+)</
            ).map(\.output.1)
        }
        #expect(labels([-0.015022, -0.014987]) == ["−0.01502", "−0.01501", "−0.01500", "−0.01499"])
        #expect(labels([0, 7]).count == 8)
    }

    @Test("Ticks are as long as it takes to tell them apart, with a real minus")
    func tickText() {
        #expect(Scale.text(0.2, among: [0, 0.2, 0.4]) == "0.2")
        #expect(Scale.text(-10, among: [-10, 0]) == "−10")
        #expect(Scale.text(0.25, among: [0.25, 0.5]) == "0.25")
        #expect(Scale.text(0.5, among: [0.25, 0.5]) == "0.50")
        #expect(Scale.text(2e-5, among: [2e-5]) == "2e−5")
        #expect(Scale.text(0, among: [0, 1]) == "0")
    }

    @Test("The scale is logarithmic for positive numbers far apart only")
    func scale() {
        #expect(Scale.fitting([0.01, 10], ratio: 50) == .logarithmic)
        #expect(Scale.fitting([0, 10], ratio: 50) == .linear)
        #expect(Scale.fitting([1, 10], ratio: 50) == .linear)
        #expect(Scale.fitting([], ratio: 50) == .linear)
    }

    @Test("Series differ in color, dashes and marker, not in color alone")
    func styles() {
        let styles = (0..<120).map { PlotStyle($0) }
        #expect(Set(styles).count == 120)
        for (first, second) in zip(styles, styles.dropFirst()) {
            #expect(first.color != second.color && first.dashes != second.dashes && first.marker != second.marker)
        }
    }

    @Test("A plot is well-formed and needs nothing from outside, whatever its names contain")
    func escaping() {
        let series = Plot.Series("<script>&\"'\u{1}", [.init(x: 1, y: 2, spread: 0.5), .init(x: 2, y: 1, spread: 0.1)], style: 1)
        let svg = plot([series, Plot.Series("東京", [.init(x: 1, y: 2)], style: 2)]).svg()
        #expect(isWellFormed(svg))
        #expect(svg.contains("&lt;script&gt;&amp;&quot;&#39; "))
        #expect(!svg.contains("href") && !svg.contains("url("))
    }

    @Test("What is not finite is left out, and so is what a logarithmic axis cannot show")
    func unusual() {
        let points: [Plot.Point] = [.init(x: 1, y: .nan), .init(x: 2, y: 0), .init(x: 3, y: 10), .init(x: 4, y: 1000, spread: 2000)]
        let svg = plot([.init("a", points, style: 0)], scale: .logarithmic).svg()
        #expect(isWellFormed(svg))
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        #expect(isWellFormed(plot([]).svg()))
        #expect(isWellFormed(plot([.init("a", [.init(x: 1, y: 5)], style: 0)]).svg()))
    }

    @Test("Labels of ticks do not reach the label of the axis, however long they are", arguments: [[0.0459, 0.0462], [1, 5]])
    func wideLabels(values: [Double]) {
        let svg = plot([.init("a", [.init(x: 1, y: values[0]), .init(x: 2, y: values[1])], style: 0)]).svg()
        let labels = svg.matches(of: /<text x="([0-9.]+)"[^>]* text-anchor="end"[^>]*>([^<]+)</)
        #expect(labels.count > 2)
        for label in labels { #expect((Double(label.output.1) ?? 0) - SVGDrawing.width(of: String(label.output.2)) >= 20) }
    }

    @Test("A larger value stands higher, and a later epoch further to the right")
    func orientation() throws {
        let svg = plot([.init("a", [.init(x: 1, y: 1), .init(x: 2, y: 5)], style: 0)]).svg()
        let line = try #require(svg.split(separator: "\n").first { $0.contains("stroke-width=\"1.80\"") })
        let match = try #require(line.firstMatch(of: /points="([0-9.]+),([0-9.]+) ([0-9.]+),([0-9.]+)"/))
        let numbers = [match.output.1, match.output.2, match.output.3, match.output.4].compactMap { Double($0) }
        #expect(numbers[0] < numbers[2] && numbers[1] > numbers[3])
    }

    @Test("Where a pointer rests on a point stands its series, its place and its spread; of many points some are left out")
    func hovers() {
        let svg = plot([.init("+ MER", [.init(x: 1, y: 0.123456, spread: 0.01), .init(x: 2, y: -3)], style: 1)]).svg()
        let texts = svg.matches(of: /<title>([^<]*)<\/title>/).map { String($0.1) }
        #expect(texts.dropFirst().map { $0.prefix(8) } == ["+ MER: e", "+ MER: e"])
        #expect(texts[1].hasSuffix(" 0.1235 (0.1135 to 0.1335)") && texts[2].hasSuffix(" −3"))
        let many = plot([.init("a", (1...10_000).map { .init(x: Double($0), y: 1) }, style: 0)]).svg()
        #expect(many.matches(of: /<title>/).count <= 201)
        let interval = IntervalPlot(
            title: "", label: "",
            rows: [.init("a", mean: 1, interval: ConfidenceInterval(low: 0.5, high: 1.5), style: 1), .init("b", mean: .nan, interval: nil, style: 2)])
        #expect(interval.svg().contains("<title>a: 1, interval 0.5 to 1.5</title>") && !interval.svg().contains("b: "))
    }

    @Test("An interval plot has a row each, and draws rows without an interval too")
    func intervals() {
        let plot = IntervalPlot(
            title: "Difference", label: "points",
            rows: [
                .init("+ MER", mean: 1.5, interval: ConfidenceInterval(low: 0.5, high: 2.5), style: 1),
                .init("+ <Noise>", mean: -0.2, interval: nil, style: 2),
            ])
        #expect(isWellFormed(plot.svg()))
        #expect(plot.svg().contains("+ &lt;Noise&gt;"))
        #expect(isWellFormed(IntervalPlot(title: "", label: "", rows: [.init("a", mean: 0, interval: nil, style: 1)]).svg()))
    }
}
