import Configuration
import Networks
import Regularization
import Tensors

/// A network that turns one modality's inputs into embeddings: one vector per sample, and tokens where
/// it has any.
///
/// An encoder is made for one shape of sample and named in a recipe by ``EncoderPlugin/description``.
/// It is only ever given samples that have its modality.
public protocol Encoder: Module {
    /// The width D of the pooled embedding and of every token.
    var embeddingWidth: Int { get }

    /// Whether tokens are computed where the encoder has them. The model sets it to whether its fusion
    /// reads them, so that no time is spent on tokens that nobody reads. False until then.
    var providesTokens: Bool { get set }

    /// Encodes a batch.
    ///
    /// - Parameters:
    ///   - x: N×…, of the sample shape that the encoder was made for.
    ///   - pass: whether this is training, and where random numbers come from.
    /// - Returns: the pooled embedding, N×D, and tokens, N×T×D, where the encoder has them and
    ///   ``providesTokens`` is set.
    func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding
}

/// An encoder that can tell the real places of a sequence from its padding.
///
/// Data sets of sequences of different lengths need such an encoder; any other one is refused for them.
public protocol SequenceEncoder: Encoder {
    /// Encodes a batch of sequences that are padded at their ends.
    ///
    /// The embedding of a sequence depends neither on how far it is padded nor on what the padding
    /// holds.
    ///
    /// - Parameters:
    ///   - x: N×T×….
    ///   - lengths: the real places of each sequence, each at least 1; nil where nothing is padded.
    ///   - pass: whether this is training, and where random numbers come from.
    /// - Returns: as without lengths; where there are tokens, `presence` says how many of each sample
    ///   are real.
    func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding
}

/// What every encoder of sequences is given.
extension SequenceEncoder {
    /// Encodes sequences without padding.
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding { self(x, lengths: nil, pass: pass) }
}

/// An encoder that shows its maps of features on their way, so that regularizers can change them.
public protocol FeatureMapEncoder: Encoder {
    /// The points at which it does, in the order in which a pass comes to them.
    var featureMapPoints: [FeatureMapPoint] { get }

    /// Encodes a batch, and goes on at each point with what `change` makes of the map there; with the map itself, this is what the encoder
    /// does without.
    ///
    /// - Parameters:
    ///   - x: as without.
    ///   - lengths: nil, or as a ``SequenceEncoder`` is given them.
    ///   - pass: `change` need not be called in evaluation.
    ///   - change: is given each map, and returns values of the same shape.
    func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> Embedding
}

extension FeatureMapEncoder {
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding { self(x, lengths: nil, pass: pass) { $0.values } }
}

extension FeatureMapEncoder where Self: SequenceEncoder {
    public func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding { self(x, lengths: nil, pass: pass) { $0.values } }

    /// Encodes with every map as it is.
    public func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding { self(x, lengths: lengths, pass: pass) { $0.values } }
}

/// What the model around an encoder calls.
extension Encoder {
    /// Encodes the samples that have the modality.
    ///
    /// - Parameter presence: which samples and places of `x` are real.
    /// - Returns: an embedding of all samples, 0 for those that lack the modality.
    /// - Precondition: lengths are given only to a ``SequenceEncoder``.
    func encode(_ x: Tensor, _ presence: Presence, pass: Pass) -> Embedding {
        encode(x, presence) { x, lengths in sequences(lengths)?(x, lengths: lengths, pass: pass) ?? self(x, pass: pass) }
    }

    /// The same with changes of the feature maps, where the encoder shows them.
    func encode(_ x: Tensor, _ presence: Presence, pass: Pass, changing change: (FeatureMap) throws -> Tensor) rethrows -> Embedding {
        guard let encoder = self as? any FeatureMapEncoder else { return encode(x, presence, pass: pass) }
        return try encode(x, presence) { x, lengths in
            _ = sequences(lengths)
            return try encoder(x, lengths: lengths, pass: pass, changing: change)
        }
    }

    /// Encodes with `body` the samples that have the modality.
    private func encode(
        _ x: Tensor, _ presence: Presence, _ body: (_ x: Tensor, _ lengths: [Int]?) throws -> Embedding
    ) rethrows -> Embedding {
        guard let rows = presence.rows else { return try body(x, presence.lengths) }
        let count = x.shape[0]
        guard !rows.isEmpty else {
            return Embedding(pooled: .zeros([count, embeddingWidth]), presence: Presence(samples: .init(repeating: false, count: count)))
        }
        return try body(x.gathering(rows: rows), presence.gathering(rows: rows).lengths).spread(to: rows, of: count)
    }

    /// This encoder as one of sequences; nil where it is none.
    ///
    /// - Precondition: it is one where there are lengths.
    private func sequences(_ lengths: [Int]?) -> (any SequenceEncoder)? {
        let sequences = self as? any SequenceEncoder
        guard lengths == nil || sequences != nil else {
            stop("encode: \(type(of: self)) was given sequences of different lengths, and is no SequenceEncoder")
        }
        return sequences
    }
}

/// An encoder that recipes can name: `encoders: {audio: {use: <name>, …}}`.
public protocol EncoderPlugin: Encoder, SendableMetatype {
    /// The options that a recipe can set.
    associatedtype Options: Configuration.Options

    /// Its name in recipes, summary, source and options.
    static var description: ComponentDescription { get }

    /// How the keys of published files of its weights differ from its own names; by default not at all.
    static var publishedKeys: PublishedKeys { get }

    /// Makes an encoder.
    ///
    /// - Parameters:
    ///   - options: already checked one by one against their fields.
    ///   - sampleShape: the shape of one sample, without the batch axis.
    ///   - initializer: where initial values come from; it belongs to the encoder's own path.
    /// - Throws: `OptionFault` where options and sample shape do not fit together; its `option` is
    ///   `nil` where no options fit the shape.
    init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault)
}

extension EncoderPlugin {
    public static var publishedKeys: PublishedKeys { PublishedKeys() }
}

/// The encoders that a recipe may name.
public typealias EncoderRegistry = ComponentRegistry<EncoderContext, any Encoder, OptionFault>

/// What an encoder is told when it is made: the shape of its samples, where initial values come from, and the modality that it is of.
public struct EncoderContext: Sendable {
    /// The shape of one sample, without the batch axis.
    public let sampleShape: Shape
    /// Where initial values come from, for the encoder's own path.
    public let initializer: Initializer
    /// The modality that it is of, by which its weights are found in the checkpoint of a run; nil where it is of none.
    public let modality: String?

    /// - Parameters:
    ///   - sampleShape: the shape of one sample, without the batch axis.
    ///   - initializer: where initial values come from.
    ///   - modality: the modality that it is of.
    public init(sampleShape: Shape, from initializer: Initializer, modality: String? = nil) {
        self.sampleShape = sampleShape
        self.initializer = initializer
        self.modality = modality
    }
}

/// Filling the registry, and making encoders from it.
extension EncoderRegistry {
    /// A registry that knows nothing.
    public init() { self.init(of: .encoders) }

    /// The encoders that come with Regulus: `series-resnet`, `series-cnn`, `sequence-transformer`,
    /// `image-cnn`, `vector-mlp`, `features`, `slowfast`, `slowonly` and `resnet18`.
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

    /// Adds an encoder under the name of its description, with the options of ``StartingWeights`` besides its own.
    ///
    /// - Throws: `DuplicateComponent` where the name is taken.
    public mutating func register<E: EncoderPlugin>(_ type: E.Type) throws(DuplicateComponent) {
        let options = E.Options.descriptions + StartingWeights.descriptions(besideOwn: E.loadsItsOwnWeights)
        try register(E.description.describing(options)) { (options, context) throws(OptionFault) in
            let (own, start) = try StartingWeights.dividing(options, besideOwn: E.loadsItsOwnWeights)
            let encoder = try E(options: .decoding(own), sampleShape: context.sampleShape, from: context.initializer)
            try start.load(into: encoder.parts, of: context.modality, published: E.publishedKeys)
            return encoder
        }
    }

    /// Makes an encoder.
    ///
    /// - Parameters:
    ///   - name: a registered name.
    ///   - options: by name; what is left out keeps its default.
    ///   - sampleShape: the shape of one sample, without the batch axis.
    ///   - initializer: where initial values come from.
    ///   - modality: the modality that it is of.
    /// - Throws: `OptionFault` for an unknown name (its `option` is `nil`), an option that is unknown
    ///   or out of range, a sample shape that the encoder cannot read, or weights that do not fit.
    public func make(
        _ name: String, options: [String: OptionValue] = [:], sampleShape: Shape, from initializer: Initializer, modality: String? = nil
    ) throws(OptionFault) -> any Encoder {
        try make(name, options: options, context: EncoderContext(sampleShape: sampleShape, from: initializer, modality: modality))
    }
}

/// How encoders make embeddings of maps of features.
extension Embedding {
    /// The embedding of a map of features, N×T×C: its mean over T, and its places as tokens where asked
    /// for, both through the same projection where there is one.
    ///
    /// Mean and linear map can be exchanged, so that without tokens only one row per sample is
    /// projected.
    init(map: Tensor, projection: Linear?, withTokens: Bool) {
        guard withTokens else {
            let pooled = map.meanPooled()
            self.init(pooled: projection.map { $0(pooled) } ?? pooled)
            return
        }
        let tokens = projection.map { $0(map) } ?? map
        self.init(pooled: tokens.meanPooled(), tokens: tokens)
    }

    /// The embedding of a map of sequences whose padding is already 0.
    ///
    /// - Parameter lengths: the real places of each sequence; nil where all are.
    init(map: Tensor, lengths: [Int]?, projection: Linear?, withTokens: Bool) {
        guard let lengths else {
            self.init(map: map, projection: projection, withTokens: withTokens)
            return
        }
        let pooled = map.meanPooled(lengths: lengths)
        let tokens = withTokens ? (projection.map { $0(map) } ?? map).clearingPadding(lengths: lengths) : nil
        self.init(pooled: projection.map { $0(pooled) } ?? pooled, tokens: tokens, presence: Presence(lengths: lengths))
    }

    /// The embedding of a map over places, N×…×C: its mean, and its places as tokens where asked for.
    init(places map: Tensor, withTokens: Bool) {
        let rows = map.reshaped([map.shape[0], map.shape.dimensions.dropFirst().dropLast().reduce(1, *), map.shape[-1]])
        self.init(map: rows, projection: nil, withTokens: withTokens)
    }
}

/// Faults that several encoders report.
extension OptionFault {
    /// The fault of a sample shape that an encoder cannot read with any options.
    static func sampleShape(_ found: Shape, expected: String) -> OptionFault {
        OptionFault(option: nil, expected: "samples of shape \(expected)", found: "\(found)", suggestion: nil)
    }

    /// Refuses a kernel of even size, whose padding could not keep the length.
    static func check(odd value: Int, option: String) throws(OptionFault) {
        guard value % 2 == 0 else { return }
        throw OptionFault(
            option: option, expected: "an odd number", found: "\(value)", suggestion: "\(value + 1)")
    }

    /// Refuses heads of attention that do not divide the width evenly among them.
    static func check(heads: Int, dividing width: Int) throws(OptionFault) {
        guard width % heads != 0 else { return }
        throw OptionFault(
            option: "heads", expected: "a divisor of the width \(width)", found: "\(heads)",
            suggestion: (1...heads).last { width % $0 == 0 }.map(String.init))
    }

    /// Refuses channels that double from stage to stage beyond 65 536.
    static func check(width: Int, doublingOver stages: Int) throws(OptionFault) {
        let most = max(65536 >> (stages - 1), 1)
        guard width > most else { return }
        throw OptionFault(
            option: "width", expected: "at most \(most) channels for \(stages) stages", found: "\(width)",
            suggestion: "\(most)")
    }
}
