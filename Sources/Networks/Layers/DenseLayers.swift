import Tensors

/// A module with one tensor in and one tensor out, so that layers can be chained.
///
/// A layer that behaves alike in training and evaluation ignores the pass.
public protocol Layer: Module {
    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: the shape that the layer documents, the samples along the first axis.
    ///   - pass: whether this is training, and where random numbers come from.
    func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor
}

/// A linear map with a bias, `y = x Wᵀ + b`.
///
/// Parameters: `weight` (outputs×inputs) and, unless it is left out, `bias` (outputs), both drawn
/// evenly from ±1/√inputs as PyTorch does.
public final class Linear: Layer {
    /// The number of features read and made.
    public let inputs, outputs: Int
    /// `outputs×inputs`.
    public let weight: Parameter
    /// One for each output; nil without.
    public let bias: Parameter?

    public var parts: Parts { ["weight": weight, "bias": bias] }

    /// Makes a layer with initial values drawn from `initializer`.
    ///
    /// - Precondition: both widths are positive.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, from initializer: Initializer) {
        require(inputs > 0 && outputs > 0, "Linear: \(inputs) inputs and \(outputs) outputs; both must be positive")
        self.inputs = inputs
        self.outputs = outputs
        weight = Parameter(initializer["weight"].kaimingUniform([outputs, inputs], fanIn: inputs))
        self.bias = bias ? Parameter(initializer["bias"].kaimingUniform([outputs], fanIn: inputs)) : nil
    }

    /// Applies the layer to the last axis.
    ///
    /// - Parameters:
    ///   - x: …×inputs, of any rank.
    ///   - appliesReLU: whether negative outputs become 0 in the same pass over memory.
    /// - Returns: …×outputs.
    public func callAsFunction(_ x: Tensor, appliesReLU: Bool = false) -> Tensor {
        x.linear(weight: weight.value, bias: bias?.value, appliesReLU: appliesReLU)
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor { self(x) }
}

/// A pointwise non-linearity as a layer, without parameters.
public final class Activation: Layer {
    /// The function.
    public enum Function: String, Sendable, CaseIterable {
        /// max(x, 0).
        case relu
        /// x·Φ(x), with Φ the distribution function of the standard normal distribution (Hendrycks and
        /// Gimpel 2016).
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

/// Dropout (Srivastava et al. 2014): in training every value becomes 0 with probability `rate`, and the
/// others are divided by `1 − rate`, so that the expectation stays the same. In evaluation, and at rate
/// 0, nothing happens; at rate 1 everything becomes 0.
///
/// The mask comes from a random stream named at construction: two dropout layers of one model draw
/// different masks, and the same step draws the same mask again.
public final class Dropout: Layer {
    /// The probability that a value is dropped, 0…1.
    public let rate: Float
    /// The name of the random stream, usually the layer's path in its model.
    public let stream: String

    public var parts: Parts { [:] }

    /// - Parameters:
    ///   - rate: the probability that a value is dropped, in 0…1.
    ///   - stream: the name of the random stream, usually the layer's path.
    /// - Precondition: the rate lies in 0…1.
    public init(_ rate: Float, stream: String) {
        require((0...1).contains(rate), "Dropout: a rate of \(rate); it must lie in 0...1")
        self.rate = rate
        self.stream = stream
    }

    /// Applies the layer to a tensor of any shape.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        guard pass.isTraining && rate > 0 else { return x }
        var numbers = pass.stream(stream)
        let mask = numbers.bernoulli(x.shape, keeping: 1 - rate, value: rate < 1 ? 1 / (1 - rate) : 0)
        return x * mask
    }
}

/// Layers applied one after the other, named `0`, `1`, … as in PyTorch's `nn.Sequential`. Without any
/// layer it is the identity.
public final class Sequential: Layer {
    /// The layers, in the order in which they are applied.
    public let layers: [any Layer]

    public var parts: Parts { Parts(numbered: layers) }

    /// Layers that are applied one after the other.
    public init(_ layers: [any Layer]) {
        self.layers = layers
    }

    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        var (x, rest) = (x, layers[...])
        while let layer = rest.popFirst() {
            // A linear map and its ReLU are one pass over memory, with the bits of two.
            if let map = layer as? Linear, let activation = rest.first as? Activation, activation.function == .relu {
                x = map(x, appliesReLU: true)
                rest.removeFirst()
            } else {
                x = layer(x, pass)
            }
        }
        return x
    }
}

/// A multi-layer perceptron: hidden layers of linear map, optional normalization, activation and
/// optional dropout, then a last linear map.
///
/// The parts are numbered through, activations and dropout included, so that the names equal those of
/// the same layers in PyTorch's `nn.Sequential` (and of torchvision's `MLP`): without normalization and
/// dropout `0.weight`, `0.bias`, `2.weight`, …
public final class MLP: Layer {
    /// What stands between a hidden linear map and its activation.
    public enum Normalization: String, Sendable, CaseIterable {
        /// Nothing.
        case none
        /// Batch normalization: each feature over the samples.
        case batch
        /// Layer normalization: each sample over its features.
        case layer
    }

    /// The number of features read and made.
    public let inputs, outputs: Int
    private let layers: Sequential

    public var parts: Parts { layers.parts }

    /// Makes a perceptron.
    ///
    /// - Parameters:
    ///   - inputs: features read.
    ///   - hidden: widths of the hidden layers; none makes a single linear map.
    ///   - outputs: features made; the last linear map has no activation after it.
    ///   - dropout: the rate after every hidden activation; 0 adds no layer.
    public init(
        _ inputs: Int, hidden: [Int], _ outputs: Int, activation: Activation.Function = .relu,
        normalization: Normalization = .none, dropout: Float = 0, bias: Bool = true, from initializer: Initializer
    ) {
        self.inputs = inputs
        self.outputs = outputs
        var layers: [any Layer] = []
        var width = inputs
        func next() -> Initializer { initializer[String(layers.count)] }
        for size in hidden {
            layers.append(Linear(width, size, bias: bias, from: next()))
            switch normalization {
            case .none: break
            case .batch: layers.append(BatchNormalization(size, from: next()))
            case .layer: layers.append(LayerNormalization([size], from: next()))
            }
            layers.append(Activation(activation))
            if dropout > 0 { layers.append(Dropout(dropout, stream: next().path)) }
            width = size
        }
        layers.append(Linear(width, outputs, bias: bias, from: next()))
        self.layers = Sequential(layers)
    }

    /// Applies the perceptron to the last axis.
    ///
    /// - Parameter x: …×inputs.
    /// - Returns: …×outputs.
    public func callAsFunction(_ x: Tensor, _ pass: Pass) -> Tensor {
        layers(x, pass)
    }
}
