import Tensors

/// A module with one tensor in and one tensor out, so that layers can be chained.
public protocol Layer: Module {
    /// Applies the layer.
    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor
}
