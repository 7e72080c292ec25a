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
    public func penalty(_ step: TrainingStep) -> Penalty? {
        terms.compactMap { $0.penalty(step) }.reduce(nil) { sum, next in
            sum.map { Penalty(value: $0.value + next.value, reports: $0.reports + next.reports) } ?? next
        }
    }

    public func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass) {
        for term in terms { term.didUpdate(model, learningRate: learningRate, pass: pass) }
    }
}
