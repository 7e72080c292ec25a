import Results
import Statistics

/// What measuring the models of a variant took, beside training them.
package struct MeasuringTime: Hashable, Sendable {
    /// One measurement, or all of them together.
    package struct Part: Hashable, Sendable {
        /// The measurement's name, with its options where it has any.
        package let title: String
        /// Mean wall time of a trial, in seconds.
        package let secondsPerTrial: Double
        /// The seconds of all trials over those of the trainings that the trials come from; nil where these took no time.
        package let share: Double?
        /// How many trials were measured.
        package let trials: Int
    }

    /// In the order in which trials name them.
    package let parts: [Part]
    /// All of them.
    package let all: Part

    /// Nil where nothing was measured.
    package init?(of variant: VariantSettings, in trials: TrialSet, records: [TrialKey: [MeasurementRecord]]) {
        let results = variant.rows.flatMap { trials.results(row: $0, of: variant) }.filter { records[$0.key]?.isEmpty == false }
        func part(_ title: String, _ seconds: (MeasurementRecord) -> Double?) -> Part? {
            let measured = results.compactMap { result -> (result: TrialResult, seconds: Double)? in
                let own = (records[result.key] ?? []).compactMap(seconds)
                return own.isEmpty ? nil : (result, own.reduce(0, +))
            }
            guard !measured.isEmpty else { return nil }
            let sum = measured.reduce(0) { $0 + $1.seconds }
            let training = TrialResult.oncePerTraining(measured.map(\.result)).reduce(0) { $0 + $1.seconds }
            return Part(
                title: title, secondsPerTrial: sum / Double(measured.count), share: training > 0 ? sum / training : nil, trials: measured.count)
        }
        let titles = results.flatMap { records[$0.key] ?? [] }.map(\.title).distinct
        guard let all = part("all", { $0.seconds }) else { return nil }
        self.all = all
        parts = titles.compactMap { title in part(title) { $0.title == title ? $0.seconds : nil } }
    }
}
