import Results

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
    /// Mean wall time of a trial in seconds; nil without finished trials.
    package let secondsPerTrial: Double?
    /// Share of the time spent in penalties, in `0...1`; nil without finished trials.
    package let penaltyShare: Double?
    /// Most trained scalars that any trial of the row had; nil without finished trials.
    package let parameters: Int?

    package init(row: String, variant: [String: String], of trials: TrialSet) {
        let results = trials.results(row: row, variant: variant).filter(\.isFinished)
        let seconds = results.reduce(0) { $0 + $1.seconds }
        name = row
        tuned = Self.tuned(in: results)
        secondsPerTrial = Statistics.mean(results.map(\.seconds))
        penaltyShare = seconds > 0 ? results.reduce(0) { $0 + $1.secondsInPenalties } / seconds : nil
        parameters = results.map(\.parameters).max()
    }

    private static func tuned(in results: [TrialResult]) -> [TunedValue] {
        let chosen = results.flatMap(\.chosen)
        return distinct(chosen.map(\.path)).map { path in
            let values = chosen.filter { $0.path == path }.map(\.value)
            let choices = distinct(values).map { value in
                TunedValue.Choice(value: value, count: values.count { $0 == value })
            }
            // The offset decides between equal counts: sorting alone does not promise to keep the order.
            let ordered = choices.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
            return TunedValue(path: path, choices: ordered.map(\.element))
        }
    }

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
