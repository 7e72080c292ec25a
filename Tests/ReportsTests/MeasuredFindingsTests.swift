import Foundation
import Results
import Testing

@testable import Reports

@Suite("What was measured, row against row")
struct MeasuredFindingsTests {
    private static let settings = RunSettings(
        recipe: "measured",
        variants: [
            VariantSettings(
                baseline: "Fusion", rows: ["Fusion", "+ MER"], targets: ["D1", "D2"], seeds: [0, 1],
                selection: "best source validation accuracy", protocolText: "leave one domain out")
        ], machine: "a machine", threads: 1)

    /// Accuracies whose differences are 3, 2, 2 and 5 points, and ranks whose differences are 1, 0.5, 0.5 and 2.
    private static let figures: [(row: String, target: String, seed: Int, accuracy: Double, rank: Double?)] = [
        ("Fusion", "D1", 0, 0.50, 4), ("Fusion", "D1", 1, 0.54, 5), ("Fusion", "D2", 0, 0.60, 6), ("Fusion", "D2", 1, 0.64, 7),
        ("+ MER", "D1", 0, 0.53, 5), ("+ MER", "D1", 1, 0.56, 5.5), ("+ MER", "D2", 0, 0.62, 6.5), ("+ MER", "D2", 1, 0.69, 9),
    ]

    private static let results = figures.map {
        TrialResult(key: TrialKey(row: $0.row, target: $0.target, seed: $0.seed), plan: "p", selectedEpoch: 1, targetScore: $0.accuracy)
    }

    private static func report(
        _ figures: [(row: String, target: String, seed: Int, accuracy: Double, rank: Double?)] = figures
    ) throws -> Report {
        var records: [TrialKey: [MeasurementRecord]] = [:]
        let results = figures.map { figure in
            let key = TrialKey(row: figure.row, target: figure.target, seed: figure.seed)
            var findings = Findings()
            findings.numbers = [
                Findings.Number("rankme", modality: "video", samples: "target", value: figure.rank, reason: "there are no target samples"),
                Findings.Number("chance", value: 0.5),
            ]
            findings.curves = [
                Findings.Curve("spectrum", modality: "video", samples: "target", xAxis: "index", yAxis: "log", x: [1, 2], y: [0, -Double(figure.seed + 1)])
            ]
            findings.grids = [
                Findings.Grid(
                    "confusion", samples: "target", rowAxis: "class", columnAxis: "prediction", rows: ["a", "b"], columns: ["a", "b"],
                    values: [[1, 2], [3, 4]])
            ]
            findings.maps = [
                Findings.Map(
                    "principal components", modality: "video", xAxis: "first", yAxis: "second", x: [1, 2, 3], y: [0, 1, Double(figure.seed)],
                    groupings: [.init("domain", names: ["D1", "D2"], members: [0, 1, 1]), .init("class", names: ["a", "b", "c"], members: [2, 0, 2])])
            ]
            findings.note("target: 75 samples")
            records[key] = [
                MeasurementRecord(instance: "representation", measurement: "representation", options: [:], plan: "p", seconds: 0.5, findings: findings)
            ]
            return TrialResult(key: key, plan: "p", selectedEpoch: 1, targetScore: figure.accuracy)
        }
        return try Report(results: results, settings: settings, measurements: records)
    }

    @Test("means, paired differences and their tests are those of accuracy")
    func differences() throws {
        let findings = try #require(try Self.report().variants[0].measured.first)
        #expect(findings.title == "representation")
        #expect(findings.quantities.map(\.text) == ["rankme of video on target", "chance"])
        let (baseline, mer) = (findings.entries[0][0], findings.entries[0][1])
        #expect(baseline.estimate?.mean == 5.5)
        #expect(baseline.difference == nil)
        #expect(mer.estimate?.mean == 6.5)
        #expect(mer.difference?.estimate.mean == 1)
        #expect(mer.difference?.units == [1, 0.5, 0.5, 2])
        #expect(mer.test != nil)
        // Of two quantities only one varies: the family of the correction has one member.
        #expect(mer.test?.adjustedTTest == mer.test?.tTest.p)
        #expect(findings.entries[1][1].test == nil && findings.tested == 1)
    }

    @Test("the correlation with the gain in accuracy is over the pairs")
    func correlation() throws {
        let findings = try #require(try Self.report().variants[0].measured.first)
        // (1, 3), (0.5, 2), (0.5, 2), (2, 5): on a line.
        #expect(abs((findings.entries[0][1].correlationWithGain ?? 0) - 1) < 1e-9)
        #expect(findings.entries[1][1].correlationWithGain == nil)
    }

    @Test("a number that is missing is counted, said with its reason, and leaves its pair out")
    func missing() throws {
        var figures = Self.figures
        figures[4].rank = nil
        let report = try Self.report(figures)
        let findings = try #require(report.variants[0].measured.first)
        #expect(findings.entries[0][1].count == 3)
        #expect(findings.entries[0][1].measured == 4)
        #expect(findings.entries[0][1].difference?.pairs == 3)
        let text = report.document().markdown()
        #expect(text.contains("(3 of 4)"))
        #expect(text.contains("1 number cannot be computed because there are no target samples"))
    }

    @Test("a row of which nothing was measured says so")
    func notMeasured() throws {
        let settings = Self.settings
        let all = try Self.report()
        let some = all.measurements.filter { $0.key.row == "Fusion" }
        let results = Self.figures.map {
            TrialResult(key: TrialKey(row: $0.row, target: $0.target, seed: $0.seed), plan: "p", selectedEpoch: 1, targetScore: $0.accuracy)
        }
        let text = try Report(results: results, settings: settings, measurements: some).document().markdown()
        #expect(text.contains("not measured"))
    }

    @Test("curves are averaged over trials, and counts added up")
    func curvesAndGrids() throws {
        let findings = try #require(try Self.report().variants[0].measured.first)
        #expect(findings.curves.map { $0.map(\.row) } == [["Fusion", "+ MER"]])
        #expect(findings.curves[0][0].curve.y == [0, -1.5])
        #expect(findings.grids.map(\.grid.values) == [[[4, 8], [12, 16]], [[4, 8], [12, 16]]])
    }

    @Test("counts of classes by classes have the accuracy on each class beside them")
    func accuracyByClass() throws {
        let page = try Self.report().document().html()
        #expect(page.contains("Accuracy, %") && page.contains(">33.3<") && page.contains(">57.1<"), "4 of 12, and 16 of 28")
    }

    @Test("the page, the tables and the lines name every quantity, with the units' note")
    func renderings() throws {
        let report = try Self.report()
        let text = report.document().markdown()
        #expect(text.contains("Measured: representation"))
        #expect(text.contains("target: 75 samples"))
        #expect(text.contains("| video, target | Fusion | 5.50 ± 1.29 |"))
        #expect(report.document().figures.contains { $0.name == "measured-1-1" })
        let lines = report.measurementsCSV().split(separator: "\r\n")
        #expect(lines.count == 1 + 2 * 8)
        #expect(lines[1] == "Fusion,D1,0,,,representation,rankme,video,target,,4.0,")
        #expect(report.document().html().contains("Differences to Fusion"))
        #expect(report.document().latex().contains("rankme"))
    }

    @Test("figures from elsewhere stand beside what was measured, and one that nothing was measured for says so")
    func expected() throws {
        var settings = Self.settings
        settings.expected = ExpectedFigures(
            source: "Figure 2",
            figures: [:],
            measured: [
                .init(measurement: "representation", quantity: "rankme of video on target", row: "+ MER", value: 6),
                .init(measurement: "representation", quantity: "rankme of video on target", row: "Fusion", value: 60),
                .init(measurement: "representation", quantity: "rankme of sound", row: "Fusion", value: 60),
            ])
        let report = try Report(results: Self.results, settings: settings, measurements: Self.report().measurements)
        // 5, 5.5, 6.5 and 9 have a mean of 6.5 and a standard error of 0.89.
        #expect(report.variants[0].measuredExpectations.map(\.verdict) == [.reproduced, .notReproduced, .notRun])
        let text = report.document().markdown()
        #expect(text.contains("Beside the figures of Figure 2"))
        #expect(text.contains("rankme of sound (representation)") && text.contains("not measured"))
        #expect(report.csv().contains("representation: rankme of video on target,expected"))
    }

    /// The report as Markdown, whose cells are padded, with single spaces.
    private static func squeezed(_ report: Report) -> String { report.document().markdown().replacing(#/ +/#, with: " ") }

    @Test("what measuring took stands beside the trainings, on the page and in the lines of costs")
    func time() throws {
        let results = Self.results.map { result in
            var result = result
            result.seconds = 4
            return result
        }
        let report = try Report(results: results, settings: Self.settings, measurements: Self.report().measurements)
        let time = try #require(report.variants[0].measuringTime)
        #expect(time.parts.map(\.title) == ["representation"] && time.all.secondsPerTrial == 0.5 && time.all.share == 0.125 && time.all.trials == 8)
        let text = Self.squeezed(report)
        #expect(text.contains("Cost of measuring"))
        #expect(text.contains("| representation | 0.5 s | 12.5 | 8 |"), "\(text)")
        #expect(report.costsCSV().contains("measured,,measurement,representation,500.000000,,,,0.125000,8"))
    }

    /// The same study, with a number about two modalities together: over four draws, where every pair falls by a tenth of what accuracy gains.
    private static func dependenceReport(gain: Double = 0.1) throws -> Report {
        var settings = settings
        settings.variants[0].targets = ["D1"]
        settings.variants[0].seeds = [0, 1, 2, 3]
        var records: [TrialKey: [MeasurementRecord]] = [:]
        let results = ["Fusion", "+ MER"].flatMap { row in
            (0..<4).map { seed -> TrialResult in
                let key = TrialKey(row: row, target: "D1", seed: seed)
                let change = row == "Fusion" ? 0 : gain + 0.01 * Double(seed)
                var findings = Findings()
                findings.numbers = [
                    Findings.Number("hsic", modality: "audio, video", samples: "target", value: 0.5 - change / 10),
                    Findings.Number("hsic", modality: "audio, video", samples: "validation", value: 0.5),
                    Findings.Number("rankme", modality: "video", samples: "target", value: 4 + change),
                ]
                records[key] = [
                    MeasurementRecord(instance: "dependence", measurement: "dependence", options: [:], plan: "p", seconds: 1, findings: findings)
                ]
                return TrialResult(key: key, plan: "p", selectedEpoch: 1, targetScore: 0.5 + change)
            }
        }
        return try Report(results: results, settings: settings, measurements: records)
    }

    @Test("what is more than chance is said in sentences made of the numbers and their errors")
    func sentences() throws {
        let text = try Self.squeezed(Self.dependenceReport())
        #expect(text.contains("What the measurements show"))
        #expect(text.contains("\\+ MER raises the accuracy on the target by 11.5 ± 0.6 percentage points (p \\<0.001)."), "\(text)")
        #expect(text.contains("raises rankme of video on target by 0.115 ± 0.00645; lowers hsic of audio, video on target by 0.0115 ± 0.000645"), "\(text)")
        #expect(text.contains("(2 of 3 differences more than chance)"))
        let small = try Self.squeezed(Self.dependenceReport(gain: -0.015))
        #expect(small.contains("changes the accuracy on the target by 0.0 ± 0.6 percentage points (not more than chance, p 1.000)"), "\(small)")
    }

    @Test("what two modalities share stands beside the score, and each pair of changes is a point")
    func joint() throws {
        let report = try Self.dependenceReport()
        let text = Self.squeezed(report)
        #expect(text.contains("| Accuracy in percent on the target | 50.0 ± 0.0 | +11.5 ± 0.6 \\* |"), "\(text)")
        #expect(text.contains("| hsic on target | 0.500 ± 0 | −0.0115 ± 0.000645 \\* |"), "\(text)")
        #expect(text.contains("What is shared by two modalities (audio, video), beside the accuracy:"))
        // A number about one modality is none of them.
        #expect(!text.contains("| rankme of video on target | 4.00"))
        let drawings = report.document().figures.filter { $0.name.hasPrefix("gain-") }
        #expect(drawings.map(\.name) == ["gain-1"], "validation samples are in no drawing")
        let entry = try #require(report.variants[0].measured[0].entries[0].last)
        #expect(entry.gains.count == 4 && abs((entry.correlationWithGain ?? 0) + 1) < 1e-9)
        #expect(zip(entry.gains.map(\.score), [0.1, 0.11, 0.12, 0.13]).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test("maps are drawn of the first trial of each row, by each grouping, and are removed with their report")
    func maps() throws {
        let report = try Self.report()
        let maps = report.document().figures.filter { $0.name.hasPrefix("map-") }
        #expect(maps.map(\.name) == ["map-1-1", "map-1-2", "map-1-3", "map-1-4"])
        #expect(maps[0].caption == "Fusion, video, by domain: principal components, target D1, seed 0.")
        #expect(maps[3].caption.hasPrefix("+ MER, video, by class"))
        // A group without a point is in no legend.
        #expect(maps[1].svg.contains(">c<") && !maps[1].svg.contains(">b<"))
        let folder = RunFolder(FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)"))
        defer { try? FileManager.default.removeItem(at: folder.root) }
        try ReportWriter().write(report, to: folder)
        #expect(FileManager.default.fileExists(atPath: folder.figures.appendingPathComponent("map-1-1.svg").path))
        var records = report.measurements
        for key in records.keys { records[key]?[0].findings.maps = [] }
        try ReportWriter().write(Report(results: Self.results, settings: Self.settings, measurements: records), to: folder)
        #expect(!FileManager.default.fileExists(atPath: folder.figures.appendingPathComponent("map-1-1.svg").path))
    }

    @Test("what only an earlier report had is removed; a drawing of somebody else's stays")
    func earlierDrawings() throws {
        let folder = RunFolder(FileManager.default.temporaryDirectory.appendingPathComponent("report-\(UUID().uuidString)"))
        defer { try? FileManager.default.removeItem(at: folder.root) }
        let report = try Self.report()
        try ReportWriter().write(report, to: folder)
        #expect(FileManager.default.fileExists(atPath: folder.measurementsCSV.path))
        try Data("<svg/>".utf8).write(to: folder.figures.appendingPathComponent("mine.svg"))
        try ReportWriter().write(Report(results: Self.results, settings: Self.settings), to: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.figures.path)
        #expect(names.sorted() == ["differences.svg", "mine.svg"])
        #expect(!FileManager.default.fileExists(atPath: folder.measurementsCSV.path))
    }

    @Test("numbers have three significant digits", arguments: [(0.0, "0"), (0.012345, "0.0123"), (4.5678, "4.57"), (-1234.5, "−1234"), (1e-7, "1.00e−07")])
    func digits(value: Double, text: String) {
        #expect(NumberText.significant(value) == text)
    }

    @Test("a record survives the way to its file and back, with options in its title")
    func record() throws {
        var findings = Findings()
        findings.numbers = [Findings.Number("value", value: .nan), Findings.Number("other", value: 2)]
        #expect(findings.numbers[0].reason == "the result is not a finite number")
        let record = MeasurementRecord(
            instance: "dependence", measurement: "dependence", options: ["samples": "500"], plan: "p", seconds: 1, findings: findings)
        #expect(try ResultCoding.value(MeasurementRecord.self, from: ResultCoding.document(record)) == record)
        #expect(record.title == "dependence (samples 500)")
    }
}
