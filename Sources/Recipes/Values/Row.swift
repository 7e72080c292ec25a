import Configuration

/// One row of the ablation.
package struct Row: Sendable {
    /// One path of a tuning grid and the values to try.
    package struct GridAxis: Sendable, Hashable {
        /// Relative to the row: `mer.weight`, `training.optimizer.weight-decay`.
        package let path: String
        package let values: [OptionValue]
        package let location: SourceLocation
    }

    /// The row with one combination of the grid's values.
    package struct Candidate: Sendable {
        /// The grid's values by path, in the grid's order; empty for a row without a grid.
        package let values: [(path: String, value: OptionValue)]
        /// The regularizers common to all rows, then the row's own.
        package let regularizers: [RegularizerChoice]
        /// The common training with the row's own laid over it.
        package let training: TrainingPlan
    }

    package let name: String
    /// What to try, by `tune:`; empty where nothing is tuned.
    package let grid: [GridAxis]
    /// All combinations of the grid, the last path changing fastest; at least one.
    package let candidates: [Candidate]
    /// `expect:`, figures from elsewhere to compare with, in percent, by target; `average` is that of all targets.
    package let expected: [String: Double]
    package let location: SourceLocation

    /// The regularizers of the first candidate; names, order and kinds are those of all.
    package var regularizers: [RegularizerChoice] { candidates[0].regularizers }
    /// The training of the first candidate.
    package var training: TrainingPlan { candidates[0].training }
}
