import Networks
import Tensors

/// Several terms as one regularizer: penalties are summed, transforms are applied in order.
///
/// A list may itself stand inside a term, which then weights all of it.
public struct RegularizerList: Regularizer {
    /// The terms, in recipe order.
    public let terms: [RegularizerTerm]

    /// - Precondition: no instance name appears twice.
    public init(_ terms: [RegularizerTerm]) {
        require(
            Set(terms.map(\.instance)).count == terms.count,
            "RegularizerList: an instance name appears twice in \(terms.map(\.instance))")
        self.terms = terms
    }

    /// Each term's parts under its instance name.
    public var parts: Parts {
        Parts(terms.map { (name: $0.instance, part: $0.parts) })
    }

    public func transform(_ embeddings: Embeddings, pass: Pass) -> Embeddings {
        terms.reduce(embeddings) { $1.transform($0, pass: pass) }
    }

    public func transform(targets: Tensor, pass: Pass) -> Tensor {
        terms.reduce(targets) { $1.transform(targets: $0, pass: pass) }
    }

    /// The sum of all terms' penalties with all their logged numbers; nil where no term has one.
    public func penalty(_ step: TrainingStep) -> Penalty? { Self.sum(penalties(step).map(\.penalty)) }

    /// Each term's penalty under its instance name, in order; terms without one are left out.
    package func penalties(_ step: TrainingStep) -> [(instance: String, penalty: Penalty)] {
        terms.compactMap { term in term.penalty(step).map { (term.instance, $0) } }
    }

    /// Penalties as one; nil where there is none.
    package static func sum(_ penalties: [Penalty]) -> Penalty? {
        penalties.reduce(nil) { sum, next in
            sum.map { Penalty(value: $0.value + next.value, reports: $0.reports + next.reports) } ?? next
        }
    }

    /// Each term changes what the terms before it have left. What a term recomputes has gone through those as well, so that the order
    /// of the list means the same for every pass.
    public func transform(
        _ gradients: Gradients, step: TrainingStep, recomputing: (_ displacement: Gradients) -> Gradients
    ) -> Gradients {
        transform(gradients, step: step, recomputing: recomputing, terms: terms[...])
    }

    private func transform(
        _ gradients: Gradients, step: TrainingStep, recomputing: (_ displacement: Gradients) -> Gradients, terms: ArraySlice<RegularizerTerm>
    ) -> Gradients {
        guard let last = terms.last else { return gradients }
        func before(_ gradients: Gradients, _ moved: Gradients?) -> Gradients {
            transform(
                gradients, step: step, recomputing: { further in recomputing(moved.map { $0 + further } ?? further) }, terms: terms.dropLast())
        }
        return last.transform(before(gradients, nil), step: step) { before(recomputing($0), $0) }
    }

    public func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass) {
        for term in terms { term.didUpdate(model, learningRate: learningRate, pass: pass) }
    }

    /// Those of the last term that has some.
    public var evaluatedWeights: (any WeightAverage)? {
        terms.reversed().lazy.compactMap(\.evaluatedWeights).first
    }
}
