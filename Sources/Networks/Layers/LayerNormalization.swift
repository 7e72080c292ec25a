import Tensors

/// Layer normalization over the trailing axes (Ba et al. 2016): every sample is brought to mean 0 and variance 1.
///
/// `y = (x − mean)/√(population variance + ε)·weight + bias`, with `weight` (ones) and `bias` (zeros) of the
/// normalized axes' shape.
public final class LayerNormalization: Layer {
    /// The sizes of the normalized trailing axes.
    public let sizes: [Int]
    /// Added to the variance.
    public let epsilon: Float
    /// The learned scale, in the shape of the normalized axes.
    public let weight: Parameter
    /// The learned shift, in the same shape.
    public let bias: Parameter

    public var parts: Parts { ["weight": weight, "bias": bias] }

    /// Makes a layer; nothing is drawn.
    public init(_ sizes: [Int], epsilon: Float = 1e-5, from initializer: Initializer) {
        require(!sizes.isEmpty && sizes.allSatisfy { $0 > 0 }, "LayerNormalization: sizes \(sizes)")
        self.sizes = sizes
        self.epsilon = epsilon
        weight = Parameter(.ones(Shape(sizes)))
        bias = Parameter(.zeros(Shape(sizes)))
    }

    /// Applies the layer.
    ///
    /// - Parameter x: …×sizes.
    /// - Returns: the shape of `x`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNormalized(axes: sizes.count, weight: weight.value, bias: bias.value, epsilon: epsilon)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }
}
