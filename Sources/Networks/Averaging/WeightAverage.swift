import Tensors

/// A running average of a module's parameters and buffers.
///
/// The average is bound to the module that it was made from: ``update()`` reads the module's present values.
/// Counts (such as `num_batches_tracked`) are copied and not averaged.
public protocol WeightAverage: AnyObject {
    /// Takes the module's present values into the average.
    func update()

    /// Runs `body` while the module holds the averaged values, then gives the module its own values back.
    func withAverage<R>(_ body: () throws -> R) rethrows -> R

    /// The averaged values under the module's names, to be loaded into a module of the same kind.
    func averages() -> [(name: String, value: Tensor)]

    /// Everything that a continued training needs.
    func state() -> [(name: String, value: Tensor)]

    /// Continues from a saved state.
    ///
    /// - Throws: ``StateMismatch`` when names or shapes differ.
    func load(_ state: [String: Tensor]) throws
}
