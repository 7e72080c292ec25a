import Results
import Selection

/// The outcome of one variant of a run.
package struct VariantReport: Hashable, Sendable {
    /// What was planned.
    package let settings: VariantSettings
    /// The task's first score on the target at the selected epoch: the result.
    package let score: ReportTable
    /// Best epoch on the target: for reference only.
    package let oracle: ReportTable
    package let last: ReportTable
    package let sourceValidation: ReportTable
    /// The task's other scores on the target at the selected epoch; empty where it has one score.
    package let others: [ReportTable]
    /// Cost and tuned values, one entry per row.
    package let usage: [RowUsage]
    /// What a reader must know about each row's figures, one entry per row.
    package let caveats: [RowCaveats]
    /// How each row's score compares with the baseline's. The other tables are not tested, because they
    /// are not results.
    package let comparisons: [RowComparison]
    /// What a step takes; empty where no trial measured it.
    package let costs: [RowCost]
    /// Nil unless the rows are all combinations of two or more regularizers.
    package let factorial: FactorialFindings?
    /// Expected figures from elsewhere, each compared with ours.
    package let expectations: [ExpectationCheck]
    /// The same for what was measured of the trained models.
    package let measuredExpectations: [MeasuredExpectationCheck]
    /// What developed over the epochs, by quantity, then by row.
    package let curves: [[LearningCurve]]
    /// What the choice of tuned numbers rests on, by row.
    package let tuning: [TuningCurve]
    /// What was measured of the trained models.
    package let measured: [MeasuredFindings]
    /// What measuring them took; nil where nothing was measured.
    package let measuringTime: MeasuringTime?
    /// How the number of seeds was decided, in a study that decides it in stages.
    package let seedStop: SeedStop?
    /// The scores of each modality alone and of recombined pairs on source validation; empty where they
    /// were not measured.
    package let diagnostics: [ReportTable]
    /// How well selection rules choose; empty unless the target was measured for the candidates that
    /// were not chosen.
    package let choices: [ChoiceFindings]
    /// Rows at every setting of their tuned values.
    package let strengths: [String: [CandidateFigures]]
    /// What a reader must know about how tuned values were chosen.
    package let choiceCaveats: [ChoiceCaveats]
    /// The rules that are compared.
    let rules: [SelectionRule]

    fileprivate init(
        _ settings: VariantSettings, in trials: TrialSet, measurements: [TrialKey: [MeasurementRecord]], comparing rules: [SelectionRule]?
    ) {
        self.settings = settings
        score = ReportTable(.score, of: settings, in: trials)
        oracle = ReportTable(.oracle, of: settings, in: trials)
        last = ReportTable(.last, of: settings, in: trials)
        sourceValidation = ReportTable(.sourceValidation, of: settings, in: trials)
        others = settings.scores.dropFirst().map { ReportTable(.other($0), of: settings, in: trials) }
        usage = settings.rows.map { RowUsage(row: $0, of: settings, in: trials) }
        caveats = RowCaveats.all(of: settings, in: trials)
        comparisons = RowComparison.comparisons(in: score)
        costs = RowCost.costs(of: settings, in: trials)
        factorial = FactorialFindings(.score, of: settings, in: trials)
        expectations = ExpectationCheck.checks(of: trials.settings.expected?.figures(of: settings.assignment) ?? [:], in: score)
        curves = LearningCurve.curves(of: settings, in: trials)
        seedStop = SeedStop(of: settings, in: trials)
        measured = MeasuredFindings.all(of: settings, in: trials, records: measurements)
        measuringTime = MeasuringTime(of: settings, in: trials, records: measurements)
        measuredExpectations = MeasuredExpectationCheck.checks(of: trials.settings.expected?.measured(of: settings.assignment) ?? [], in: measured)
        tuning = settings.rows.flatMap { TuningCurve.curves(row: $0, of: settings, in: trials) }
        diagnostics = [Measure.silenced, .recombined].map { ReportTable($0, of: settings, in: trials) }
            .filter { table in table.rows.contains { $0.average.estimate != nil } }
        let compared = rules ?? ChoiceFindings.standardRules
        self.rules = compared
        choices = ChoiceFindings.all(of: settings, in: trials, rules: compared, subjects: rules == nil ? [.values] : ChoiceFindings.Subject.allCases)
        strengths = Dictionary(
            uniqueKeysWithValues: settings.rows.map { ($0, CandidateFigures.all(row: $0, of: settings, in: trials, rules: compared)) }
        ).filter { !$0.value.isEmpty }
        choiceCaveats = ChoiceCaveats.all(of: settings, in: trials)
    }

    /// What the sweep sets, recipe path to value; empty without a sweep.
    package var variant: [String: String] { settings.assignment }

    /// One table per measure, the result first.
    package var tables: [ReportTable] { [score, oracle, last, sourceValidation] + diagnostics + others }
}

/// The outcome of a run as numbers: what every rendering shows.
package struct Report: Hashable, Sendable {
    package let settings: RunSettings
    /// One entry per variant, in the settings' order; a single one without a sweep.
    package let variants: [VariantReport]
    /// Failed trials, in the plan's order.
    package let failures: [TrialResult]
    package let plannedCount: Int
    /// Trials that were planned and have no result.
    package let missingCount: Int
    /// Results in the run folder that no table shows, by their paths in it.
    package let stray: [String]
    /// How media files were read, row by row; empty where none were.
    package let loading: [RowLoading]
    /// When the trials were trained; nil where no result says it.
    package let span: TrainingSpan?
    /// What was measured of each trial's model.
    package let measurements: [TrialKey: [MeasurementRecord]]
    /// The verdicts over several data sets, one for each rule that the study chooses by; empty where it has one data set.
    package let verdicts: [Verdict]
    /// What was declared before training, and who has looked at target figures.
    package let provenance: StudyProvenance
    /// Trials that had begun before the study was registered; nil where it was not.
    package let trainedBefore: Int?
    /// Whether every cell is planned to have a single value, which has no standard deviation.
    let hasOneSeed: Bool
    /// The results, each in its place.
    private let trials: TrialSet
    /// How each row is drawn.
    let styles: [String: Int]

    /// - Parameters:
    ///   - stray: paths of results that the run folder holds and the settings do not plan.
    ///   - measurements: what was measured of each trial's model, where anything was.
    ///   - provenance: what was declared beforehand, and who looked.
    ///   - rules: the selection rules to compare on every kind of choice; the others are compared with
    ///     the first. Nil compares those that come with Regulus, on tuned values alone.
    /// - Throws: `ReportFault` when two results claim the same trial, when a result belongs to no
    ///   planned trial, or when a baseline is not among the rows.
    package init(
        results: [TrialResult], settings: RunSettings, stray: [String] = [], measurements: [TrialKey: [MeasurementRecord]] = [:],
        provenance: StudyProvenance = StudyProvenance(), comparing rules: [SelectionRule]? = nil
    ) throws(ReportFault) {
        // Seeds that a look has made unneeded are not part of the report.
        let planned = settings
        let settings = SeedStop.trimmed(settings, to: results)
        let unneeded = settings == planned ? [] : Set(planned.keys).subtracting(settings.keys)
        let results = unneeded.isEmpty ? results : results.filter { !unneeded.contains($0.key) }
        let trials = try TrialSet(results, settings: settings)
        self.settings = settings
        self.stray = stray
        variants = settings.variants.map { VariantReport($0, in: trials, measurements: measurements, comparing: rules) }
        hasOneSeed = settings.variants.allSatisfy { $0.seeds.count == 1 && $0.repetitions.count == 1 && $0.design == nil }
        self.trials = trials
        styles = Self.styles(of: settings)
        verdicts = Verdict.all(of: Self.verdictSettings(variants, in: trials))
        self.measurements = measurements
        self.provenance = provenance
        trainedBefore = provenance.registration?.entries.first.map { entry in
            results.count { ($0.times?.started).map { $0.isFinite && $0 < entry.time } ?? false }
        }
        failures = trials.failures
        plannedCount = settings.trialCount
        missingCount = trials.missingCount
        loading = RowLoading.all(of: trials)
        span = TrainingSpan(results)
    }

    package var finishedCount: Int { plannedCount - missingCount - failures.count }
    /// Curves over swept numbers; empty without a sweep.
    package var sensitivities: [Sensitivity] { Sensitivity.all(of: variants, dials: variantDials) }

    /// Whether there is more than one variant to compare.
    package var isSweep: Bool { variants.count > 1 }

    /// Whether a sweep has more rows than a table can hold side by side, and more of them than variants.
    var hasManyRows: Bool { isSweep && settings.rows.count > 8 && settings.rows.count > variants.count }

    /// `data.rel = 0.9, data.inv = 1`, in the order of the dials, a named set of values by its name
    /// alone; empty without a sweep.
    package func label(of variant: [String: String]) -> String {
        dials(of: variant).map(VariantSettings.phrase).joined(separator: ", ")
    }

    /// Every dial that some variant sets, the settings' first.
    var variantDials: [String] { variants.flatMap { dials(of: $0.variant).map(\.path) }.distinct }

    private static func verdictSettings(_ variants: [VariantReport], in trials: TrialSet, prefix: String = "") -> [Verdict.Setting] {
        variants.map { variant in
            func label(_ isIncluded: (String) -> Bool) -> String {
                trials.settings.dials.filter(isIncluded).compactMap { path in variant.variant[path].map { VariantSettings.phrase(path, $0) } }
                    .joined(separator: ", ")
            }
            let setting = label { !VariantSettings.ruleDials.contains($0) }
            return Verdict.Setting(
                name: prefix.isEmpty ? setting : setting.isEmpty ? prefix : "\(prefix): \(setting)", dataset: variant.settings.dataset,
                rule: label(VariantSettings.ruleDials.contains), variant: variant.settings, score: variant.score, trials: trials)
        }
    }

    /// What several runs say together; empty where they have one data set, or no score and baseline in common.
    package static func verdicts(over reports: [Report]) -> [Verdict] {
        Verdict.all(of: reports.flatMap { verdictSettings($0.variants, in: $0.trials, prefix: $0.settings.recipe) })
    }

    /// A variant's values, first in the order of the settings' dials, then those that they do not list.
    func dials(of variant: [String: String]) -> [(path: String, value: String)] {
        let others = variant.keys.filter { !settings.dials.contains($0) }.sorted()
        return (settings.dials + others).compactMap { path in variant[path].map { (path, $0) } }
    }
}

/// When the trials of a run were trained, over all machines and interruptions.
package struct TrainingSpan: Hashable, Sendable {
    /// Seconds since 1970 (UTC).
    package let first: Double
    package let last: Double
    /// Seconds of wall time that the trainings took, added up: those that ran side by side count each.
    package let seconds: Double
    /// How many trials say when they were trained.
    package let trials: Int

    /// Nil where no result says when it was trained.
    init?(_ results: [TrialResult]) {
        let timed = results.compactMap { result in result.times.map { (result, $0) } }.filter { $0.1.started.isFinite }
        guard let first = timed.map(\.1.started).min() else { return nil }
        self.first = first
        last = timed.map { $0.1.epochs.last { $0.isFinite } ?? $0.1.started }.max() ?? first
        // Added in order of size, so that the order of the results does not change a digit.
        seconds = TrialResult.oncePerTraining(timed.map(\.0)).map(\.seconds).filter(\.isFinite).sorted().reduce(0, +)
        trials = timed.count
    }
}

// MARK: Warnings

extension Report {
    /// Warnings about figures that do not mean what they seem to, one sentence each, for the reader of
    /// the table and for the end of a run.
    package var warnings: [String] {
        variants.flatMap { variant -> [String] in
            let place = isSweep ? " (\(label(of: variant.variant)))" : ""
            return variant.caveats.flatMap { caveats -> [String] in
                var sentences: [String] = []
                if caveats.isBaseline, let baseline = variant.settings.baseline {
                    sentences.append(
                        "\(caveats.row)\(place) trained exactly as \(baseline) did in all \(NumberText.count(caveats.pairs, "trial")): every "
                            + "loss and \(variant.settings.score.title) on source validation and target is the same, bit for bit. What the row adds had no effect."
                    )
                }
                for effect in caveats.idle {
                    let finding = effect.finding.isEmpty ? "" : ": \(effect.finding)"
                    sentences.append("In \(caveats.row)\(place), \(effect.term) changed nothing in any trial\(finding).")
                }
                if caveats.nonFinitePredictions > 0 {
                    let consequence = caveats.leavesScoreUndefined ? "; the \(variant.settings.score.title) cannot be computed there." : " and count as wrong."
                    sentences.append(
                        "\(caveats.row)\(place): \(NumberText.count(caveats.nonFinitePredictions, "prediction")) on targets are not finite"
                            + consequence)
                }
                for undefined in caveats.undefinedScores {
                    let title = variant.settings.scores.first { $0.name == undefined.name }?.title ?? undefined.name
                    sentences.append("\(caveats.row)\(place): in some trials the \(title) on the target cannot be computed because \(undefined.reason).")
                }
                return sentences
            } + variant.choiceCaveats.flatMap(\.sentences).map { isSweep ? "\(label(of: variant.variant)): \($0)" : $0 }
        }
    }
}
