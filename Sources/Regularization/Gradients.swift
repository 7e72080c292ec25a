import Networks
import Tensors

/// The gradient of the loss with respect to everything that is trained, by name.
///
/// Names are those of the state: `encoders.<modality>.…` and `fusion.…` for the model, `regularizers.<instance>.…` for what regularizers
/// own. A parameter that the loss does not depend on has no gradient. The same value also says how far to move each parameter
/// (a displacement).
public struct Gradients {
    /// The names of all trained parameters, in the order in which the optimizer has them.
    public let names: [String]

    /// One entry for each name, in the shape of its parameter; nil where the loss does not depend on it.
    public private(set) var values: [Tensor?]

    /// - Precondition: as many values as names.
    public init(names: [String], values: [Tensor?]) {
        require(names.count == values.count, "Gradients: \(values.count) values for \(names.count) names")
        self.names = names
        self.values = values
    }

    /// The Euclidean norm of all gradients taken together.
    public var norm: Float { gradientNorm(values) }

    /// The gradients with each one changed by `transform`; those that are nil stay so.
    public func map(_ transform: (_ name: String, _ gradient: Tensor) -> Tensor) -> Gradients {
        Gradients(names: names, values: zip(names, values).map { name, value in value.map { transform(name, $0) } })
    }

    /// These gradients and others, entry by entry; one of the two stands where the other is nil.
    ///
    /// - Precondition: both have the same names.
    public func combined(with others: Gradients, _ combine: (Tensor, Tensor) -> Tensor) -> Gradients {
        require(names == others.names, "Gradients: the names differ: \(names.count) and \(others.names.count) of them")
        return Gradients(
            names: names,
            values: zip(values, others.values).map { mine, other in
                guard let mine, let other else { return mine ?? other }
                return combine(mine, other)
            })
    }

    public static func + (left: Gradients, right: Gradients) -> Gradients { left.combined(with: right, +) }

    public static func * (left: Gradients, factor: Float) -> Gradients { left.map { $1 * factor } }
}
