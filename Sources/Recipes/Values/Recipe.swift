import Configuration

/// What a recipe asks for, with one valid value for every setting.
package struct Recipe: Sendable {
    /// `name:`; the file's name without its ending by default.
    package let name: String
    package let data: DataPlan
    /// `task:`, what is learned; classification by default, and then it stands where the data do.
    package let task: ComponentChoice
    package let evaluation: EvaluationPlan
    package let model: ModelPlan
    /// Common to all rows; a row's own training is in its candidates.
    package let training: TrainingPlan
    /// Common to all rows; rows have them in front of their own.
    package let regularizers: [RegularizerChoice]
    /// In the order of the table; at least one.
    package let rows: [Row]
    /// Name of the row that the others are compared with; the first by default.
    package let baseline: String
    /// At least one, all different.
    package let seeds: [Int]
    /// How it is decided how many of the seeds are trained; nil where all are.
    package let seedRule: SeedRule?
    package let tuning: TuningPlan
    /// Nil where the recipe does not ask how well values are chosen.
    package let choice: ChoicePlan?
    /// `expect.source:`, where the rows' expected figures come from.
    package let expectationSource: String?
    /// `expect.measured:`, figures for what measurements find.
    package let measuredExpectations: [MeasuredExpectation]
    package let location: SourceLocation

    /// The task of a recipe that names none.
    package static let standardTask = "classification"

    /// The models that its rows train, each once, that of the recipe first where a row has it.
    package var models: [ModelPlan] {
        var models: [ModelPlan] = []
        for candidate in rows.flatMap(\.candidates) where !models.contains(candidate.model) { models.append(candidate.model) }
        return models
    }
}

/// A recipe file, read: one recipe for every set and every combination of what it sweeps and repeats.
package struct Study: Sendable {
    /// The recipe under one combination of settings.
    package struct Variant: Sendable {
        /// The set's name where there are sets, and what `sweep:` sets, by path; shown separately in the report.
        package let settings: [(path: String, value: OptionValue)]
        /// What `repeat:` sets, by path; averaged over, like seeds.
        package let repetition: [(path: String, value: OptionValue)]
        package let recipe: Recipe
        /// The name of the set that it belongs to; nil for a recipe without `sets:`.
        package var set: String?
        /// The data that it is a setting of, where the recipe says so.
        package var dataset: String?
    }

    package let name: String
    /// The path under which the recipe was opened.
    package let file: String
    /// The comment that the file begins with, without its signs; nil where there is none.
    package let about: String?
    /// By set, then by sweep, then by repetition, the last path changing fastest; at least one.
    package let variants: [Variant]
    /// The recipe after `--set` with everything that it extends and includes and the values of its variables, as YAML; reading it, from
    /// whichever folder, gives the same study.
    package let resolvedYAML: String
}

/// A figure from elsewhere for something that a measurement finds in a row.
package struct MeasuredExpectation: Sendable, Hashable {
    /// The measurement's name in the recipe.
    package let measurement: String
    /// What it finds, as the report writes it: `rankme of video on target`.
    package let quantity: String
    package let row: String
    /// In the measurement's own unit.
    package let value: Double
}

/// One row of the ablation.
package struct Row: Sendable {
    /// The name under which `expect:` gives the mean of all columns.
    static let average = "average"

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
        /// The common model with the row's own laid over it.
        package let model: ModelPlan
        /// The common task with the row's own laid over it; its scores are those of all rows.
        package let task: ComponentChoice
        /// The seeds that it is trained with to be compared with the others; nil for those of `tuning:`.
        package let seeds: [Int]?
    }

    package let name: String
    /// `factors:`, what is switched on in this row, for what each contributes; nil for the names of its regularizers.
    package let factors: [String]?
    /// What to try, by `tune:`; empty where nothing is tuned.
    package let grid: [GridAxis]
    /// How many combinations a random search has drawn; nil where every combination is tried.
    package let budget: Int?
    /// The benchmark whose search it is, with its numbers; nil for one of the recipe's own.
    package let search: String?
    /// All combinations of the grid, the last path changing fastest, or those that were drawn; at least one.
    package let candidates: [Candidate]
    /// What is measured of its trained models: what is common to all rows, then the row's own.
    package let measurements: [MeasurementChoice]
    /// `expect:`, figures from elsewhere to compare with, as the table is written (in percent for a fraction), by target; `average` is that of all targets.
    package let expected: [String: Double]
    /// Where the target of each of these figures stands.
    package let expectedLocations: [String: SourceLocation]
    package let location: SourceLocation

    /// The regularizers of the first candidate; names, order and kinds are those of all.
    package var regularizers: [RegularizerChoice] { candidates[0].regularizers }
    /// The training of the first candidate.
    package var training: TrainingPlan { candidates[0].training }
    /// The model of the first candidate.
    package var model: ModelPlan { candidates[0].model }
    /// The task of the first candidate.
    package var task: ComponentChoice { candidates[0].task }
}
