import Foundation
import Results
import Statistics

/// The verdict as figures in files.
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
        let header = [
            "level", "row", "name", "dataset", "unit", "difference", "standard_error", "low", "high", "prediction_low", "prediction_high", "p", "p_holm",
            "units", "share", "outcome", "won", "lost", "mean_rank", "between_sets", "rule",
        ]
        let lines = verdicts.flatMap(\.records).map { record -> [String] in
            let names = [record.level.rawValue, CSVText.name(record.row), CSVText.name(record.name ?? ""), CSVText.name(record.dataset ?? ""), record.unit]
            let figures = [
                record.difference, record.standardError, record.low, record.high, record.predictionLow, record.predictionHigh, record.p, record.adjustedP,
            ].map(CSVText.number)
            return names + figures + [
                String(record.units), CSVText.number(record.share), record.outcome?.rawValue ?? "", record.won.map(String.init) ?? "",
                record.lost.map(String.init) ?? "", CSVText.number(record.meanRank), CSVText.number(record.between), CSVText.name(record.rule ?? ""),
            ]
        }
        return CSVText.text([header] + lines)
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
