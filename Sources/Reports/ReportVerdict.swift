import Foundation
import Results
import Statistics

/// The verdict over data sets as tables, sentences and drawings.
extension Verdict {
    /// A page of its own.
    package static func document(_ verdicts: [Verdict], title: String) -> Document {
        let rows = verdicts.first?.rows.map(\.name) ?? []
        return Document([.title("Verdict: \(title)")] + blocks(verdicts) { name in (rows.firstIndex(of: name) ?? -1) + 1 })
    }

    /// The parts of a report that state its verdicts; empty where there is none.
    ///
    /// - Parameter style: position of a row among the styles of drawings.
    static func blocks(_ verdicts: [Verdict], style: (String) -> Int) -> [Document.Block] {
        Report.withoutRepetition(comparison(of: verdicts) + verdicts.enumerated().flatMap { $1.blocks(place: $0, style: style) })
    }

    /// Where a study chooses by several rules: what each row's summary is by each of them.
    private static func comparison(of verdicts: [Verdict]) -> [Document.Block] {
        guard let first = verdicts.first, verdicts.count > 1 else { return [] }
        var columns = [TextTable.Column("Row")]
        for verdict in verdicts { columns.append(TextTable.Column(verdict.rule ?? "", .right)) }
        let rows = first.rows.map { row -> [String] in
            [row.name]
                + verdicts.map { verdict in
                    guard let summary = verdict.rows.first(where: { $0.name == row.name })?.summary else { return NumberText.nothing }
                    return "\(CellText.interval(summary.interval, verdict.score)) (\(verdict.score.signedText(summary.mean)))"
                }
        }
        let note =
            "The 95 % interval of each row's difference to \(first.baseline) over data sets, and its mean, in \(first.score.differenceUnit), by the rule "
            + "that chose. Data, rows and seeds are the same; each verdict below is corrected for many tests by itself."
        return [.heading("What the rule decides"), .table(TextTable(columns: columns, rows: rows)), .paragraph(note)]
    }

    private var title: String { "Verdict over \(NumberText.count(sets.count, "data set"))" + (rule.map { ", \($0)" } ?? "") }

    /// - Parameter place: the verdict's place among those of the study, from 0.
    private func blocks(place: Int, style: (String) -> Int) -> [Document.Block] {
        [.heading(title), .table(summaryTable), .paragraph(summaryNote)]
            + (rankNote.isEmpty ? [] : [.paragraph(rankNote)]) + (exceptions.isEmpty ? [] : [.list(exceptions)])
            + [
                .figures([summaryFigure(place, style)]), .heading("Set by set"), .table(setTable), .paragraph(setNote), .figures(forests(place, style)),
            ]
    }

    private var hasSettings: Bool { sets.contains { $0.settings > 1 } }

    // MARK: Tables

    private var summaryTable: TextTable {
        TextTable(
            columns: [.init("Row"), .init("Difference to \(baseline)", .right), .init("95 %", .right), .init("Another set, 95 %", .right)]
                + [.init("Sets won", .right), .init("lost", .right), .init("tested", .right)]
                + (hasSettings ? [.init("Settings won", .right), .init("lost", .right), .init("tested", .right)] : [])
                + (ranks == nil ? [] : [.init("Mean rank", .right)]),
            rows: rows.map { row in
                let tested = row.sets.count - row.count(.untested, score)
                let settingsTested = row.settings.count - row.settingCount(.untested, score)
                return [
                    row.name, row.summary.map { "\(score.signedText($0.mean)) ± \(score.text($0.standardError))" } ?? NumberText.nothing,
                    CellText.interval(row.summary?.interval, score), CellText.interval(row.summary?.prediction, score),
                ] + [row.count(.won, score), row.count(.lost, score), tested].map(String.init)
                    + (hasSettings ? [row.settingCount(.won, score), row.settingCount(.lost, score), settingsTested].map(String.init) : [])
                    + (ranks == nil ? [] : [row.meanRank.map(Self.rank) ?? NumberText.nothing])
            } + (ranks == nil ? [] : [baselineLine]))
    }

    private var baselineLine: [String] {
        [baseline] + Array(repeating: "", count: hasSettings ? 9 : 6) + [baselineRank.map(Self.rank) ?? NumberText.nothing]
    }

    private static func rank(_ rank: Double) -> String { String(format: "%.2f", rank) }

    private var setTable: TextTable {
        func line(_ row: Row, _ effect: Effect, _ name: String) -> [String] {
            let estimate = effect.difference?.estimate
            return [
                row.name, name, estimate.map { "\(score.signedText($0.mean)) ± \(score.text($0.standardError))" } ?? NumberText.nothing,
                "\(estimate?.count ?? 0)", CellText.interval(effect.interval, score), NumberText.probability(effect.test?.tTest.p),
                NumberText.probability(effect.test?.adjustedTTest), Self.text(effect.outcome(score)),
            ]
        }
        return TextTable(
            columns: [
                .init("Row"), .init("Set"), .init("Difference", .right), .init("Units", .right), .init("95 %", .right), .init("p", .right),
                .init("p, Holm", .right), .init("Outcome"),
            ],
            rows: rows.flatMap { row in
                sets.indices.flatMap { index -> [[String]] in
                    let settings = row.settings.filter { $0.dataset == sets[index].name }
                    let own = line(row, row.sets[index], sets[index].name)
                    return settings.count < 2 ? [own] : [own] + settings.map { line(row, $0, "· \($0.name)") }
                }
            })
    }

    private static func text(_ outcome: Outcome) -> String { outcome == .untested ? "not tested" : outcome.rawValue }

    // MARK: Sentences

    private var summaryNote: String {
        let unit = score.differenceUnit
        let prediction =
            sets.count > 2
            ? "Another set: where the difference on one more set lies with a probability of 95 %. "
            : "Two sets are too few to say where another one lies. "
        return "Difference: the mean over all data sets that there could be, in \(unit) ± its standard error: random effects, the spread between "
            + "sets by Paule and Mandel, the interval by Hartung and Knapp with \(sets.count - 1) \(sets.count == 2 ? "degree" : "degrees") of freedom, "
            + "never narrower than the spread within sets allows. " + prediction
            + "Won, lost: p < 0.05 in a paired t test, corrected by Holm over all rows and sets"
            + (hasSettings ? ", and separately over all rows and settings. Settings of one data set count as one set: each seed or draw counts once." : ".")
    }

    private var rankNote: String {
        guard let ranks else { return "" }
        let distance = Self.rank(ranks.criticalDifference)
        let reach =
            ranks.isReachable
            ? "two mean ranks differ by more than chance where they lie \(distance) apart (Nemenyi, 5 %)"
            : "over \(ranks.count) sets no two of \(rows.count + 1) rows can be told apart by ranks: it would take a distance of \(distance) (Nemenyi, 5 %)"
        return "Mean rank: 1 is the best, over \(ranks.count) sets; \(reach). Friedman's permutation test that all rows rank alike: p = "
            + "\(NumberText.probability(ranks.p))."
    }

    private var setNote: String {
        "Difference: mean ± standard error over the set's units, and their 95 % interval from Student's t."
            + (hasSettings ? " Of several settings of one data set, a unit is a seed, or a draw, with its mean over all settings and domains." : "")
    }

    /// What the figures leave out.
    private var exceptions: [String] {
        leftOut.map { "Left out of the verdict: \($0)." }
            + rows.flatMap { row in
                row.leftOut.map { name in
                    "\(row.name): the summary leaves out \(name), because the spread of its differences is not known (a single unit, equal differences, or no seed "
                        + "that all of its settings share)."
                }
            }
    }

    // MARK: Drawings

    private func drawn(_ interval: ConfidenceInterval?) -> ConfidenceInterval? {
        interval.map { ConfidenceInterval(low: $0.low * score.factor, high: $0.high * score.factor) }
    }

    private static func figureName(_ place: Int) -> String { place == 0 ? "verdict" : "verdict-rule-\(place + 1)" }

    /// All rows over all sets.
    private func summaryFigure(_ place: Int, _ style: (String) -> Int) -> Figure {
        let plot = IntervalPlot(
            title: "Difference to \(baseline) over \(NumberText.count(sets.count, "data set"))" + (rule.map { ", \($0)" } ?? ""), label: score.differenceUnit,
            rows: rows.compactMap { row in
                row.summary.map {
                    IntervalPlot.Row(
                        row.name, mean: $0.mean * score.factor, interval: drawn($0.interval), style: style(row.name), outer: drawn($0.prediction),
                        form: .summary)
                }
            })
        return Figure(
            name: Self.figureName(place),
            caption: "Mean difference in \(score.title) to \(baseline) over data sets. Diamond: its 95 % interval; thin line: where another set lies.",
            svg: plot.svg())
    }

    /// One drawing per row: its settings, its sets, and the summary over them.
    private func forests(_ place: Int, _ style: (String) -> Int) -> [Figure] {
        rows.enumerated().map { index, row in
            func line(_ effect: Effect, _ name: String, _ form: IntervalPlot.Row.Form) -> IntervalPlot.Row {
                IntervalPlot.Row(
                    name, mean: effect.difference.map { $0.estimate.mean * score.factor } ?? .nan, interval: drawn(effect.interval),
                    style: style(row.name), form: form)
            }
            var lines: [IntervalPlot.Row] = []
            for (set, effect) in zip(sets, row.sets) {
                let settings = row.settings.filter { $0.dataset == set.name }
                lines.append(line(effect, set.name, .marker))
                if settings.count > 1 { lines += settings.map { line($0, "\($0.name)", .detail) } }
            }
            if let summary = row.summary {
                lines.append(
                    IntervalPlot.Row(
                        "all sets", mean: summary.mean * score.factor, interval: drawn(summary.interval), style: style(row.name),
                        outer: drawn(summary.prediction), form: .summary))
            }
            return Figure(
                name: "\(Self.figureName(place))-\(index + 1)",
                caption: "\(row.name): difference to \(baseline) on each set with its 95 % interval, pale for single settings; diamond: all sets, with "
                    + "the range of another set as a thin line.",
                svg: IntervalPlot(title: row.name, label: "Difference to \(baseline), \(score.differenceUnit)", rows: lines).svg())
        }
    }
}

// MARK: Files

extension Verdict {
    /// One figure of the verdict; in percent and percentage points where the score is a fraction.
    package struct Record: Encodable, Hashable, Sendable {
        package enum Level: String, Encodable, Sendable { case setting, set, summary }

        package let level: Level
        /// By which rule was chosen; nil unless the study compares rules.
        package let rule: String?
        package let row: String
        /// The setting's or the set's name; nil for a summary.
        package let name: String?
        package let dataset: String?
        package let unit: String
        package let difference, standardError, low, high: Double?
        /// The range in which another set would lie; only of a summary.
        package let predictionLow, predictionHigh: Double?
        package let p, adjustedP: Double?
        /// Independent units of a set or setting, sets of a summary.
        package let units: Int
        /// A set's share in the summary.
        package let share: Double?
        package let outcome: Outcome?
        /// Sets won and lost; only of a summary.
        package let won, lost: Int?
        package let meanRank: Double?
        /// Standard deviation of the true differences between sets; only of a summary.
        package let between: Double?
    }

    /// Every row's settings, then its sets, then its summary.
    package var records: [Record] {
        rows.flatMap { row -> [Record] in
            func record(_ effect: Effect, _ level: Record.Level, share: Double?) -> Record {
                let estimate = effect.difference?.estimate
                return Record(
                    level: level, rule: rule, row: row.name, name: effect.name, dataset: effect.dataset, unit: score.unit,
                    difference: score.exported(estimate?.mean),
                    standardError: score.exported(estimate?.standardError), low: score.exported(effect.interval?.low),
                    high: score.exported(effect.interval?.high), predictionLow: nil, predictionHigh: nil, p: effect.test?.tTest.p,
                    adjustedP: effect.test?.adjustedTTest, units: estimate?.count ?? 0, share: share, outcome: effect.outcome(score), won: nil,
                    lost: nil, meanRank: nil, between: nil)
            }
            let known = row.sets.filter { !row.leftOut.contains($0.name) }.map(\.name)
            let summary = row.summary
            return row.settings.map { record($0, .setting, share: nil) }
                + row.sets.map { set in record(set, .set, share: known.firstIndex(of: set.name).flatMap { summary?.shares[$0] }) }
                + [
                    Record(
                        level: .summary, rule: rule, row: row.name, name: nil, dataset: nil, unit: score.unit, difference: score.exported(summary?.mean),
                        standardError: score.exported(summary?.standardError), low: score.exported(summary?.interval.low),
                        high: score.exported(summary?.interval.high), predictionLow: score.exported(summary?.prediction?.low),
                        predictionHigh: score.exported(summary?.prediction?.high), p: summary?.p, adjustedP: nil, units: summary?.count ?? 0, share: nil,
                        outcome: nil, won: row.count(.won, score), lost: row.count(.lost, score), meanRank: row.meanRank,
                        between: score.exported(summary.map { $0.betweenVariance.squareRoot() }))
                ]
        }
    }

    /// As comma-separated values, one line per record.
    package static func csv(_ verdicts: [Verdict]) -> String {
        func number(_ value: Double?) -> String { value.map { $0.isFinite ? String(format: "%.6f", $0) : NumberText.notFinite } ?? "" }
        let header = [
            "level", "row", "name", "dataset", "unit", "difference", "standard_error", "low", "high", "prediction_low", "prediction_high", "p", "p_holm",
            "units", "share", "outcome", "won", "lost", "mean_rank", "between_sets", "rule",
        ]
        let lines = verdicts.flatMap(\.records).map { record -> [String] in
            let names = [record.level.rawValue, CSVText.name(record.row), CSVText.name(record.name ?? ""), CSVText.name(record.dataset ?? ""), record.unit]
            let figures = [
                record.difference, record.standardError, record.low, record.high, record.predictionLow, record.predictionHigh, record.p, record.adjustedP,
            ].map(number)
            return names + figures + [
                String(record.units), number(record.share), record.outcome?.rawValue ?? "", record.won.map(String.init) ?? "",
                record.lost.map(String.init) ?? "", number(record.meanRank), number(record.between), CSVText.name(record.rule ?? ""),
            ]
        }
        return ([header] + lines).map { $0.map(CSVText.field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// The whole verdict for a program to read.
    package struct Content: Encodable, Hashable, Sendable {
        package struct Ranks: Encodable, Hashable, Sendable {
            package let baseline: Double?
            package let statistic, p, criticalDifference: Double
            package let sets: Int
        }
        package struct DataSet: Encodable, Hashable, Sendable {
            package let name: String
            package let settings: Int
        }

        package let baseline: String
        /// By which rule was chosen; nil unless the study compares rules.
        package let rule: String?
        package let score: String
        package let sets: [DataSet]
        package let figures: [Record]
        package let ranks: Ranks?
        package let leftOut: [String]
    }

    package var content: Content {
        Content(
            baseline: baseline, rule: rule, score: score.name, sets: sets.map { .init(name: $0.name, settings: $0.settings) }, figures: records,
            ranks: ranks.map {
                .init(baseline: baselineRank, statistic: $0.statistic, p: $0.p, criticalDifference: $0.criticalDifference, sets: $0.count)
            }, leftOut: leftOut)
    }
}
