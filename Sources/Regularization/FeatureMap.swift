import Networks
import Tensors

/// A point inside an encoder at which regularizers may change the map of features on its way.
public struct FeatureMapPoint: Hashable, Sendable {
    /// The name that recipes know it by, such as `layer1`: as a rule that of the stage whose output it is.
    public let name: String

    /// Whether it lies in a part of the encoder that is frozen, and whose maps may be stored: nothing can be changed there.
    public let isFrozen: Bool

    /// A point by its name.
    public init(_ name: String, isFrozen: Bool = false) {
        self.name = name
        self.isFrozen = isFrozen
    }
}

/// A map of features on its way through an encoder: what a stage has made of those samples that have the modality.
public struct FeatureMap {
    /// `P×…×C`: one row for each of the `P` samples that have the modality, then places along one axis or more, channels last.
    public var values: Tensor

    /// The name of the point at which the map is.
    public let point: String

    /// Which of several maps at the point this is, such as `fast` or `slow`; empty where there is one.
    public let pathway: String

    /// The real places of each sequence, `P` numbers from 1 to `T`, for maps `P×T×C` that are padded at their ends; nil where none is.
    public let lengths: [Int]?

    /// A map that an encoder shows.
    public init(_ values: Tensor, at point: String, pathway: String = "", lengths: [Int]? = nil) {
        self.values = values
        self.point = point
        self.pathway = pathway
        self.lengths = lengths
    }

    /// The number of samples `P`.
    public var samples: Int { values.shape.dimensions.first ?? 0 }

    /// Whether some of the places are padding.
    public var isPadded: Bool { lengths?.contains { $0 < values.shape[1] } ?? false }

    /// The values with all places along one axis, `P×L×C`.
    public var places: Tensor {
        let (samples, channels) = (samples, values.shape[-1])
        return values.reshaped([samples, samples * channels == 0 ? 0 : values.elementCount / (samples * channels), channels])
    }

    /// Other values of the same shape with 0 in place of the padding, as an encoder goes on with them.
    package func clearingPadding(_ values: Tensor) -> Tensor { lengths.map { values.clearingPadding(lengths: $0) } ?? values }
}

/// A model that shows the maps of features inside its encoders, so that regularizers can change them.
public protocol OffersFeatureMaps: MultimodalModel {
    /// The points of each modality's encoder, in the order in which a pass comes to them; a modality without points has no entry.
    var featureMapPoints: [Modality: [FeatureMapPoint]] { get }

    /// Encodes a batch as `encode(_:pass:)` does, and goes on at each point with what `change` makes of the map there.
    ///
    /// - Parameters:
    ///   - inputs: as of `encode(_:pass:)`. Samples that lack a modality have no row in its maps.
    ///   - pass: one of training.
    ///   - change: is given each map, and returns values of the same shape.
    func encode(_ inputs: Inputs, pass: Pass, changing change: (Modality, FeatureMap) throws -> Tensor) rethrows -> Embeddings
}
