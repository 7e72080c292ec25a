import Foundation
import Results
import SampleResults
import Statistics
import Testing

@testable import Reports

/// Studies of two rows over several settings, made of the differences that each seed shows.
struct VerdictSample {
    struct Setting {
        let name: String
        let dataset: String?
        /// The difference of each seed, in points, on the one target.
        let differences: [Double]
        var level = 60.0
        /// By which rule values were tuned, where the study compares rules.
        var rule: String?
    }

    static func report(_ settings: [Setting], row: String = "+ MER", isHigherBetter: Bool = true) throws -> Report {
        let score = isHigherBetter ? ScoreDescription.accuracy : ScoreDescription("error", isHigherBetter: false)
        let variants = settings.map { setting in
            VariantSettings(
                assignment: ["set": setting.name].merging(setting.rule.map { ["tuning.selection": $0] } ?? [:]) { $1 }, baseline: "Fusion",
                rows: ["Fusion", row], targets: ["D1"],
                seeds: Array(setting.differences.indices), selection: "validation", protocolText: "others train", scores: [score], dataset: setting.dataset)
        }
        let results = zip(settings, variants).flatMap { setting, variant in
            setting.differences.indices.flatMap { seed in
                [("Fusion", 0.0), (row, setting.differences[seed])].map { name, gain in
                    SampleStudy.result(name, "D1", seed, (setting.level + Double(seed) + gain) / 100, variant: variant.assignment)
                }
            }
        }
        return try Report(
            results: results, settings: RunSettings(recipe: "sets", dials: ["set", "tuning.selection"], variants: variants, machine: "m", threads: 1))
    }
}

@Suite("The verdict over data sets")
struct VerdictTests {
    private func close(_ value: Double?, _ expected: Double) -> Bool { value.map { abs($0 - expected) < 1e-9 } ?? false }

    private static let three: [VerdictSample.Setting] = [
        .init(name: "watch", dataset: "watch", differences: [2, 3, 4, 3, 2, 3]),
        .init(name: "digits", dataset: "digits", differences: [-1, 0, 1, 0.5, -0.5, 0]),
        .init(name: "hac", dataset: "hac", differences: [-4, -5, -4.5, -5, -4, -4.5]),
    ]

    @Test("A row's summary is that of random effects over the sets, and it wins where Holm leaves it")
    func summary() throws {
        let verdict = try #require(try VerdictSample.report(Self.three).verdicts.first)
        #expect(verdict.sets.map(\.name) == ["watch", "digits", "hac"])
        let row = verdict.rows[0]
        let expected = try #require(
            RandomEffects(
                Self.three.map { setting in
                    let points = setting.differences.map { $0 / 100 }
                    return RandomEffects.Effect(mean: points.mean ?? 0, standardError: points.standardError ?? 0)
                }))
        #expect(close(row.summary?.mean, expected.mean) && close(row.summary?.interval.low, expected.interval.low))
        #expect(row.sets.map { $0.outcome(verdict.score) } == [.won, .open, .lost])
        #expect(row.count(.won, verdict.score) == 1 && row.count(.lost, verdict.score) == 1)
        #expect(verdict.ranks?.count == 3)
    }

    @Test("For an error, less is a win")
    func direction() throws {
        let verdict = try #require(try VerdictSample.report(Self.three, isHigherBetter: false).verdicts.first)
        #expect(verdict.rows[0].sets.map { $0.outcome(verdict.score) } == [.lost, .open, .won])
    }

    @Test("Settings of one data set are one set, of which each seed counts once")
    func settings() throws {
        let settings: [VerdictSample.Setting] = [
            .init(name: "watch", dataset: "watch", differences: [1, 2, 3]), .init(name: "watch, single source", dataset: "watch", differences: [3, 2, 7]),
            .init(name: "digits", dataset: "digits", differences: [0, 1, 2]),
        ]
        let verdict = try #require(try VerdictSample.report(settings).verdicts.first)
        #expect(verdict.sets.map(\.settings) == [2, 1])
        let set = try #require(verdict.rows[0].sets[0].difference)
        #expect(set.units.count == 3)
        for (unit, expected) in zip(set.units, [0.02, 0.02, 0.05]) { #expect(close(unit, expected)) }
        #expect(verdict.rows[0].settings.count == 3)
        // A copy of a setting adds nothing: the units, and so the standard error, stay.
        let doubled = settings.map {
            $0.name == "watch" ? [$0, .init(name: "copy", dataset: "watch", differences: $0.differences)] : $0.dataset == "watch" ? [] : [$0]
        }
        let copied = try #require(try VerdictSample.report(doubled.flatMap(\.self)).verdicts.first)
        let single = try #require(try VerdictSample.report([settings[0], settings[2]]).verdicts.first)
        #expect(close(copied.rows[0].summary?.standardError, single.rows[0].summary?.standardError ?? .nan))
    }

    @Test("A seed of which a setting has no result is left out of the set, and a set without a spread out of the summary, which says so")
    func missing() throws {
        let settings: [VerdictSample.Setting] = [
            .init(name: "watch", dataset: "watch", differences: [1, 2, 3]), .init(name: "short", dataset: "watch", differences: [3, 2]),
            .init(name: "digits", dataset: "digits", differences: [0, 1, 2]), .init(name: "same", dataset: "same", differences: [1, 1, 1]),
        ]
        let report = try VerdictSample.report(settings)
        let verdict = try #require(report.verdicts.first)
        #expect(verdict.rows[0].sets.map { $0.difference?.units.count } == [2, 3, 3])
        #expect(verdict.rows[0].leftOut.contains("same"))
        #expect(report.document().markdown().contains("+ MER: the summary leaves out same, because the spread of its differences is unknown"))
    }

    @Test("There is none over one data set, and none where it is not known which data a setting has")
    func one() throws {
        #expect(try VerdictSample.report(Array(Self.three.prefix(1))).verdicts.first == nil)
        #expect(
            try VerdictSample.report([
                .init(name: "a", dataset: "watch", differences: [1, 2]), .init(name: "b", dataset: "watch", differences: [1, 2]),
            ]).verdicts.first == nil)
        #expect(
            try VerdictSample.report([.init(name: "a", dataset: nil, differences: [1, 2]), .init(name: "b", dataset: nil, differences: [1, 2])]).verdicts.first
                == nil)
    }

    @Test("Each rule that chooses has a verdict of its own, with its own drawings, and a table sets them side by side")
    func rules() throws {
        let one = Self.three.map { VerdictSample.Setting(name: $0.name, dataset: $0.dataset, differences: $0.differences, rule: "source-loss") }
        let other = Self.three.map { VerdictSample.Setting(name: $0.name, dataset: $0.dataset, differences: $0.differences.map { $0 + 1 }, rule: "mean") }
        let verdicts = try VerdictSample.report(one + other).verdicts
        let alone = try VerdictSample.report(Self.three).verdicts
        #expect(verdicts.map(\.rule) == ["tuning.selection = source-loss", "tuning.selection = mean"])
        #expect(alone.map(\.rule) == [nil])
        #expect(verdicts.map { $0.sets.map(\.name) } == [["watch", "digits", "hac"], ["watch", "digits", "hac"]])
        #expect(verdicts[0].rows == alone[0].rows)
        #expect(close(verdicts[1].rows[0].summary?.mean, (alone[0].rows[0].summary?.mean ?? .nan) + 0.01))
        let document = Verdict.document(verdicts, title: "sets")
        #expect(document.figures.map(\.name) == ["verdict", "verdict-1", "verdict-rule-2", "verdict-rule-2-1"])
        let text = document.markdown()
        #expect(text.contains("source-loss |") && text.contains("by the rule that chose (tuning.selection)"))
        #expect(text.contains("The same for each set and each of its settings"))
        #expect(Verdict.csv(verdicts).split(separator: "\r\n").count == 1 + 2 * 7)
    }

    @Test("Two sets: the report says that nothing can be told of another one")
    func two() throws {
        let text = try VerdictSample.report(Array(Self.three.prefix(2))).document().markdown()
        #expect(text.contains("## Verdict over 2 data sets"))
        #expect(text.contains("Two sets are too few for a prediction on another one."))
        #expect(text.contains("over 2 sets; ranks cannot distinguish any two of 2 rows"))
    }

    @Test("Several runs have a verdict together, and none from runs of other baselines")
    func severalRuns() throws {
        let runs = try Self.three.map { try VerdictSample.report([$0]) }
        let verdict = try #require(Report.verdicts(over: runs).first)
        let whole = try #require(try VerdictSample.report(Self.three).verdicts.first)
        #expect(close(verdict.rows[0].summary?.mean, whole.rows[0].summary?.mean ?? .nan))
    }

    @Test("The page has the table, a drawing of all rows and one of each row, all well formed")
    func page() throws {
        let document = Verdict.document(try VerdictSample.report(Self.three).verdicts, title: "sets")
        #expect(document.figures.map(\.name) == ["verdict", "verdict-1"])
        for figure in document.figures {
            #expect(isWellFormed(figure.svg))
            #expect(!figure.svg.contains("nan") && !figure.svg.contains("inf"))
        }
        let html = document.html()
        #expect(html.contains("Verdict: sets") && html.contains("Another set, 95 %"))
        #expect(document.latex().contains("\\begin{table"))
    }

    @Test("As CSV and JSON: settings, sets and summary of every row, in points")
    func files() throws {
        let verdict = try #require(try VerdictSample.report(Self.three).verdicts.first)
        let lines = Verdict.csv([verdict]).split(separator: "\r\n")
        #expect(lines.count == 1 + 3 + 3 + 1)
        #expect(lines[1].hasPrefix("setting,'+ MER,watch,watch,percent,2.833333,"))
        #expect(lines[7].hasPrefix("summary,'+ MER,,,percent,"))
        let summary = try #require(verdict.records.last)
        #expect(summary.won == 1 && summary.lost == 1 && summary.units == 3)
        #expect(close(verdict.records[3...5].reduce(0) { $0 + ($1.share ?? 0) }, 1))
        let json = String(decoding: try ResultCoding.document([verdict.content]), as: UTF8.self)
        #expect(json.contains("\"level\" : \"summary\"") && json.contains("\"criticalDifference\""))
    }

    @Test("The writer puts the verdict's files into the folder, and takes away those of an earlier study")
    func written() throws {
        let folder = RunFolder(FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString))
        defer { try? FileManager.default.removeItem(at: folder.root) }
        try ReportWriter().write(try VerdictSample.report(Self.three), to: folder)
        let files = [folder.verdictPage, folder.verdictCSV, folder.verdictJSON, folder.figures.appendingPathComponent("verdict-1.svg")]
        for file in files { #expect(FileManager.default.fileExists(atPath: file.path)) }
        try ReportWriter().write(try VerdictSample.report(Array(Self.three.prefix(1))), to: folder)
        for file in files { #expect(!FileManager.default.fileExists(atPath: file.path)) }
    }
}
