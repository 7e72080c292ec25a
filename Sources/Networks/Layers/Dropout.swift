import Tensors

/// Dropout (Srivastava et al. 2014): in training every value is set to 0 with probability `rate`, and the others are
/// divided by `1 − rate`, so that the expectation stays. In evaluation nothing happens.
///
/// The mask comes from a stream named at construction, so that two dropout layers of a model draw apart and the same
/// step gives the same mask again.
public final class Dropout: Layer {
    /// The probability that a value is dropped, 0…1.
    public let rate: Float
    /// The name of the random stream, usually the layer's path in its model.
    public let stream: String

    public var parts: Parts { [:] }

    /// - Parameters:
    ///   - rate: the probability that a value is dropped.
    ///   - stream: the name of the random stream.
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
