import Tensors

/// A linear map with a bias, `y = x Wᵀ + b`.
///
/// Parameters: `weight` (outputs×inputs) and, unless it is left out, `bias` (outputs), both drawn evenly from
/// ±1/√inputs as PyTorch does.
public final class Linear: Layer {
    /// The number of features read and made.
    public let inputs, outputs: Int
    /// `outputs×inputs`.
    public let weight: Parameter
    /// One for each output; nil without.
    public let bias: Parameter?

    public var parts: Parts { ["weight": weight, "bias": bias] }

    /// Makes a layer with initial values drawn from `initializer`.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, from initializer: Initializer) {
        require(inputs > 0 && outputs > 0, "Linear: \(inputs) inputs and \(outputs) outputs; both must be positive")
        self.inputs = inputs
        self.outputs = outputs
        weight = Parameter(initializer["weight"].kaimingUniform([outputs, inputs], fanIn: inputs))
        self.bias = bias ? Parameter(initializer["bias"].kaimingUniform([outputs], fanIn: inputs)) : nil
    }

    /// Applies the layer to the last axis.
    ///
    /// - Parameter x: …×inputs, of any rank.
    /// - Returns: …×outputs.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.linear(weight: weight.value, bias: bias?.value)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }
}
