import Results

/// The outcome of one variant of a run.
package struct VariantReport: Hashable, Sendable {
    package let variant: [String: String]
    /// Target accuracy at the selected epoch: the result.
    package let accuracy: ReportTable
    /// Best epoch on the target: for reference only.
    package let oracle: ReportTable
    package let last: ReportTable
    package let sourceValidation: ReportTable
    /// Cost and tuned values, one entry a row.
    package let usage: [RowUsage]
    /// How each row's accuracy compares with the baseline's. The other tables are not tested: they are no results.
    package let comparisons: [RowComparison]
    /// What a step takes; empty where no trial measured it.
    package let costs: [RowCost]
    /// Nil unless the rows are all combinations of two or more regularizers.
    package let factorial: FactorialFindings?
    /// Figures from elsewhere beside ours.
    package let expectations: [ExpectationCheck]
    /// By quantity, then by row.
    package let curves: [[LearningCurve]]
    /// What the choice of tuned numbers rests on, by row.
    package let tuning: [TuningCurve]
    /// What was measured of the trained models.
    package let measured: [MeasuredFindings]

    fileprivate init(variant: [String: String], of trials: TrialSet, measurements: [TrialKey: [MeasurementRecord]]) {
        self.variant = variant
        accuracy = ReportTable(.accuracy, variant: variant, of: trials)
        oracle = ReportTable(.oracle, variant: variant, of: trials)
        last = ReportTable(.last, variant: variant, of: trials)
        sourceValidation = ReportTable(.sourceValidation, variant: variant, of: trials)
        usage = trials.settings.rows.map { RowUsage(row: $0, variant: variant, of: trials) }
        comparisons = RowComparison.comparisons(in: accuracy)
        costs = RowCost.costs(variant: variant, of: trials)
        factorial = FactorialFindings(.accuracy, variant: variant, of: trials)
        expectations = ExpectationCheck.checks(of: trials.settings.expected?.figures(of: variant) ?? [:], in: accuracy)
        curves = LearningCurve.curves(variant: variant, of: trials)
        measured = MeasuredFindings.all(variant: variant, of: trials, records: measurements)
        tuning = trials.settings.rows.flatMap { TuningCurve.curves(row: $0, variant: variant, of: trials) }
    }

    package var tables: [ReportTable] { [accuracy, oracle, last, sourceValidation] }
}

/// A run's results as numbers, ready to be printed.
///
/// It is a function of its inputs alone: the order of the results does not matter, the order of the
/// settings decides every order in the report.
package struct Report: Hashable, Sendable {
    package let settings: RunSettings
    /// One entry for every setting of the sweep, or one in all.
    package let variants: [VariantReport]
    /// Failed trials in the plan's order.
    package let failures: [TrialResult]
    package let plannedCount: Int
    /// Planned trials without a result.
    package let missingCount: Int
    /// Results that belong to no planned trial, and that no figure contains.
    package let strangerCount: Int
    /// How media files were read, row by row; empty where none were.
    package let loading: [RowLoading]
    /// What was measured of each trial's model.
    package let measurements: [TrialKey: [MeasurementRecord]]

    /// - Parameter measurements: what was measured of each trial's model, where anything was.
    /// - Throws: `ReportFault` when two results claim the same trial, or when the baseline is no row.
    package init(
        results: [TrialResult], settings: RunSettings, measurements: [TrialKey: [MeasurementRecord]] = [:]
    ) throws(ReportFault) {
        let trials = try TrialSet(results, settings: settings)
        self.settings = settings
        variants = settings.variants.map { VariantReport(variant: $0, of: trials, measurements: measurements) }
        self.measurements = measurements
        failures = trials.failures
        plannedCount = settings.keys.count
        missingCount = trials.missingCount
        strangerCount = trials.strangers.count
        loading = RowLoading.all(of: trials)
    }

    package var finishedCount: Int { plannedCount - missingCount - failures.count }
    /// Curves over swept numbers; empty without a sweep.
    package var sensitivities: [Sensitivity] { Sensitivity.all(of: variants, dials: variantDials) }

    /// Whether there is more than one variant to compare.
    package var isSweep: Bool { variants.count > 1 }

    /// `data.rel = 0.9, data.inv = 1`, in the order of the dials; empty without a sweep.
    package func label(of variant: [String: String]) -> String {
        dials(of: variant).map { "\($0.path) = \($0.value)" }.joined(separator: ", ")
    }

    /// Every dial that some variant sets, the settings' first.
    var variantDials: [String] {
        var seen: Set<String> = []
        return variants.flatMap { dials(of: $0.variant).map(\.path) }.filter { seen.insert($0).inserted }
    }

    /// A variant's values, first in the order of the settings' dials, then those that they do not list.
    func dials(of variant: [String: String]) -> [(path: String, value: String)] {
        let others = variant.keys.filter { !settings.dials.contains($0) }.sorted()
        return (settings.dials + others).compactMap { path in variant[path].map { (path, $0) } }
    }
}
