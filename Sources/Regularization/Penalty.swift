import Tensors

/// A term of the loss, and numbers to be logged beside it.
public struct Penalty {
    /// One logged number.
    public typealias Report = (name: String, value: Float)

    /// The term, a scalar that gradients may be asked of.
    public var value: Tensor

    /// Numbers for the log, in order. The wrapper puts the instance's name before each: `spectral` becomes `mer.spectral`.
    public var reports: [Report]

    /// - Precondition: `value` is a scalar.
    public init(value: Tensor, reports: [Report] = []) {
        require(value.elementCount == 1, "Penalty: the value must be a scalar, found shape \(value.shape)")
        self.value = value
        self.reports = reports
    }

    /// The first logged number that is NaN or infinite: names the term that went wrong.
    public var firstNonFiniteReport: Report? {
        reports.first { !$0.value.isFinite }
    }
}
