/// The name of one kind of input: `video`, `audio`, `accelerometer` …
///
/// Nothing in Regulus is tied to particular names or to a particular number of modalities. Names appear in recipes (`on: [video]`),
/// in parameter paths (`encoders.video.…`) and in logs (`mer.video.spectral`).
public struct Modality: Hashable, Comparable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The name as it stands in a recipe.
    public let name: String

    public init(_ name: String) {
        self.name = name
    }

    public init(stringLiteral name: String) {
        self.init(name)
    }

    /// The pseudo-modality under which a term with `at: fused` sees the representation that the classifier reads.
    public static let fused = Modality("fused")

    public var description: String { name }

    public static func < (left: Modality, right: Modality) -> Bool {
        left.name < right.name
    }
}
