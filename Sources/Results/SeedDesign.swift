/// How a study decides how many seeds it trains: in stages, until every row's difference to the baseline is known well enough.
///
/// All of it is declared before the first result. What is looked at are the results of the first `looks[j]` seeds, complete, in whichever
/// order they were trained: so the decision is the same for every worker on a folder, and after every interruption.
package struct SeedDesign: Hashable, Codable, Sendable {
    /// The row that the others are compared with.
    package var baseline: String
    /// How far an interval may reach to either side of the difference, as the score is recorded: 0.01 for one percentage point.
    package var reach: Double
    /// Numbers of seeds after which it is decided, rising, each 2 or more.
    package var looks: [Int]

    package init(baseline: String, reach: Double, looks: [Int]) {
        self.baseline = baseline
        self.reach = reach
        self.looks = looks
    }

    /// The most seeds.
    package var most: Int { looks.last ?? 0 }

    /// Whether the looks rise from two seeds to as many as there are.
    package func isPossible(of seeds: Int) -> Bool {
        (looks.first ?? 0) > 1 && zip(looks, looks.dropFirst()).allSatisfy { $0 < $1 } && most == seeds && reach > 0 && reach.isFinite
    }

    /// What rows differ from the baseline by, seed by seed.
    package struct Differences: Hashable, Sendable {
        /// All rows but the baseline.
        package var rows: [String] = []
        /// For each row one value per seed: the mean over targets and repetitions, nil where a trial
        /// failed or gave no number.
        package var values: [[Double?]] = []
        /// How many seeds are complete, from the first on without a gap.
        package var seeds = 0
    }

    /// - Parameters:
    ///   - keys: a trial of every row, target and repetition, of any seed.
    ///   - seeds: in the order in which they are trained.
    ///   - result: what a trial led to; nil while it has not ended.
    package func differences(of keys: [TrialKey], seeds: [Int], result: (TrialKey) -> TrialOutline?) -> Differences {
        struct Column: Hashable {
            let target: String
            let repetition: [String: String]
        }
        let rows = Dictionary(grouping: keys, by: \.row)
        var differences = Differences()
        differences.rows = keys.map(\.row).filter { $0 != baseline }.distinct
        differences.values = differences.rows.map { _ in [] }
        for seed in seeds {
            func columns(of row: String) -> [Column: TrialOutline]? {
                var found: [Column: TrialOutline] = [:]
                for key in rows[row] ?? [] {
                    var key = key
                    key.seed = seed
                    guard let ended = result(key) else { return nil }
                    found[Column(target: key.target, repetition: key.repetition)] = ended
                }
                return found
            }
            func score(_ result: TrialOutline?) -> Double? {
                result.flatMap { $0.isFinished ? $0.targetScore : nil }.flatMap { $0.isFinite ? $0 : nil }
            }
            guard let theirs = columns(of: baseline) else { break }
            let ours = differences.rows.map { columns(of: $0) }
            guard ours.allSatisfy({ $0 != nil }) else { break }
            for (row, found) in ours.enumerated() {
                // In a fixed order, so that the sum is the same to the bit.
                let columns = (rows[differences.rows[row]] ?? []).map { Column(target: $0.target, repetition: $0.repetition) }
                let gains = columns.compactMap { column -> Double? in
                    guard let own = score(found?[column]), let other = score(theirs[column]) else { return nil }
                    return own - other
                }
                let isWhole = gains.count == columns.count && !gains.isEmpty
                differences.values[row].append(isWhole ? gains.reduce(0, +) / Double(gains.count) : nil)
            }
            differences.seeds += 1
        }
        return differences
    }
}

extension RunSettings {
    /// The settings with fewer seeds in those variants that decide in stages how many they train.
    ///
    /// - Parameters:
    ///   - results: what trials have led to so far.
    ///   - count: how many of a variant's seeds are kept, the first ones; nil for all of them.
    package func keepingSeeds(
        by results: [TrialOutline], _ count: (_ variant: VariantSettings, _ design: SeedDesign, _ result: (TrialKey) -> TrialOutline?) -> Int?
    ) -> RunSettings {
        guard variants.contains(where: { $0.design != nil }) else { return self }
        let known = Dictionary(results.map { ($0.key, $0) }) { first, _ in first }
        var settings = self
        for (index, variant) in variants.enumerated() {
            guard let design = variant.design, let kept = count(variant, design, { known[$0] }) else { continue }
            settings.variants[index].seeds = Array(variant.seeds.prefix(kept))
        }
        return settings
    }
}
