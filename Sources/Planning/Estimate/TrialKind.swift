import Configuration
import Datasets
import Training

/// Trials that take the same: everything of a plan that decides how long a step is.
struct TrialKind: Hashable {
    private let row: String
    private let model: TrialModel
    private let modalities: [DatasetFacts.ModalityFacts]
    private let classes: Int
    private let batch: Int
    private let batching: BatchOrder
    private let sources: Int
    private let optimizer: String
    private let standardization: StandardizationRule

    /// - Parameter row: the row's name, which stands for its regularizers: their options change little.
    init(_ plan: TrialPlan, row: String, facts: DatasetFacts) {
        self.row = row
        model = plan.model
        modalities = facts.modalities
        classes = facts.classes.count
        batch = plan.batch
        batching = plan.batching
        sources = plan.sources.count
        optimizer = plan.optimizer.name
        standardization = plan.standardization
    }
}
