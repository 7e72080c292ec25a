import Results

/// One cell: what was estimated, and how much of what was planned it rests on.
package struct ReportCell: Hashable, Sendable {
    /// Mean and spread of the finished units, as fractions; nil when none finished.
    package let estimate: Estimate?
    /// Units planned: (seed, repetition) pairs.
    package let planned: Int
    /// Units lost to a failed trial. The rest of what is missing was not run.
    package let failed: Int

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
    /// One cell a target, in the settings' order: over seeds and repetitions.
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
    package let variant: [String: String]
    package let targets: [String]
    package let rows: [ReportRow]

    package init(_ measure: Measure, variant: [String: String], of trials: TrialSet) {
        let tabulation = Tabulation(measure: measure, variant: variant, trials: trials)
        self.measure = measure
        self.variant = variant
        targets = trials.settings.targets
        rows = trials.settings.rows.map(tabulation.row)
    }
}

/// The arithmetic of one table.
private struct Tabulation {
    let measure: Measure
    let variant: [String: String]
    let trials: TrialSet

    private var settings: RunSettings { trials.settings }

    /// What varies between the values that one cell averages.
    private struct Unit {
        let seed: Int
        let repetition: [String: String]
    }

    private var units: [Unit] {
        settings.repetitions.flatMap { repetition in
            settings.seeds.map { Unit(seed: $0, repetition: repetition) }
        }
    }

    func row(_ name: String) -> ReportRow {
        let isCompared = settings.baseline != nil && settings.baseline != name
        return ReportRow(
            name: name,
            cells: settings.targets.map { cell(row: name, target: $0) },
            average: average(row: name),
            difference: isCompared ? settings.baseline.map { difference(row: name, baseline: $0) } : nil)
    }

    private func cell(row: String, target: String) -> ReportCell {
        let results = units.map { result(row: row, target: target, unit: $0) }
        return ReportCell(
            estimate: Estimate(results.compactMap(value)),
            planned: units.count,
            failed: results.count(where: hasFailed))
    }

    private func average(row: String) -> ReportCell {
        let results = units.map { unit in settings.targets.map { result(row: row, target: $0, unit: unit) } }
        let means = results.compactMap { targets -> Double? in
            let values = targets.compactMap(value)
            return values.count == targets.count ? Statistics.mean(values) : nil
        }
        return ReportCell(
            estimate: Estimate(means),
            planned: units.count,
            failed: results.count { $0.contains(where: hasFailed) })
    }

    private func difference(row: String, baseline: String) -> ReportDifference {
        var failed = 0
        let groups = trials.groups { seed, target, repetition -> Double? in
            let unit = Unit(seed: seed, repetition: repetition)
            let ours = result(row: row, target: target, unit: unit)
            let theirs = result(row: baseline, target: target, unit: unit)
            if hasFailed(ours) || hasFailed(theirs) { failed += 1 }
            guard let ours = value(ours), let theirs = value(theirs) else { return nil }
            return ours - theirs
        }
        return ReportDifference(
            difference: PairedDifference(groups: groups), planned: units.count * settings.targets.count, failed: failed)
    }

    private func result(row: String, target: String, unit: Unit) -> TrialResult? {
        trials[
            TrialKey(row: row, target: target, seed: unit.seed, variant: variant, repetition: unit.repetition)]
    }

    private func value(_ result: TrialResult?) -> Double? { result.flatMap(measure.value) }
    private func hasFailed(_ result: TrialResult?) -> Bool { result.map { !$0.isFinished } ?? false }
}
