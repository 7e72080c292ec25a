import Datasets
import Training

/// Everything of a plan that decides how data are divided, but for the seed.
struct DataDivision: Hashable {
    let sources: [Int]
    let target: Int
    let validation: ValidationRule
    let batch: Int
    let batching: BatchOrder
    let needsValidation: Bool
    /// The row that is tuned, of a rehearsal whose validation rows may be missing: each such row is a fault of its own.
    let tuning: String?

    init(_ plan: TrialPlan, tuning row: String? = nil) {
        sources = plan.sources
        target = plan.target
        validation = plan.validation
        batch = plan.batch
        batching = plan.batching
        needsValidation = plan.selection == .sourceValidation
        if case .fraction = plan.validation, !needsValidation { tuning = row } else { tuning = nil }
    }
}
