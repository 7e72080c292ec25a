import Foundation
import Reports
import Results
import Statistics
import Studies

/// How many seeds it takes to know a difference of a given size, by how much differences spread from seed to seed.
struct DifferenceCost: Encodable {
    /// The setting of the sweep; empty where there is only one.
    let variant: [String: String]
    /// The row whose spread was measured; nil for a spread that is supposed.
    let row: String?
    /// In the unit of the score's differences, as the others.
    let difference: Double
    let deviation: Double
    /// Seeds that the spread was measured on.
    let measured: Int
    /// Nil where it is more than the study trains at most, or more than a thousand.
    let seeds: Int?
    /// Seconds that all rows take with so many seeds, as far as the estimate goes.
    let seconds: Double?
    let text: String

    /// What differences of each row cost, from what a run folder holds; supposed spreads where it holds too little.
    ///
    /// - Parameters:
    ///   - difference: as the score is written; that of the recipe's seeds where it is nil.
    ///   - seconds: what the whole study takes.
    static func all(of settings: RunSettings, difference: Double?, in folder: RunFolder, seconds: Double?) -> [DifferenceCost] {
        settings.variants.flatMap { variant -> [DifferenceCost] in
            guard let baseline = variant.baseline, variant.rows.count > 1 else { return [] }
            guard let size = difference.map({ $0 / variant.score.factor }) ?? variant.design?.reach else { return [] }
            let store = RunStore(folder)
            let looked = variant.design ?? SeedDesign(baseline: baseline, reach: size, looks: [variant.seeds.count])
            let keys = variant.keys.filter { $0.seed == variant.seeds.first }
            let found = looked.differences(of: keys, seeds: variant.seeds) { try? store.outline(at: folder.result($0)) }
            let share = seconds.map { $0 * Double(variant.trialCount) / Double(max(settings.trialCount, 1)) / Double(max(variant.seeds.count, 1)) }
            func cost(_ row: String?, _ deviation: Double, measured: Int) -> DifferenceCost {
                let seeds = Self.seeds(for: size, deviation: deviation, design: variant.design)
                return DifferenceCost(
                    variant: variant.assignment, row: row, difference: size * variant.score.factor, deviation: deviation * variant.score.factor,
                    measured: measured, seeds: seeds, seconds: seeds.flatMap { count in share.map { $0 * Double(count) } },
                    text: Self.text(variant, row, size, deviation, measured, seeds, share))
            }
            let measured = zip(found.rows, found.values).compactMap { row, values -> DifferenceCost? in
                let known = values.compactMap(\.self)
                return known.count > 2 ? known.deviation.map { cost(row, $0, measured: known.count) } : nil
            }
            return measured.isEmpty ? [0.5, 1, 2].map { cost(nil, $0 * size, measured: 0) } : measured
        }
    }

    /// By looks, the first at which the interval is narrow enough; by a list, the fewest that find such a difference with a probability of 80 %.
    private static func seeds(for difference: Double, deviation: Double, design: SeedDesign?) -> Int? {
        if let design {
            let spending = SpendingDesign(looks: design.looks)
            return spending.look(forDeviation: deviation, reach: difference).map { design.looks[$0] }
        }
        // The power grows with the seeds.
        var (low, high) = (1, 1001)
        while high - low > 1 {
            let middle = (low + high) / 2
            let isEnough = DetectableEffect.standardized(pairs: middle).map { $0 * deviation <= difference } ?? false
            (low, high) = isEnough ? (low, middle) : (middle, high)
        }
        return high > 1000 ? nil : high
    }

    private static func text(
        _ variant: VariantSettings, _ row: String?, _ difference: Double, _ deviation: Double, _ measured: Int, _ seeds: Int?, _ share: Double?
    ) -> String {
        let score = variant.score
        let place = TrialKey.phrases(of: variant.assignment).map { "\($0), " }.joined()
        let spread = "a spread of \(score.text(deviation)) from seed to seed"
        let source = row.map { "\($0), \(spread) over \(NumberText.count(measured, "seed"))" } ?? "with \(spread)"
        let limit = variant.design.map { "more than the \($0.most) that are trained at most" } ?? "more than 1000"
        let time = seeds.flatMap { count in share.map { ", about \(NumberText.duration($0 * Double(count))) for all rows" } } ?? ""
        let what = variant.design == nil ? "to detect a difference of \(score.text(difference))" : "to know the difference to ± \(score.text(difference))"
        return "\(what): \(place)\(source): " + (seeds.map { "\(NumberText.count($0, "seed"))\(time)" } ?? limit)
    }
}
