import Foundation

/// What one measurement found in one trial's model: the content of a file in the trial's `measurements`.
package struct MeasurementRecord: Hashable, Codable, Sendable {
    /// The measurement's name in the recipe.
    package var instance: String
    /// Its registered name.
    package var measurement: String
    /// The options that the recipe gave, as it spells them.
    package var options: [String: String]
    /// Hash of the plan whose model was measured; a record of another plan is not used.
    package var plan: String
    /// Wall time, the model's passes over the data included.
    package var seconds: Double
    /// What was found.
    package var findings: Findings

    package init(
        instance: String, measurement: String, options: [String: String], plan: String, seconds: Double, findings: Findings
    ) {
        self.instance = instance
        self.measurement = measurement
        self.options = options
        self.plan = plan
        self.seconds = seconds
        self.findings = findings
    }

    /// The name and, where there are any, the options: what tells two measurements of a study apart.
    package var title: String {
        guard !options.isEmpty else { return instance }
        return "\(instance) (\(options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))"
    }
}

extension RunFolder {
    /// What was measured of a trial's model, a file for each measurement and its options.
    package func measurements(_ key: TrialKey) -> URL { trial(key).appendingPathComponent("measurements", isDirectory: true) }

    /// Every number of every trial, as comma-separated values.
    package var measurementsCSV: URL { root.appendingPathComponent("measurements.csv") }

    /// The file of one measurement.
    ///
    /// - Parameter identity: names the measurement with its options.
    package func measurement(_ identity: String, of key: TrialKey) -> URL {
        measurements(key).appendingPathComponent("\(identity).json")
    }
}
