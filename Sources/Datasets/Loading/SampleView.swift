import Tensors

/// How a sample is shown: as evaluation sees it, always the same, or as training does, anew in every epoch.
public enum SampleView: Hashable, Sendable {
    case evaluation
    /// What is random is a function of `random`, the row and the epoch, and of nothing else: not of the batch, its order or
    /// the number of workers.
    case training(epoch: Int, random: RandomSource)
}
