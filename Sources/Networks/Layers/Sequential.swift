import Tensors

/// Layers applied one after the other, named `0`, `1`, … as in PyTorch's `nn.Sequential`.
public final class Sequential: Layer {
    /// In the order in which they are applied.
    public let layers: [any Layer]

    public var parts: Parts { Parts(numbered: layers) }

    /// Layers that are applied one after the other.
    public init(_ layers: [any Layer]) {
        self.layers = layers
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        var x = x
        for layer in layers { x = layer(x, pass) }
        return x
    }
}
