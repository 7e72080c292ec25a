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

    /// Where a study chooses by several rules: what each row's figures are by each of them.
    private static func comparison(of verdicts: [Verdict]) -> [Document.Block] {
        guard let first = verdicts.first, verdicts.count > 1 else { return [] }
        let (path, names) = ruleNames(of: verdicts)
        let columns = names.map { TextTable.Column($0, .right) }
        let summaries = first.rows.map { row -> [String] in
            [row.name]
                + verdicts.map { verdict in
                    guard let summary = verdict.rows.first(where: { $0.name == row.name })?.summary else { return NumberText.nothing }
                    return "\(verdict.score.signedText(summary.mean)) \(CellText.interval(summary.interval, verdict.score))"
                }
        }
        let details = verdicts.map(\.effectLines)
        let lines = details[0].map { line in
            [line.row, line.set]
                + details.map { own in own.first { $0.position == line.position }.map { first.differenceText($0.effect) } ?? NumberText.nothing }
        }
        let note =
            "Each row's mean difference to \(first.baseline) over data sets with its 95 % interval, in \(first.score.differenceUnit), by the rule that chose"
            + "\(path.map { " (\($0))" } ?? ""). Data, rows and seeds are the same; each verdict below has its own correction for multiple tests."
        return [
            .heading("What the selection rule changes"), .table(TextTable(columns: [.init("Row")] + columns, rows: summaries)), .paragraph(note),
            .paragraph("The same for each set and each of its settings, ± standard error:"),
            .table(TextTable(columns: [.init("Row"), .init("Set")] + columns, rows: withoutRepeatedNames(lines))),
        ]
    }

    /// The rules by which verdicts differ, and the recipe's path that names them where it is one for all.
    private static func ruleNames(of verdicts: [Verdict]) -> (path: String?, names: [String]) {
        let rules = verdicts.map { $0.rule ?? "" }
        guard let end = rules[0].range(of: " = "), rules.allSatisfy({ $0.hasPrefix(rules[0][..<end.upperBound]) && !$0.contains(",") }) else {
            return (nil, rules)
        }
        return (String(rules[0][..<end.lowerBound]), rules.map { String($0[end.upperBound...]) })
    }

    /// The lines of a table that say in their first cell what the line above does not.
    private static func withoutRepeatedNames(_ lines: [[String]]) -> [[String]] {
        lines.indices.map { index in
            index > 0 && lines[index - 1][0] == lines[index][0] ? [""] + lines[index].dropFirst() : lines[index]
        }
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
                + [.init("Sets won, lost", .right)] + (hasSettings ? [.init("Settings won, lost", .right)] : [])
                + (ranks == nil ? [] : [.init("Mean rank", .right)]),
            rows: rows.map { row in
                func text(_ count: (Outcome) -> Int, of all: Int) -> String { "\(count(.won)), \(count(.lost)) of \(all - count(.untested))" }
                return [
                    row.name, row.summary.map { "\(score.signedText($0.mean)) ± \(score.text($0.standardError))" } ?? NumberText.nothing,
                    CellText.interval(row.summary?.interval, score), CellText.interval(row.summary?.prediction, score),
                    text({ row.count($0, score) }, of: row.sets.count),
                ] + (hasSettings ? [text({ row.settingCount($0, score) }, of: row.settings.count)] : [])
                    + (ranks == nil ? [] : [row.meanRank.map(Self.rank) ?? NumberText.nothing])
            } + (ranks == nil ? [] : [baselineLine]))
    }

    private var baselineLine: [String] {
        [baseline] + Array(repeating: "", count: hasSettings ? 5 : 4) + [baselineRank.map(Self.rank) ?? NumberText.nothing]
    }

    private static func rank(_ rank: Double) -> String { String(format: "%.2f", rank) }

    /// One line for each row and set, followed by its settings where it has several.
    private typealias EffectLine = (row: String, set: String, position: String, effect: Effect)

    private var effectLines: [EffectLine] {
        rows.flatMap { row in
            sets.indices.flatMap { index -> [EffectLine] in
                let name = sets[index].name
                let settings = row.settings.filter { $0.dataset == name }
                let own: EffectLine = (row.name, name, "\(row.name)/\(name)", row.sets[index])
                return settings.count < 2 ? [own] : [own] + settings.map { (row.name, "· \($0.name)", "\(row.name)/\(name)/\($0.name)", $0) }
            }
        }
    }

    private func differenceText(_ effect: Effect) -> String {
        effect.difference.map { score.signedText($0.estimate.mean, plusMinus: $0.estimate.standardError) } ?? NumberText.nothing
    }

    private var setTable: TextTable {
        TextTable(
            columns: [
                .init("Row"), .init("Set"), .init("Difference", .right), .init("Units", .right), .init("95 %", .right), .init("p", .right),
                .init("p, Holm", .right), .init("Outcome"),
            ],
            rows: Self.withoutRepeatedNames(
                effectLines.map { line in
                    let effect = line.effect
                    return [
                        line.row, line.set, differenceText(effect), "\(effect.difference?.estimate.count ?? 0)", CellText.interval(effect.interval, score),
                        NumberText.probability(effect.test?.tTest.p), NumberText.probability(effect.test?.adjustedTTest), Self.text(effect.outcome(score)),
                    ]
                }))
    }

    private static func text(_ outcome: Outcome) -> String { outcome == .untested ? "not tested" : outcome.rawValue }

    // MARK: Sentences

    private var summaryNote: String {
        let unit = score.differenceUnit
        let prediction =
            sets.count > 2
            ? "Another set: the interval that contains the difference on one more set with a probability of 95 %. "
            : "Two sets are too few for a prediction on another one. "
        return "Difference: the mean over data sets, in \(unit) ± its standard error, by a random-effects model (the spread between "
            + "sets by Paule and Mandel, the interval by Hartung and Knapp with \(sets.count - 1) \(sets.count == 2 ? "degree" : "degrees") of freedom, "
            + "and never narrower than the spread within sets allows). " + prediction
            + "Won, lost: significantly better or worse, of so many sets tested, with p < 0.05 in a paired t test after Holm's correction over all rows and sets"
            + (hasSettings
                ? ", and separately over all rows and settings. Several settings of one data set count as one set, and each seed or draw counts once." : ".")
    }

    private var rankNote: String {
        guard let ranks else { return "" }
        let distance = Self.rank(ranks.criticalDifference)
        let reach =
            ranks.isReachable
            ? "two mean ranks differ by more than chance if they are at least \(distance) apart (Nemenyi, 5 %)"
            : "ranks cannot distinguish any two of \(rows.count + 1) rows, since a difference of \(distance) would be needed (Nemenyi, 5 %)"
        return "Mean rank: 1 is the best, over \(ranks.count) sets; \(reach). Friedman's permutation test of equal ranks: p = "
            + "\(NumberText.probability(ranks.p))."
    }

    private var setNote: String {
        "Difference: mean ± standard error over the units of the set, with a 95 % interval from Student's t."
            + (hasSettings ? " For a data set with several settings, a unit is the mean of one seed or draw over all settings and domains." : "")
    }

    /// What the figures leave out.
    private var exceptions: [String] {
        leftOut.map { "Left out of the verdict: \($0)." }
            + rows.flatMap { row in
                row.leftOut.map { name in
                    "\(row.name): the summary leaves out \(name), because the spread of its differences is unknown (a single unit, equal differences, or no seed "
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
            caption: "Mean difference in \(score.title) to \(baseline) over data sets. Diamond: its 95 % interval; thin line: the range for another set.",
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
            let plot = IntervalPlot(title: row.name, label: "Difference to \(baseline), \(score.differenceUnit)", rows: lines)
            return Figure(
                name: "\(Self.figureName(place))-\(index + 1)",
                caption: "\(row.name): difference to \(baseline) on each set with its 95 % interval, pale for single settings; diamond: all sets, with "
                    + "the range for another set as a thin line.",
                svg: plot.svg())
        }
    }
}
