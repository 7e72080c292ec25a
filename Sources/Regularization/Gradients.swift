import Networks
import Tensors

/// The gradient of a loss with respect to everything that is trained, by name.
///
/// Names are those of the saved state: `encoders.<modality>.…` and `fusion.…` for the model,
/// `regularizers.<instance>.…` for what regularizers own. A parameter on which the loss does not depend
/// has no gradient (nil). The same type also says how far to move each parameter, a displacement.
public struct Gradients {
    /// The names of all trained parameters, in the order in which the optimizer has them.
    public let names: [String]

    /// One entry for each name, in the shape of its parameter; nil where the loss does not depend on
    /// it.
    public private(set) var values: [Tensor?]

    /// - Parameters:
    ///   - names: those of all trained parameters, in the optimizer's order.
    ///   - values: one for each name; nil for no gradient.
    public init(names: [String], values: [Tensor?]) {
        self.names = names
        self.values = values
    }

    /// The Euclidean norm of all gradients taken together.
    public var norm: Float { gradientNorm(values) }

    /// The gradients, each replaced by what `transform` returns; those that are nil stay nil.
    public func map(_ transform: (_ name: String, _ gradient: Tensor) -> Tensor) -> Gradients {
        Gradients(names: names, values: zip(names, values).map { name, value in value.map { transform(name, $0) } })
    }

    /// Only the gradients whose names are kept; the others become nil.
    public func filter(_ isKept: (_ name: String) -> Bool) -> Gradients {
        Gradients(names: names, values: zip(names, values).map { isKept($0) ? $1 : nil })
    }

    /// These gradients combined with others, name by name. Where one of the two is nil or missing, the
    /// other one is taken as it is.
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

    /// The inner product with other gradients, summed in double precision; entries that one of the two
    /// lacks count as 0.
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

    /// The sum; where one of the two is nil, the other one.
    public static func + (left: Gradients, right: Gradients) -> Gradients { left.combined(with: right, +) }

    /// The difference; where one of the two is nil, the other one or its negative.
    public static func - (left: Gradients, right: Gradients) -> Gradients { left + right * -1 }

    /// Each gradient times a factor.
    public static func * (left: Gradients, factor: Float) -> Gradients { left.map { $1 * factor } }
}

/// The loss of the current step as a function, for hooks that need other gradients than the one they
/// were given.
///
/// Every call costs a forward and a backward pass over the same batch with the same random numbers.
/// Parameters, running statistics and random streams are the same afterwards as before.
public struct StepObjective {
    /// The terms of the loss at this step: `task` for the criterion, and each penalty by its instance
    /// name.
    public let terms: [String]

    /// The numbers that terms have logged in this step so far, by their full names, such as
    /// `unimodal-loss.video.accuracy`.
    public let reports: [Penalty.Report]

    private let moved: (Gradients) throws -> Gradients
    private let term: (String, Gradients?) throws -> Gradients?
    private let rows: ([Int], Gradients?) throws -> Gradients

    /// - Parameters:
    ///   - terms: the names of the terms of the loss.
    ///   - reports: the numbers that they have logged.
    ///   - moved: computes the gradients with each parameter moved by a displacement.
    ///   - term: computes the gradients of one term, with each parameter moved by a displacement if there
    ///     is one; nil for an unknown name.
    ///   - rows: computes the gradients of the loss of some samples alone, with each parameter moved by a
    ///     displacement if there is one.
    public init(
        terms: [String] = ["task"], reports: [Penalty.Report] = [], movedBy moved: @escaping (Gradients) throws -> Gradients,
        ofTerm term: @escaping (String, Gradients?) throws -> Gradients? = { _, _ in nil },
        ofRows rows: @escaping ([Int], Gradients?) throws -> Gradients
    ) {
        self.terms = terms
        self.reports = reports
        self.moved = moved
        self.term = term
        self.rows = rows
    }

    /// The gradients of the loss with each parameter moved by a displacement, as for sharpness-aware
    /// minimization.
    ///
    /// - Throws: ``TrainingFailure`` where a displacement's shape does not fit, or the forward pass
    ///   fails.
    public func gradients(movedBy displacement: Gradients) throws -> Gradients { try moved(displacement) }

    /// The gradients of one term of the loss, with its weight, before any regularizer changed them; nil
    /// where no term has this name.
    ///
    /// - Parameter displacement: what each parameter is moved by; nil for none.
    public func gradients(of name: String, movedBy displacement: Gradients? = nil) throws -> Gradients? { try term(name, displacement) }

    /// The gradients of the loss of some of the batch's samples, as if there were no others.
    ///
    /// - Parameters:
    ///   - rows: positions in the batch, at least one.
    ///   - displacement: what each parameter is moved by; nil for none.
    /// - Throws: ``TrainingFailure`` where a row is not in the batch.
    public func gradients(ofRows rows: [Int], movedBy displacement: Gradients? = nil) throws -> Gradients { try self.rows(rows, displacement) }

    /// The same objective for a hook that sees only some of the batch's samples and numbers them from
    /// 0.
    func showing(rows shown: [Int]) -> StepObjective {
        let count = shown.count
        return StepObjective(
            terms: terms, movedBy: moved, ofTerm: term,
            ofRows: { chosen, displacement in try rows(chosen.map { (0..<count).contains($0) ? shown[$0] : -1 }, displacement) })
    }

    /// The same objective with `change` applied to each of its gradients of the whole loss.
    ///
    /// - Parameter change: is also given the objective as seen from where its gradients were taken, so
    ///   that displacements add up.
    func changing(_ change: @escaping (Gradients, StepObjective) throws -> Gradients) -> StepObjective {
        StepObjective(
            terms: terms, reports: reports, movedBy: { try change(try moved($0), seen(from: $0)) }, ofTerm: term,
            ofRows: { try change(try rows($0, $1), $1.map(seen) ?? self) })
    }

    /// The same objective where the parameters have already been moved.
    private func seen(from displacement: Gradients) -> StepObjective {
        func further(_ more: Gradients?) -> Gradients { more.map { displacement + $0 } ?? displacement }
        return StepObjective(
            terms: terms, reports: reports, movedBy: { try moved(further($0)) }, ofTerm: { try term($0, further($1)) },
            ofRows: { try rows($0, further($1)) })
    }
}
