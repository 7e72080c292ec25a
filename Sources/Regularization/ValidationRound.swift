import Networks
import Tensors

/// A look at the source validation samples after an epoch, for hooks that act by what they see there.
///
/// What it gives is of the model as it is trained, not of an average that is evaluated in its place, and carries no record for gradients.
public struct ValidationRound {
    /// The pass of an evaluation, at the last step of the epoch.
    public let pass: Pass

    private let measure: () throws -> Double
    private let steps: ((TrainingStep) throws -> Void) throws -> Void

    /// - Parameters:
    ///   - pass: of an evaluation.
    ///   - loss: the mean base loss over all samples.
    ///   - steps: calls its argument with each batch.
    public init(pass: Pass, loss: @escaping () throws -> Double, steps: @escaping ((TrainingStep) throws -> Void) throws -> Void) {
        self.pass = pass
        measure = loss
        self.steps = steps
    }

    /// The mean base loss over all samples. Costs a pass over them.
    public func loss() throws -> Double { try measure() }

    /// Calls `body` with each batch, as a step in evaluation. Costs a pass over the samples.
    public func forEach(_ body: (TrainingStep) throws -> Void) throws { try steps(body) }
}
