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

    public init(names: [String], values: [Tensor?]) {
        self.names = names
        self.values = values
    }

    /// The Euclidean norm of all gradients taken together.
    public var norm: Float { gradientNorm(values) }

    /// The gradients with each one changed by `transform`; those that are nil stay so.
    public func map(_ transform: (_ name: String, _ gradient: Tensor) -> Tensor) -> Gradients {
        Gradients(names: names, values: zip(names, values).map { name, value in value.map { transform(name, $0) } })
    }

    /// Only the gradients of some parameters; the others are nil.
    public func filter(_ isKept: (_ name: String) -> Bool) -> Gradients {
        Gradients(names: names, values: zip(names, values).map { isKept($0) ? $1 : nil })
    }

    /// These gradients and others, name by name; one of the two stands where the other is nil or missing.
    public func combined(with others: Gradients, _ combine: (Tensor, Tensor) -> Tensor) -> Gradients {
        let theirs =
            names == others.names
            ? others.values
            : {
                let byName = Dictionary(zip(others.names, others.values)) { first, _ in first }
                return names.map { byName[$0] ?? nil }
            }()
        return Gradients(
            names: names,
            values: zip(values, theirs).map { mine, other in
                guard let mine, let other else { return mine ?? other }
                return combine(mine, other)
            })
    }

    /// The sum of the products of all entries that both have, in double precision.
    ///
    /// - Parameter others: gradients of the same names in the same order.
    public func dot(_ others: Gradients) -> Double {
        zip(values, others.values).reduce(0) { sum, pair in
            guard let mine = pair.0, let other = pair.1 else { return sum }
            return sum
                + mine.withUnsafeValues { mine in
                    other.withUnsafeValues { other in zip(mine, other).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
                }
        }
    }

    public static func + (left: Gradients, right: Gradients) -> Gradients { left.combined(with: right, +) }

    public static func - (left: Gradients, right: Gradients) -> Gradients { left + right * -1 }

    public static func * (left: Gradients, factor: Float) -> Gradients { left.map { $1 * factor } }
}

/// The objective of one step, for hooks that need other gradients than the one they are given.
///
/// Every call costs a forward and a backward pass over the same batch with the same random draws; parameters, running statistics and
/// random streams are as before afterwards.
public struct StepObjective {
    /// The terms of the loss at this step: `task` for the criterion, and each penalty by its instance name.
    public let terms: [String]

    /// The numbers that the terms have logged of this step up to now, by their whole names, such as `unimodal-loss.video.accuracy`.
    public let reports: [Penalty.Report]

    private let moved: (Gradients) throws -> Gradients
    private let term: (String) throws -> Gradients?
    private let rows: ([Int]) throws -> Gradients

    /// - Parameters:
    ///   - terms: the terms of the loss.
    ///   - reports: the numbers that they have logged.
    ///   - moved: the gradients with each parameter moved by a displacement.
    ///   - term: the gradients of one term; nil where there is none of that name.
    ///   - rows: the gradients of the loss of some samples alone.
    public init(
        terms: [String] = ["task"], reports: [Penalty.Report] = [], movedBy moved: @escaping (Gradients) throws -> Gradients,
        ofTerm term: @escaping (String) throws -> Gradients? = { _ in nil },
        ofRows rows: @escaping ([Int]) throws -> Gradients
    ) {
        self.terms = terms
        self.reports = reports
        self.moved = moved
        self.term = term
        self.rows = rows
    }

    /// The gradients of the loss with each parameter moved by a displacement.
    public func gradients(movedBy displacement: Gradients) throws -> Gradients { try moved(displacement) }

    /// The gradients of one term of the loss, as weighted, before any regularizer changed them; nil where no term has that name.
    public func gradients(of name: String) throws -> Gradients? { try term(name) }

    /// The gradients of the loss of some of the batch's samples, as if there were no others.
    public func gradients(ofRows rows: [Int]) throws -> Gradients { try self.rows(rows) }

    /// The same objective for a hook that is shown some of the batch's samples alone, and names them by their places among these.
    func showing(rows shown: [Int]) -> StepObjective {
        let count = shown.count
        return StepObjective(
            terms: terms, movedBy: moved, ofTerm: term,
            ofRows: { chosen in try rows(chosen.map { (0..<count).contains($0) ? shown[$0] : -1 }) })
    }

    /// The same objective after `change` was applied to each of its gradients of the whole loss.
    ///
    /// - Parameter change: is given the objective seen from where its gradients were taken, so that displacements add up.
    func changing(_ change: @escaping (Gradients, StepObjective) throws -> Gradients) -> StepObjective {
        StepObjective(
            terms: terms, reports: reports,
            movedBy: { displacement in
                let there = StepObjective(
                    terms: terms, reports: reports, movedBy: { try moved(displacement + $0) }, ofTerm: term, ofRows: rows)
                return try change(try moved(displacement), there)
            },
            ofTerm: term, ofRows: { chosen in try change(try rows(chosen), self) })
    }
}
