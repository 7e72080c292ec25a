import Configuration

/// What a recipe asks for, with one value for every setting, each one that there is.
package struct Recipe: Sendable {
    /// `name:`; the file's name without its ending unless said otherwise.
    package let name: String
    package let data: DataPlan
    package let evaluation: EvaluationPlan
    package let model: ModelPlan
    /// Common to all rows; a row's own training is in its candidates.
    package let training: TrainingPlan
    /// Common to all rows; rows have them in front of their own.
    package let regularizers: [RegularizerChoice]
    /// In the order of the table; at least one.
    package let rows: [Row]
    /// Name of the row that the others are compared with; the first unless said otherwise.
    package let baseline: String
    /// At least one, all different.
    package let seeds: [Int]
    package let tuning: TuningPlan
    /// `expect.source:`, where the rows' expected figures come from.
    package let expectationSource: String?
    package let location: SourceLocation

    /// The modalities that the model reads, in the data set's order.
    package func modalities(of facts: DatasetFacts) -> [String] {
        facts.modalityNames.filter { model.modalities?.contains($0) ?? true }
    }
}
