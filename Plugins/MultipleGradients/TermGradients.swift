import Configuration
import Regularization

/// The gradients of several terms of a step's loss, of which a regularizer makes one.
struct TermGradients {
    /// The names of the terms.
    let terms: [String]
    /// The gradient of each.
    let gradients: [Gradients]

    /// Computes the gradients of some terms: a forward and a backward pass for each.
    ///
    /// - Parameters:
    ///   - terms: the names of terms.
    ///   - objective: the loss.
    ///   - option: the option that names them.
    /// - Throws: `OptionFault` of the option where the loss lacks one of them, and what a forward pass throws.
    init(_ terms: [String], of objective: StepObjective, namedBy option: String) throws {
        self.terms = terms
        gradients = try terms.map { try objective.gradients(of: $0, namedBy: option) }
    }

    private init(_ pairs: [(String, Gradients)]) { (terms, gradients) = (pairs.map(\.0), pairs.map(\.1)) }

    /// Without the terms whose gradient is 0.
    var withoutZeros: TermGradients { TermGradients(zip(terms, gradients).filter { $1.norm != 0 }) }

    /// Whether there is something to combine: two gradients at least, all of them finite.
    var canBeCombined: Bool { gradients.count > 1 && gradients.allSatisfy { $0.norm.isFinite } }

    /// A gradient of the whole loss with each term's part moved. What earlier regularizers have changed in it stays.
    ///
    /// - Parameter move: what is added, from the position of a term and its gradient.
    func moving(_ whole: Gradients, by move: (_ index: Int, _ gradient: Gradients) -> Gradients) -> Gradients {
        gradients.indices.reduce(whole) { $0 + move($1, gradients[$1]) }
    }
}

extension StepObjective {
    /// The gradient of a term that an option names.
    ///
    /// - Throws: `OptionFault` of the option where the loss has no such term.
    func gradients(of term: String, namedBy option: String) throws -> Gradients {
        guard let gradients = try gradients(of: term) else {
            throw OptionFault(
                option: option, expected: "a term of the loss: " + terms.joined(separator: ", "), found: term,
                suggestion: nearestName(to: term, among: terms))
        }
        return gradients
    }
}

extension Gradients {
    /// Those of one modality's encoder, and of what a regularizer owns for it where one is named; the others become nil.
    func ofEncoder(_ modality: Modality, and regularizer: String? = nil) -> Gradients {
        let prefixes = ["encoders.\(modality)."] + (regularizer.map { ["regularizers.\($0).\(modality)."] } ?? [])
        return filter { name in prefixes.contains { name.hasPrefix($0) } }
    }
}
