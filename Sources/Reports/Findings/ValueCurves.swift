import Results
import Statistics

/// How a row's score depends on one swept number, with every other dial held fixed.
package struct SensitivityCurve: Hashable, Sendable {
    package struct Point: Hashable, Sendable {
        package let value: Double
        /// Score averaged over targets; nil where nothing finished.
        package let estimate: Estimate?
    }

    package let row: String
    /// By value, rising.
    package let points: [Point]
}

/// The curves of one dial under one setting of the others.
package struct Sensitivity: Hashable, Sendable {
    /// Recipe path of the swept number.
    package let dial: String
    /// What the other dials are set to; empty where only one is swept.
    package let others: [String: String]
    /// What the curves are of.
    package let score: ScoreDescription
    /// One per row, in the table's order.
    package let curves: [SensitivityCurve]

    /// Every dial that takes two or more numbers, under each setting of the others.
    static func all(of variants: [VariantReport], dials: [String]) -> [Sensitivity] {
        dials.flatMap { dial -> [Sensitivity] in
            variants.map { $0.variant.filter { $0.key != dial } }.distinct.compactMap { others in
                let swept = variants.compactMap { variant -> (Double, VariantReport)? in
                    guard variant.variant.filter({ $0.key != dial }) == others else { return nil }
                    return variant.variant[dial].flatMap(Double.init).flatMap { $0.isFinite ? ($0, variant) : nil }
                }.sorted { $0.0 < $1.0 }
                // Means over different domains, or of different scores, are different quantities, which no line should join.
                guard Set(swept.map(\.0)).count > 1, Set(swept.map(\.1.score.targets)).count == 1, Set(swept.map(\.1.score.score)).count == 1 else {
                    return nil
                }
                return Sensitivity(
                    dial: dial, others: others, score: swept[0].1.score.score,
                    curves: swept[0].1.score.rows.map(\.name).map { row in
                        SensitivityCurve(
                            row: row, points: swept.map { .init(value: $0.0, estimate: $0.1.score.row(row)?.average.estimate) })
                    })
            }
        }
    }
}

/// How the score on source domains depended on one tuned number of a row: what the choice of its value rests on.
///
/// The target is not in it: rehearsals do not measure it.
package struct TuningCurve: Hashable, Sendable {
    package let row: String
    /// Path of the tuned number inside the row.
    package let path: String
    /// What the row's other tuned values are held at; empty where there is no other, and where points take them as they come.
    package let others: [ChosenValue]
    /// By value, rising: means over targets and repetitions.
    package let points: [SensitivityCurve.Point]
    /// Whether neighboring points differ in nothing but the value, so that a line between them means something.
    package let isLine: Bool

    // With more settings of the other values than this, nobody could tell the curves apart.
    private static let mostSettings = 6

    /// The curves of every tuned number of a row that took two values or more.
    static func curves(row: String, of variant: VariantSettings, in trials: TrialSet) -> [TuningCurve] {
        let candidates = candidates(row: row, of: variant, in: trials)
        return candidates.flatMap(\.values).map(\.path).distinct.flatMap { path -> [TuningCurve] in
            let numbers = candidates.compactMap { candidate -> (value: Double, others: [ChosenValue], estimate: Estimate?)? in
                guard let text = candidate.values.first(where: { $0.path == path })?.value, let value = Double(text), value.isFinite else {
                    return nil
                }
                return (value, candidate.values.filter { $0.path != path }, candidate.estimate)
            }
            guard Set(numbers.map(\.value)).count > 1 else { return [] }
            let settings = numbers.map(\.others).distinct
            func points(_ numbers: [(value: Double, others: [ChosenValue], estimate: Estimate?)]) -> [SensitivityCurve.Point] {
                numbers.sorted { $0.value < $1.value }.map { .init(value: $0.value, estimate: $0.estimate) }
            }
            let isGrid = settings.allSatisfy { others in Set(numbers.filter { $0.others == others }.map(\.value)).count > 1 }
            guard isGrid, settings.count <= mostSettings else {
                return [TuningCurve(row: row, path: path, others: [], points: points(numbers), isLine: false)]
            }
            return settings.map { others in
                TuningCurve(row: row, path: path, others: others, points: points(numbers.filter { $0.others == others }), isLine: true)
            }
        }
    }

    /// Every setting that was tried, with the scores of all cells. The seeds of a cell share their rehearsals and count once.
    private static func candidates(
        row: String, of variant: VariantSettings, in trials: TrialSet
    ) -> [(values: [ChosenValue], estimate: Estimate?)] {
        var values: [[ChosenValue]] = []
        var scores: [[ChosenValue]: [Double]] = [:]
        for (repetition, target) in variant.repetitions.flatMap({ repetition in variant.targets.map { (repetition, $0) } }) {
            let results = variant.seeds.lazy.compactMap { seed in
                trials[variant.key(row: row, target: target, seed: seed, repetition: repetition)]
            }
            // The curve shows the score, also where a rule goes by something else.
            for candidate in results.filter({ ($0.choice?.unit ?? .score) == .score }).compactMap(\.candidates).first ?? [] {
                if scores[candidate.values] == nil { values.append(candidate.values) }
                scores[candidate.values, default: []] += candidate.score.map { $0.isFinite ? [$0] : [] } ?? []
            }
        }
        return values.map { ($0, Estimate(scores[$0] ?? [])) }
    }
}
