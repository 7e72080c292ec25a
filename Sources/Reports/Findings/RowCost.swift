import Results
import Statistics

/// A time that several trials measured, at different moments and under different load.
package struct MeasuredTime: Hashable, Sendable {
    /// Seconds.
    package let median: Double
    /// The middle half of the values lies between these; nil for a single value.
    package let quartiles: ConfidenceInterval?

    /// Nil without values.
    package init?(_ seconds: [Double]) {
        guard let median = seconds.median else { return nil }
        self.median = median
        quartiles = seconds.count > 1 ? ConfidenceInterval(low: seconds.quantile(0.25), high: seconds.quantile(0.75)) : nil
    }

    /// From the lower quartile to the upper one; nil for a single value.
    package var spread: Double? { quartiles.map { $0.high - $0.low } }
}

/// What a training step of one row takes, in seconds: medians over the row's trials that measured it.
package struct RowCost: Hashable, Sendable {
    /// One regularizer's part.
    package struct Term: Hashable, Sendable {
        package let instance: String
        package let seconds: Double
        /// Part of the whole step, in `0...1`; nil when the step took no time that could be measured.
        package let share: Double?
    }

    /// How a row's step compares with the baseline's.
    package enum Difference: Hashable, Sendable {
        /// Seconds beyond a step of the baseline row: more than the times of either row spread over its trials.
        case seconds(Double)
        /// The times of one of the two rows spread at least as far over its trials, so that no
        /// difference can be established.
        case withinSpread
        /// A single trial measured one of the rows: how far its time would spread is not known.
        case unknownSpread
    }

    package let row: String
    package let step: MeasuredTime
    /// Nil for the baseline itself and where the baseline was not measured.
    package let difference: Difference?
    /// In the row's order.
    package let terms: [Term]
    /// How many trainings the medians are taken over.
    package let trials: Int

    /// One entry for every row of which some trial measured a step.
    package static func costs(of variant: VariantSettings, in trials: TrialSet) -> [RowCost] {
        let measured = variant.rows.map { row in
            (row, TrialResult.oncePerTraining(trials.results(row: row, of: variant).filter(\.isFinished)).compactMap(\.stepCost).filter(\.seconds.isFinite))
        }
        let baseline = measured.first { $0.0 == variant.baseline }.flatMap { MeasuredTime($0.1.map(\.seconds)) }
        return measured.compactMap { row, costs in
            guard let step = MeasuredTime(costs.map(\.seconds)) else { return nil }
            let terms = costs.flatMap { $0.terms.map(\.instance) }.distinct.compactMap { instance in
                costs.flatMap(\.terms).filter { $0.instance == instance }.map(\.seconds).median.map {
                    Term(instance: instance, seconds: $0, share: step.median > 0 ? $0 / step.median : nil)
                }
            }
            return RowCost(
                row: row, step: step, difference: row == variant.baseline ? nil : baseline.map { difference(step, to: $0) }, terms: terms,
                trials: costs.count)
        }
    }

    private static func difference(_ step: MeasuredTime, to baseline: MeasuredTime) -> Difference {
        guard let one = step.spread, let other = baseline.spread else { return .unknownSpread }
        let difference = step.median - baseline.median
        return abs(difference) > max(one, other) ? .seconds(difference) : .withinSpread
    }
}

/// What tuning chose for one path of one row, and how often.
package struct TunedValue: Hashable, Sendable {
    /// A value and the number of finished trials that chose it.
    package struct Choice: Hashable, Sendable {
        package let value: String
        package let count: Int
    }

    package let path: String
    /// The most frequent first; equally frequent ones in order of appearance.
    package let choices: [Choice]
}

/// What one row cost and what was chosen for it, over its finished trials of one variant.
package struct RowUsage: Hashable, Sendable {
    package let name: String
    package let tuned: [TunedValue]
    /// Mean wall time of a training in seconds, evaluation on all its targets included; nil without finished trials.
    package let secondsPerTraining: Double?
    /// Share of the time spent in penalties, in `0...1`; nil without finished trials.
    package let penaltyShare: Double?
    /// Most trained scalars that any trial of the row had; nil without finished trials.
    package let parameters: Int?

    package init(row: String, of variant: VariantSettings, in trials: TrialSet) {
        let results = trials.results(row: row, of: variant).filter(\.isFinished)
        let trainings = TrialResult.oncePerTraining(results)
        let seconds = trainings.reduce(0) { $0 + $1.seconds }
        name = row
        tuned = Self.tuned(in: results)
        secondsPerTraining = trainings.map(\.seconds).mean
        penaltyShare = seconds > 0 ? trainings.reduce(0) { $0 + $1.secondsInPenalties } / seconds : nil
        parameters = results.map(\.parameters).max()
    }

    private static func tuned(in results: [TrialResult]) -> [TunedValue] {
        let chosen = results.flatMap(\.chosen)
        return chosen.map(\.path).distinct.map { path in
            let values = chosen.filter { $0.path == path }.map(\.value)
            let choices = values.distinct.map { value in
                TunedValue.Choice(value: value, count: values.count { $0 == value })
            }
            // The offset decides between equal counts: sorting alone does not promise to keep the order.
            let ordered = choices.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
            return TunedValue(path: path, choices: ordered.map(\.element))
        }
    }
}

/// How the media files of one row's trials were read, summed over them.
package struct RowLoading: Hashable, Sendable {
    package let row: String
    package let record: LoadingRecord

    /// One entry for every row of which some trial decoded files, over all variants and repetitions; failed trials included.
    package static func all(of trials: TrialSet) -> [RowLoading] {
        trials.settings.rows.compactMap { row in
            let results = trials.settings.variants.flatMap { trials.results(row: row, of: $0) }
            let records = TrialResult.oncePerTraining(results).compactMap(\.loading)
            guard let first = records.first else { return nil }
            return RowLoading(row: row, record: records.dropFirst().reduce(first, +))
        }
    }
}
