import Configuration
import Networks
import Tensors

/// The encoders that a recipe may name.
public typealias EncoderRegistry = ComponentRegistry<EncoderContext, any Encoder, OptionFault>

/// What an encoder is told when it is made.
public struct EncoderContext: Sendable {
    /// The shape of one sample, without the batch axis.
    public let sampleShape: Shape
    /// Where initial values come from, for the encoder's own path.
    public let initializer: Initializer

    public init(sampleShape: Shape, from initializer: Initializer) {
        self.sampleShape = sampleShape
        self.initializer = initializer
    }
}

extension EncoderRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .encoders) }

    /// `series-resnet`, `series-cnn`, `sequence-transformer`, `image-cnn`, `vector-mlp`, `features`, `slowfast`, `slowonly` and `resnet18`.
    public static func standard() throws(DuplicateComponent) -> EncoderRegistry {
        var registry = EncoderRegistry()
        try registry.register(SeriesResNet.self)
        try registry.register(SeriesCNN.self)
        try registry.register(SequenceTransformer.self)
        try registry.register(ImageCNN.self)
        try registry.register(VectorMLP.self)
        try registry.register(Features.self)
        try registry.register(SlowFast.self)
        try registry.register(SlowOnly.self)
        try registry.register(ResNet18.self)
        return registry
    }

    /// Adds an encoder under the name of its description.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<E: EncoderPlugin>(_ type: E.Type) throws(DuplicateComponent) {
        try register(E.description) { (options, context) throws(OptionFault) in
            try E(options: .decoding(options), sampleShape: context.sampleShape, from: context.initializer)
        }
    }

    /// Makes an encoder.
    ///
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`), an option that is unknown or out of range,
    ///   or a sample shape that the encoder cannot read.
    public func make(
        _ name: String, options: [String: OptionValue] = [:], sampleShape: Shape, from initializer: Initializer
    ) throws(OptionFault) -> any Encoder {
        try make(name, options: options, context: EncoderContext(sampleShape: sampleShape, from: initializer))
    }
}
