import Configuration
import Networks
import Tensors

/// The encoders that a recipe may name.
///
/// A value made at start-up and passed on; further encoders are added with ``register(_:)``.
public struct EncoderRegistry: Sendable {
    typealias Maker = @Sendable (
        _ options: [String: OptionValue], _ sampleShape: Shape, _ initializer: Initializer
    ) throws(OptionFault) -> any Encoder

    private var registry = Registry<Maker>()

    /// A registry that knows nothing.
    public init() {}

    /// `series-resnet`, `image-cnn`, `vector-mlp`, `features`, `slowfast`, `slowonly` and `resnet18`.
    public static func standard() throws -> EncoderRegistry {
        var registry = EncoderRegistry()
        try registry.register(SeriesResNet.self)
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
    /// - Throws: when the name is taken.
    public mutating func register<E: EncoderPlugin>(_ type: E.Type) throws {
        @Sendable func make(
            _ options: [String: OptionValue], _ shape: Shape, _ initializer: Initializer
        ) throws(OptionFault) -> any Encoder {
            try E(options: .decoding(options), sampleShape: shape, from: initializer)
        }
        try registry.register(E.description, make)
    }

    /// The known names, in the order of registration.
    public var names: [String] { registry.names }

    /// What `describe` prints about each.
    public var descriptions: [ComponentDescription] { registry.descriptions }

    /// What `describe` prints about one.
    public func description(of name: String) -> ComponentDescription? { registry[name]?.description }

    /// The known name that is most like another.
    public func nearest(to name: String) -> String? { registry.nearest(to: name) }

    /// Makes an encoder.
    ///
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`), an option that is unknown or out of range,
    ///   or a sample shape that the encoder cannot read.
    public func make(
        _ name: String, options: [String: OptionValue] = [:], sampleShape: Shape, from initializer: Initializer
    ) throws(OptionFault) -> any Encoder {
        guard let entry = registry[name] else {
            throw OptionFault(
                option: nil, expected: "an encoder: " + names.joined(separator: ", "), found: name,
                suggestion: nearest(to: name))
        }
        return try entry.maker(options, sampleShape, initializer)
    }
}
