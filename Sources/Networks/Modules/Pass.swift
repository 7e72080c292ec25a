import Tensors

/// What one forward pass needs to know: training or evaluation, the random numbers, and the step.
///
/// It is an argument of every call and never a global, so that one program can train one model and evaluate another.
public struct Pass: Sendable {
    /// Whether dropout draws and batch normalization uses and updates statistics of the batch.
    public let isTraining: Bool
    /// Where random numbers come from; each consumer has a stream of its own.
    public let random: RandomSource
    /// The number of optimizer steps done before this pass.
    public let step: Int

    /// Makes a pass.
    public init(isTraining: Bool, random: RandomSource, step: Int) {
        self.isTraining = isTraining
        self.random = random
        self.step = step
    }

    /// A pass without randomness that changes no statistics.
    public static let evaluation = Pass(isTraining: false, random: RandomSource(seed: 0), step: 0)

    /// The random numbers of one consumer at this step. The same name at the same step gives the same numbers.
    public func stream(_ name: String) -> RandomStream {
        random.stream(name, step: step)
    }

    /// The same pass with different random numbers, for a second forward pass in one step.
    public func child(_ name: String) -> Pass {
        Pass(isTraining: isTraining, random: random.child(name), step: step)
    }
}
