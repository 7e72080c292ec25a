import Results
import Statistics

/// A figure of a trial that can fill the cells of a table.
package enum Measure: Hashable, Sendable {
    /// The task's first score on the target at the epoch that the selection rule chose: the result.
    case score
    /// The best score over the epochs: not a valid selection, since it looks at the target.
    case oracle
    /// The score after the last epoch.
    case last
    /// The score on source validation data at the selected epoch.
    case sourceValidation
    /// The mean over modalities of the score of each alone, on source validation data at the selected
    /// epoch.
    case silenced
    /// The score on recombined pairs of source validation data at the selected epoch.
    case recombined
    /// Another of the task's scores on the target at the selected epoch.
    case other(ScoreDescription)

    /// What it is called in files of values.
    package func name(of score: ScoreDescription) -> String {
        switch self {
        case .score: score.name
        case .oracle: "oracle"
        case .last: "last"
        case .sourceValidation: "source-validation"
        case .silenced: "silenced-modality"
        case .recombined: "recombined"
        case .other(let score): score.name
        }
    }

    /// What a column of it is headed.
    package func title(of score: ScoreDescription) -> String {
        switch self {
        case .score: score.subject
        case .other(let score): score.subject
        case .oracle: "Target, best epoch"
        case .last: "Target, last epoch"
        case .sourceValidation: "Source validation"
        case .silenced: "One modality alone"
        case .recombined: "Recombined"
        }
    }

    /// What the trial recorded, finite or not; nil for a failed trial or one that did not measure it.
    private func recorded(in result: TrialResult) -> Double? {
        guard result.isFinished else { return nil }
        return switch self {
        case .score: result.targetScore
        case .other(let score): result.selected?.otherTargetScores[score.name]
        case .oracle: result.oracleScore
        case .last: result.lastScore
        case .sourceValidation: result.sourceValidationScore
        case .silenced: result.selected?.sourceScores?.silenced
        case .recombined: result.selected?.sourceScores?.recombined
        }
    }

    /// The figure; nil for a failed trial, one that did not measure it, and one whose figure is not finite.
    package func value(of result: TrialResult) -> Double? {
        recorded(in: result).flatMap { $0.isFinite ? $0 : nil }
    }

    /// Whether the trial finished with a figure that is not a number.
    package func isNotFinite(in result: TrialResult) -> Bool {
        recorded(in: result).map { !$0.isFinite } ?? false
    }
}

/// The results of a run, each in the place that the settings planned for it.
package struct TrialSet: Hashable, Sendable {
    package let settings: RunSettings
    private let planned: [TrialKey: TrialResult]

    /// - Throws: `ReportFault` when two results claim the same trial, when a result belongs to no
    ///   planned trial, and when a baseline is not among the rows.
    package init(_ results: [TrialResult], settings: RunSettings) throws(ReportFault) {
        for variant in settings.variants {
            if let baseline = variant.baseline, !variant.rows.contains(baseline) {
                throw .unknownBaseline(baseline, rows: variant.rows)
            }
        }
        let keys = Set(settings.keys)
        let strangers = results.map(\.key).filter { !keys.contains($0) }
        guard strangers.isEmpty else { throw .unplanned(strangers) }
        var planned: [TrialKey: TrialResult] = [:]
        for result in results where planned.updateValue(result, forKey: result.key) != nil { throw .duplicateTrial(result.key) }
        self.settings = settings
        self.planned = planned
    }

    /// The result of a planned trial; nil when it was not run.
    package subscript(key: TrialKey) -> TrialResult? { planned[key] }

    /// The results of one row and variant in the plan's order.
    package func results(row: String, of variant: VariantSettings) -> [TrialResult] {
        variant.repetitions.flatMap { repetition in
            variant.targets.flatMap { target in
                variant.seeds.compactMap { self[variant.key(row: row, target: target, seed: $0, repetition: repetition)] }
            }
        }
    }

    /// The results of several rows on one target, seed and repetition; nil for a trial that was not run.
    package typealias Match = [TrialResult?]

    /// Every target, seed and repetition on which rows can be compared, in the plan's order.
    func matches(of rows: [String], in variant: VariantSettings) -> [Match] {
        variant.repetitions.flatMap { repetition in
            variant.seeds.flatMap { seed in
                variant.targets.map { target in
                    rows.map { self[variant.key(row: $0, target: target, seed: seed, repetition: repetition)] }
                }
            }
        }
    }

    /// A figure of rows that are compared, grouped by what varies independently: a draw where there are repetitions, else the trainings
    /// that the figure comes from. Matches without the figure are left out.
    func units<Value>(of rows: [String], in variant: VariantSettings, _ value: (Match) -> Value?) -> [[Value]] {
        let values = matches(of: rows, in: variant).compactMap { match -> (value: Value, labels: [Label])? in
            guard let found = value(match) else { return nil }
            return (found, match.compactMap(\.self).flatMap { Self.labels(of: $0, in: variant) })
        }
        return IndependentUnits.grouped(values)
    }

    /// The mean figures of rows over several settings of the same data, one for each seed or, where
    /// there are repetitions, each draw: settings share data and seeds, so their figures depend on each
    /// other, and each seed counts once. A seed for which a setting has no figure is left out, since a
    /// mean over fewer settings is another quantity.
    func sharedUnits(of rows: [String], in variants: [VariantSettings], _ value: (Match) -> Double?) -> [Double] {
        struct Figure {
            let variant: Int
            let value: Double
        }
        var figures: [(value: Figure, labels: [Label])] = []
        for (index, variant) in variants.enumerated() {
            for match in matches(of: rows, in: variant) {
                guard let found = value(match), let key = match.lazy.compactMap({ $0?.key }).first else { continue }
                let shared: Label = variant.repetitions.count > 1 ? .draw(key.repetition) : .seed(key.seed)
                let own = match.compactMap(\.self).flatMap { Self.labels(of: $0, in: variant) }
                figures.append((Figure(variant: index, value: found), [shared] + own.filter { if case .planned = $0 { false } else { true } }))
            }
        }
        return IndependentUnits.grouped(figures).compactMap { unit in
            let means = variants.indices.compactMap { index in unit.filter { $0.variant == index }.map(\.value).mean }
            return means.count == variants.count ? means.mean : nil
        }
    }

    /// What makes figures depend on each other.
    private enum Label: Hashable {
        /// They come from trainings of one seed, which start from the same random numbers.
        case seed(Int)
        /// They were measured on the same draw of the data.
        case draw([String: String])
        /// They come from the same training, by the name that the result has for it.
        case training(String)
        /// They come from the same source domain and seed, of which only one training was planned.
        case planned(row: String, on: String, seed: Int, repetition: [String: String])
    }

    private static func labels(of result: TrialResult, in variant: VariantSettings) -> [Label] {
        let key = result.key
        let draw: [Label] = variant.repetitions.count > 1 ? [.draw(key.repetition)] : []
        // Some may have been trained separately, for example with another number of threads; they are
        // still trainings on the same data from the same seed.
        let planned = Label.planned(row: key.row, on: variant.trainedOn[key.target] ?? key.target, seed: key.seed, repetition: key.repetition)
        return draw + [planned] + (result.training.map { [.training($0)] } ?? [])
    }

    /// Failed trials, in the plan's order.
    package var failures: [TrialResult] {
        settings.keys.compactMap { self[$0] }.filter { !$0.isFinished }
    }

    /// How many trials were planned and have no result.
    package var missingCount: Int { settings.trialCount - planned.count }
}

/// Why no report can be made.
package enum ReportFault: Error, Hashable, CustomStringConvertible {
    case duplicateTrial(TrialKey)
    case unknownBaseline(String, rows: [String])
    /// Results that no table of the report would show.
    case unplanned([TrialKey])

    package var description: String {
        switch self {
        case .duplicateTrial(let key):
            "two results claim to be the trial \(key): one of the two files was copied or moved"
        case .unknownBaseline(let name, let rows):
            "the baseline row '\(name)' is not one of the rows: \(Self.list(rows, separator: ", "))"
        case .unplanned(let keys):
            "\(NumberText.count(keys.count, "result")) would be in no table, since the run's settings plan no such trial: "
                + Self.list(keys.map(\.description), separator: "; ")
        }
    }

    /// The first of many names, each shortened where it is long, so that a message stays readable.
    package static func list(_ names: [String], separator: String) -> String {
        let shown = names.prefix(10).map { DisplayText.truncated(DisplayText.singleLine($0), to: 120) }
        let more = names.count - shown.count
        return (shown + (more > 0 ? ["and \(more) more"] : [])).joined(separator: separator)
    }
}
