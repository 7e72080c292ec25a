import Tensors

/// Where initial values come from.
///
/// Every parameter draws from a random stream that is named by its path, so that adding a layer changes
/// no other layer's initial values. A layer is given the initializer of its own path and asks for those
/// of its parameters:
///
/// ```swift
/// weight = Parameter(initializer["weight"].uniform([outputs, inputs], bound: 0.1))
/// ```
public struct Initializer: Sendable {
    /// The dotted path of the module or parameter that this initializer is for.
    public let path: String
    /// Nil where every value is 0.
    private let source: RandomSource?

    /// Makes the initializer of everything below `path`.
    ///
    /// - Parameters:
    ///   - seed: the same seed, path and shape give the same values, on every machine.
    ///   - path: dotted; empty for the model itself.
    public init(seed: UInt64, path: String = "") {
        self.init(source: RandomSource(seed: seed).child("initialization"), path: path)
    }

    /// An initializer that draws nothing and makes every value 0: for modules of which only names and
    /// shapes are wanted. Large parameters take up no memory until they are read or written.
    package static let zeros = Initializer(source: nil, path: "")

    private init(source: RandomSource?, path: String) {
        self.source = source
        self.path = path
    }

    /// The initializer of a part: its path is this one's, a dot and the name.
    public subscript(_ name: String) -> Initializer {
        Initializer(source: source, path: ModuleContents.join(path, name))
    }

    /// The random numbers of this path. Every call starts again from the first one.
    public func stream() -> RandomStream {
        (source ?? RandomSource(seed: 0)).stream(path)
    }

    /// Values uniformly distributed over `[-bound, bound)`; zeros where the bound is 0.
    public func uniform(_ shape: Shape, bound: Float) -> Tensor {
        // An empty range cannot be drawn from; a bound of 0 means zeros.
        guard source != nil else { return .untouchedZeros(shape) }
        guard bound > 0 else { return .zeros(shape) }
        var stream = stream()
        return stream.uniform(shape, in: -bound..<bound)
    }

    /// Normally distributed values with the given mean and standard deviation.
    public func normal(_ shape: Shape, mean: Float = 0, deviation: Float = 1) -> Tensor {
        guard source != nil else { return .untouchedZeros(shape) }
        var stream = stream()
        return stream.normal(shape, mean: mean, deviation: deviation)
    }

    /// PyTorch's default for linear and convolution layers: uniform over ±1/√fan-in.
    ///
    /// It is the uniform rule of He et al. (2015, "Delving deep into rectifiers") for a leaky rectifier
    /// of slope √5; the bias of such a layer is drawn from the same range.
    ///
    /// - Parameter fanIn: the number of inputs that each output sums; 0 gives zeros.
    public func kaimingUniform(_ shape: Shape, fanIn: Int) -> Tensor {
        uniform(shape, bound: fanIn > 0 ? 1 / Float(fanIn).squareRoot() : 0)
    }

    /// Uniform over ±√(6/(fan-in + fan-out)) (Glorot and Bengio 2010, eq. 16).
    public func xavierUniform(_ shape: Shape, fanIn: Int, fanOut: Int) -> Tensor {
        uniform(shape, bound: (6 / Float(max(fanIn + fanOut, 1))).squareRoot())
    }
}
