import Results

/// A figure of a trial that can fill the cells of a table.
package enum Measure: String, CaseIterable, Codable, Sendable {
    /// Target accuracy at the epoch that the selection rule chose: the result.
    case accuracy
    /// Best target accuracy over the epochs: not a valid selection, since it looks at the target.
    case oracle
    /// Target accuracy after the last epoch.
    case last
    /// Accuracy on source validation data at the selected epoch.
    case sourceValidation = "source-validation"

    /// The figure as a fraction in `0...1`; nil for a failed trial or one that did not measure it.
    package func value(of result: TrialResult) -> Double? {
        guard result.isFinished else { return nil }
        return switch self {
        case .accuracy: result.targetAccuracy
        case .oracle: result.oracleAccuracy
        case .last: result.lastAccuracy
        case .sourceValidation: result.sourceValidationAccuracy
        }
    }
}
