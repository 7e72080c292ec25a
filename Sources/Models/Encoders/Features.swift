import Configuration
import Networks
import Regularization
import Tensors

/// The identity, for features that were extracted before: vectors N×D, or sequences N×T×D that are averaged over T and
/// serve as tokens.
public final class Features: EncoderPlugin, SequenceEncoder {
    /// There is nothing to choose.
    public struct Options: Configuration.Options {
        public init() {}
        public static var fields: [OptionField<Options>] { [] }
    }

    public static let description = ComponentDescription(
        name: "features", summary: "identity, for features extracted before: D, or T×D with T as tokens",
        options: Options.descriptions)

    public let embeddingWidth: Int
    public var providesTokens = false

    public var parts: Parts { [:] }

    public init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard (1...2).contains(sampleShape.rank) && sampleShape.elementCount > 0 else {
            throw OptionFault.sampleShape(sampleShape, expected: "features (D) or tokens×features (T×D)")
        }
        embeddingWidth = sampleShape[-1]
    }

    public func callAsFunction(_ x: Tensor, lengths: [Int]?, pass: Pass) -> Embedding {
        guard x.rank == 3 else { return Embedding(pooled: x) }
        let map = lengths.map { x.clearingPadding(lengths: $0) } ?? x
        return Embedding(map: map, lengths: lengths, projection: nil, withTokens: providesTokens)
    }
}
