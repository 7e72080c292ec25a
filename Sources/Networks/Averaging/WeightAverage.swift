import Tensors

/// A running average of a module's parameters and buffers.
///
/// The average is bound to the module that it was made from: ``update()`` reads the module's present values. Counts (such as
/// `num_batches_tracked`) are copied and not averaged. It is itself a module, whose parts are the averages under the names of what they
/// follow, so that it is saved and restored as any other state is.
public protocol WeightAverage: Module {
    /// Takes the module's present values into the average.
    func update()

    /// Begins anew, with the module's present values as the first that count.
    func restart()

    /// Runs `body` while the module holds the averaged values, then gives the module its own values back.
    func withAverage<R>(_ body: () throws -> R) rethrows -> R
}
