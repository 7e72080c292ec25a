/// What kind of thing is learned of each sample: the task, as far as data, regularizers and measurements need to know it.
public enum TargetKind: String, CaseIterable, Hashable, Codable, Sendable {
    /// One class out of `K`.
    case classes
    /// Any of `K` labels.
    case labels
    /// `V` numbers.
    case values

    /// Several kinds in a sentence: `classes or labels`.
    package static func list(_ kinds: [TargetKind]) -> String { kinds.map(\.rawValue).joined(separator: " or ") }
}

/// What there is to learn in a data set.
public struct TargetFacts: Hashable, Codable, Sendable {
    /// Classes, labels or values.
    public let kind: TargetKind
    /// Their names, in order: of the classes `K`, of the labels `K`, or of the values `V`.
    public let names: [String]

    public init(_ kind: TargetKind, names: [String]) {
        self.kind = kind
        self.names = names
    }

    /// How many there are: `K` or `V`.
    public var width: Int { names.count }

    /// `8 classes`, `1 value`.
    package var text: String { "\(width) \(width == 1 ? String(kind.rawValue.dropLast(kind == .classes ? 2 : 1)) : kind.rawValue)" }
}
