import Results

/// The results of a run, sorted into what the settings planned.
package struct TrialSet: Sendable {
    package let settings: RunSettings
    /// Results outside the plan, for example of a row that the recipe no longer has. They are counted
    /// under the table and otherwise left out.
    package let strangers: [TrialResult]
    private let planned: [TrialKey: TrialResult]

    /// - Throws: `ReportFault` when two results claim the same trial, or when the baseline is no row.
    package init(_ results: [TrialResult], settings: RunSettings) throws(ReportFault) {
        if let baseline = settings.baseline, !settings.rows.contains(baseline) {
            throw .unknownBaseline(baseline, rows: settings.rows)
        }
        let keys = Set(settings.keys)
        var planned: [TrialKey: TrialResult] = [:]
        var strangers: [TrialResult] = []
        for result in results {
            if !keys.contains(result.key) {
                strangers.append(result)
            } else if planned.updateValue(result, forKey: result.key) != nil {
                throw .duplicateTrial(result.key)
            }
        }
        self.settings = settings
        self.planned = planned
        self.strangers = strangers
    }

    /// The result of a planned trial; nil when it was not run.
    package subscript(key: TrialKey) -> TrialResult? { planned[key] }

    /// The planned results of one row and variant in the plan's order.
    package func results(row: String, variant: [String: String]) -> [TrialResult] {
        settings.repetitions.flatMap { repetition in
            settings.targets.flatMap { target in
                settings.seeds.compactMap { seed in
                    self[
                        TrialKey(row: row, target: target, seed: seed, variant: variant, repetition: repetition)]
                }
            }
        }
    }

    /// Values measured on every (seed, target, repetition), grouped by what varies independently: with repetitions, a
    /// group is one draw; without, every (seed, target) pair is a group of its own. Nil values are left out.
    func groups<Value>(of value: (_ seed: Int, _ target: String, _ repetition: [String: String]) -> Value?) -> [[Value]] {
        let groups = settings.repetitions.map { repetition in
            settings.seeds.flatMap { seed in settings.targets.compactMap { value(seed, $0, repetition) } }
        }
        return settings.repetitions.count > 1 ? groups : groups.joined().map { [$0] }
    }

    /// Failed trials, in the plan's order.
    package var failures: [TrialResult] {
        settings.keys.compactMap { self[$0] }.filter { !$0.isFinished }
    }

    /// How many trials were planned and have no result.
    package var missingCount: Int { settings.keys.count - planned.count }
}

/// Why no report can be made.
package enum ReportFault: Error, Hashable, CustomStringConvertible {
    case duplicateTrial(TrialKey)
    case unknownBaseline(String, rows: [String])

    package var description: String {
        switch self {
        case .duplicateTrial(let key):
            "two results claim to be the trial \(key): one of the two files was copied or moved"
        case .unknownBaseline(let name, let rows):
            "the baseline row '\(name)' is none of the rows: \(rows.joined(separator: ", "))"
        }
    }
}
