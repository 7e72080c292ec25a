import Configuration
import Datasets
import Recipes
import Regularization
import Training

/// Faults of one variant at their places. What many rows, targets and seeds have in common is said once.
struct FaultList {
    private let recipe: Recipe
    private(set) var diagnostics: [Diagnostic] = []
    private var seen: Set<Key> = []

    private struct Key: Hashable {
        let location: SourceLocation
        let topic: String
    }

    init(_ recipe: Recipe) { self.recipe = recipe }

    /// - Parameter topic: what two faults of one place have in common that are not worth two messages; its message by default.
    mutating func add(_ fault: RecipeFault, topic: String? = nil) {
        let diagnostic = recipe.diagnostic(fault)
        let key = Key(location: diagnostic.location, topic: topic ?? "\(fault.message) \(fault.expected ?? "")")
        if seen.insert(key).inserted { diagnostics.append(diagnostic) }
    }

    /// - Parameter path: the row whose data cannot be divided.
    mutating func add(_ error: DivisionFault, at path: RecipePath) {
        let fault = error.fault
        let place =
            switch error {
            case .split: RecipePath("evaluation", "validation")
            case .batch: path["training"]["batch"]
            }
        add(RecipeFault(place, fault.message, expected: fault.expected, suggestion: fault.suggestion), topic: "division")
    }
}

extension RecipeFault {
    /// - Parameter subject: what the option is of: `fusion cross-attention`.
    init(_ fault: OptionFault, of subject: String, at path: RecipePath) {
        let message = fault.option.map { "\($0) of \(subject) \(fault.problem)" } ?? "\(subject) cannot be made: found \(fault.found)"
        self.init(path[fault.option], message, expected: fault.expected, suggestion: fault.suggestion)
    }

    /// A fault of a term of a row, or of one inside its sums.
    init(_ fault: OptionFault, in term: TermPlan, of row: String, at path: RecipePath) {
        var (term, path) = (term, path)
        for index in fault.terms where term.terms.indices.contains(index) { (term, path) = (term.terms[index], path["terms"][index]) }
        let kind = term.terms.isEmpty ? "regularizer" : "sum"
        self.init(fault, of: "\(kind) '\(term.instance)' in row '\(row)'", at: path)
        // Points at the unknown name itself, not at the list that contains it.
        if let option = fault.option, ["on", "points"].contains(option) {
            self = RecipeFault(self.path[fault.found], message, expected: expected, suggestion: suggestion)
        }
    }
}

extension OptionFault {
    /// What is wrong with the option, as the end of a sentence that begins with its name.
    var problem: String { unreadable.map { "cannot be read: \($0)" } ?? "does not fit: found \(found)" }
}
