import Configuration

/// One row of the ablation.
package struct Row: Sendable {
    /// One path that is tuned and the values to try.
    package struct GridAxis: Sendable, Hashable {
        /// Relative to the row: `mer.weight`, `training.optimizer.weight-decay`.
        package let path: String
        /// Of a random search those that were drawn, in that order, each once.
        package let values: [OptionValue]
        /// The range that they were drawn from, in words; nil for a list.
        package let range: String?
        package let location: SourceLocation
    }

    /// The row with one combination of the tuned values.
    package struct Candidate: Sendable {
        /// The values by path, in the recipe's order; empty for a row that is not tuned.
        package let values: [(path: String, value: OptionValue)]
        /// The regularizers common to all rows, then the row's own.
        package let regularizers: [RegularizerChoice]
        /// The common training with the row's own laid over it.
        package let training: TrainingPlan
    }

    package let name: String
    /// What to try, by `tune:`; empty where nothing is tuned.
    package let grid: [GridAxis]
    /// How many combinations a random search has drawn; nil where every combination is tried.
    package let budget: Int?
    /// All combinations of the grid, the last path changing fastest, or those that were drawn; at least one.
    package let candidates: [Candidate]
    /// What is measured of its trained models: what is common to all rows, then the row's own.
    package let measurements: [MeasurementChoice]
    /// `expect:`, figures from elsewhere to compare with, in percent, by target; `average` is that of all targets.
    package let expected: [String: Double]
    package let location: SourceLocation

    /// The regularizers of the first candidate; names, order and kinds are those of all.
    package var regularizers: [RegularizerChoice] { candidates[0].regularizers }
    /// The training of the first candidate.
    package var training: TrainingPlan { candidates[0].training }
}
