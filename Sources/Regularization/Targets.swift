import Configuration
import Tensors

/// What is to be learned of each sample of a batch.
public enum Targets {
    /// What kind of thing is learned.
    public typealias Kind = TargetKind

    /// The class of each sample, `N` numbers in `0..<count`.
    case classes([Int], of: Int)

    /// For each sample and label 1 where it applies, else 0: `N×K`.
    case labels(Tensor)

    /// Numbers to be predicted, `N×V`.
    case values(Tensor)

    /// The kind of these.
    public var kind: Kind {
        switch self {
        case .classes: .classes
        case .labels: .labels
        case .values: .values
        }
    }

    /// Number of samples `N`.
    public var count: Int {
        switch self {
        case .classes(let classes, _): classes.count
        case .labels(let array), .values(let array): array.shape[0]
        }
    }

    /// The width of the prediction that they are compared with: `K`, or `V`.
    public var width: Int {
        switch self {
        case .classes(_, let count): count
        case .labels(let array), .values(let array): array.shape[1]
        }
    }

    /// The class of each sample; nil for another kind.
    public var classes: [Int]? {
        if case .classes(let classes, _) = self { classes } else { nil }
    }

    /// The targets as criteria read them and regularizers change them: `N×K` with a 1 in each row for classes, else the array itself.
    public var array: Tensor {
        switch self {
        case .classes(let classes, let count): .oneHot(classes, classes: count)
        case .labels(let array), .values(let array): array
        }
    }

    /// The targets of one batch after another; nil of no batch, and of batches of different kinds or widths.
    package static func concatenated(_ parts: [Targets]) -> Targets? {
        guard let first = parts.first, parts.allSatisfy({ $0.kind == first.kind && $0.width == first.width }) else { return nil }
        return switch first {
        case .classes(_, let count): .classes(parts.flatMap { $0.classes ?? [] }, of: count)
        case .labels: .labels(.concatenated(parts.map(\.array), axis: 0))
        case .values: .values(.concatenated(parts.map(\.array), axis: 0))
        }
    }

    /// The targets of some samples, in the given order.
    public func gathering(rows: [Int]) -> Targets {
        switch self {
        case .classes(let classes, let count): .classes(rows.map { classes[$0] }, of: count)
        case .labels(let array): .labels(array.gathering(rows: rows))
        case .values(let array): .values(array.gathering(rows: rows))
        }
    }
}
