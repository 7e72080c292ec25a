import Tensors

/// A pointwise non-linearity as a layer.
public final class Activation: Layer {
    /// The function.
    public enum Function: String, Sendable, CaseIterable {
        /// max(x, 0)
        case relu
        /// x·Φ(x), with Φ the normal distribution function (Hendrycks and Gimpel 2016)
        case gelu
        /// The hyperbolic tangent.
        case tanh
    }

    /// Which function it applies.
    public let function: Function

    public var parts: Parts { [:] }

    /// A layer that applies `function` to each value.
    public init(_ function: Function) {
        self.function = function
    }

    /// Applies the function to a tensor of any shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch function {
        case .relu: x.relu()
        case .gelu: x.gelu()
        case .tanh: x.tanh()
        }
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }
}
