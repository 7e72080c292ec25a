import Results
import Statistics

/// One cell: what was estimated, and how much of what was planned it rests on.
package struct ReportCell: Hashable, Sendable {
    /// Mean and spread of the finished units; nil when none finished.
    package let estimate: Estimate?
    /// Units planned: (seed, repetition) pairs.
    package let planned: Int
    /// Units lost to a failed trial. The rest of what is missing was not run, or measured nothing.
    package let failed: Int
    /// Units lost because the figure of a finished trial is not a number.
    package let notFinite: Int
    /// Whether all units have the best possible figure, or all the worst, so that no row could have
    /// been better, or worse.
    package let isSaturated: Bool

    package init(estimate: Estimate?, planned: Int, failed: Int, notFinite: Int = 0, isSaturated: Bool = false) {
        self.estimate = estimate
        self.planned = planned
        self.failed = failed
        self.notFinite = notFinite
        self.isSaturated = isSaturated
    }

    /// Units that the estimate rests on.
    package var count: Int { estimate?.count ?? 0 }
    package var isComplete: Bool { count == planned }
}

/// How far a row lies above the baseline.
package struct ReportDifference: Hashable, Sendable {
    /// Nil when no pair of finished trials exists.
    package let difference: PairedDifference?
    /// Pairs planned: seeds × repetitions × targets.
    package let planned: Int
    /// Pairs of which one trial failed.
    package let failed: Int

    package var isComplete: Bool { (difference?.pairs ?? 0) == planned }
}

/// One row of a table.
package struct ReportRow: Hashable, Sendable {
    package let name: String
    /// One cell per target, in the table's order: over seeds and repetitions.
    package let cells: [ReportCell]
    /// Over seeds and repetitions, of the mean over targets; only those (seed, repetition) pairs count
    /// of which every target finished, since a mean over fewer targets is another quantity.
    package let average: ReportCell
    /// Nil for the baseline itself, and where there is none.
    package let difference: ReportDifference?
}

/// Rows × targets of one measure and one variant, as numbers.
package struct ReportTable: Hashable, Sendable {
    package let measure: Measure
    /// What the figures are.
    package let score: ScoreDescription
    package let variant: [String: String]
    package let baseline: String?
    package let targets: [String]
    package let rows: [ReportRow]

    package init(_ measure: Measure, of variant: VariantSettings, in trials: TrialSet) {
        score = if case .other(let other) = measure { other } else { variant.score }
        let tabulation = Tabulation(measure: measure, score: score, variant: variant, trials: trials)
        self.measure = measure
        self.variant = variant.assignment
        baseline = variant.baseline
        targets = variant.targets
        rows = variant.rows.map(tabulation.row)
    }

    /// The row of a name; nil where the variant has none.
    package func row(_ name: String) -> ReportRow? { rows.first { $0.name == name } }
}

/// The arithmetic of one table.
private struct Tabulation {
    let measure: Measure
    let score: ScoreDescription
    let variant: VariantSettings
    let trials: TrialSet

    /// What varies between the values that one cell averages.
    private struct Unit {
        let seed: Int
        let repetition: [String: String]
    }

    private var units: [Unit] {
        variant.repetitions.flatMap { repetition in
            variant.seeds.map { Unit(seed: $0, repetition: repetition) }
        }
    }

    func row(_ name: String) -> ReportRow {
        let isCompared = variant.baseline != nil && variant.baseline != name
        return ReportRow(
            name: name,
            cells: variant.targets.map { target in cell(of: units.map { [result(row: name, target: target, unit: $0)] }) },
            average: cell(of: units.map { unit in variant.targets.map { result(row: name, target: $0, unit: unit) } }),
            difference: isCompared ? variant.baseline.map { difference(row: name, baseline: $0) } : nil)
    }

    /// - Parameter results: for every unit, the trials whose mean is its value; the unit counts where all of them have one.
    private func cell(of results: [[TrialResult?]]) -> ReportCell {
        let means = results.compactMap { trials -> Double? in
            let values = trials.compactMap(value)
            return values.count == trials.count ? values.mean : nil
        }
        return ReportCell(
            estimate: Estimate(means), planned: results.count, failed: results.count { $0.contains(where: hasFailed) },
            notFinite: results.count { $0.contains { $0.map(measure.isNotFinite) ?? false } },
            isSaturated: means.first.map { first in score.isAtBound(first) && means.allSatisfy { $0 == first } } ?? false)
    }

    private func difference(row: String, baseline: String) -> ReportDifference {
        let groups = trials.units(of: [row, baseline], in: variant) { match -> Double? in
            guard let ours = value(match[0]), let theirs = value(match[1]) else { return nil }
            return ours - theirs
        }
        return ReportDifference(
            difference: PairedDifference(groups: groups), planned: units.count * variant.targets.count,
            failed: trials.matches(of: [row, baseline], in: variant).count { $0.contains(where: hasFailed) })
    }

    private func result(row: String, target: String, unit: Unit) -> TrialResult? {
        trials[variant.key(row: row, target: target, seed: unit.seed, repetition: unit.repetition)]
    }

    private func value(_ result: TrialResult?) -> Double? { result.flatMap(measure.value) }
    private func hasFailed(_ result: TrialResult?) -> Bool { result.map { !$0.isFinished } ?? false }
}
