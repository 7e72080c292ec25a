import Tensors

/// A multi-layer perceptron: hidden layers of linear map, optional normalization, activation and optional dropout,
/// then a last linear map.
///
/// The parts are numbered through, activations and dropout included, so that the names equal those of the same layers
/// in PyTorch's `nn.Sequential` (and of torchvision's `MLP`): without normalization and dropout `0.weight`, `0.bias`,
/// `2.weight`, …
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
