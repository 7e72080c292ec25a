import Networks
import Tensors

/// Several terms as one regularizer: penalties are added up, changes are applied in order.
///
/// A list may itself stand inside a term, whose weight then applies to all of it.
public struct RegularizerList: ChangesFeatureMaps, ChangesEmbeddings, ChangesTargets, AddsPenalty, ChangesGradients, FollowsUpdates, FollowsValidation,
    AveragesWeights
{
    /// The terms, in the order of the recipe.
    public let terms: [RegularizerTerm]

    /// - Precondition: no two terms have the same instance name.
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

    public func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) throws(TrainingFailure) -> Tensor {
        var map = map
        for term in terms { map.values = try term.changedFeatureMap(map, of: modality, in: forward) }
        return map.values
    }

    /// Whether any term changes feature maps.
    var changesFeatureMaps: Bool { terms.contains { $0.hooks.contains(.featureMaps) } }

    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) throws(TrainingFailure) -> Embeddings {
        var embeddings = embeddings
        for term in terms { embeddings = try term.changedEmbeddings(embeddings, in: forward) }
        return embeddings
    }

    public func changedTargets(_ targets: Tensor, in forward: ForwardPass) throws(TrainingFailure) -> Tensor {
        var targets = targets
        for term in terms { targets = try term.changedTargets(targets, in: forward) }
        return targets
    }

    /// The sum of all terms' penalties with all their logged numbers; nil where no term has one.
    public func penalty(_ step: TrainingStep) throws(TrainingFailure) -> Penalty? { Penalty.sum(try penalties(step).map(\.penalty)) }

    /// Each term's penalty under its instance name, in order; terms without one are left out.
    package func penalties(_ step: TrainingStep) throws(TrainingFailure) -> [(instance: String, penalty: Penalty)] {
        var penalties: [(instance: String, penalty: Penalty)] = []
        for term in terms {
            if let penalty = try term.penalty(step) { penalties.append((term.instance, penalty)) }
        }
        return penalties
    }

    /// Each term changes what the terms before it left. Gradients that a term asks for anew have gone
    /// through the same terms, so that the order of the list means the same in every pass.
    public func changedGradients(
        _ gradients: Gradients, at step: TrainingStep, of objective: StepObjective
    ) throws(TrainingFailure) -> Gradients {
        var (gradients, objective) = (gradients, objective)
        for term in terms where term.hooks.contains(.gradients) {
            gradients = try term.changedGradients(gradients, at: step, of: objective)
            objective = objective.changing { try term.changedGradients($0, at: step.withoutLog(), of: $1) }
        }
        return gradients
    }

    public func follow(_ step: TrainingStep, learningRate: Float) throws(TrainingFailure) {
        for term in terms { try term.follow(step, learningRate: learningRate) }
    }

    public func follow(_ validation: ValidationRound) throws {
        for term in terms { try term.follow(validation) }
    }

    /// Whether any term looks at validation samples.
    package var followsValidation: Bool { terms.contains { $0.hooks.contains(.validation) } }

    /// The average of the last term that has one.
    public var averagedWeights: (any WeightAverage)? { lastAverage?.average }

    /// The same with the name of that term.
    var lastAverage: (instance: String, average: any WeightAverage)? {
        terms.reversed().lazy.compactMap { term in term.averagedWeights.map { (term.instance, $0) } }.first
    }
}
