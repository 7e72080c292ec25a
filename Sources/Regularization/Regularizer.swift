import Networks
import Tensors

/// Anything that shapes training beyond the base loss.
///
/// A regularizer says what it does by conforming to one or more hooks:
///
///     inputs ──encode, ChangesFeatureMaps──► embeddings ──ChangesEmbeddings──► fuse ──► prediction
///     targets ──ChangesTargets──► targets       loss = criterion(prediction, targets) + AddsPenalty
///     loss ──differentiate──► gradients ──ChangesGradients──► optimizer ──► FollowsUpdates
///     after each epoch: FollowsValidation        in evaluation and in checkpoints: the weights of AveragesWeights
///
/// Hooks have no default implementations: a misspelt one does not compile, and a regularizer without
/// any cannot be registered.
///
/// ``RegularizerTerm`` wraps every regularizer and takes care of the name, the weight, the schedule,
/// `on:` and `at:`, so that no regularizer has to. It also checks what hooks return. A hook may throw;
/// the training then fails under the term's name, and other trainings go on.
///
/// A regularizer that keeps state from step to step lists it in ``parts`` (as a `Buffer` where it is
/// not trained), so that it is saved in checkpoints. It changes that state only in
/// ``FollowsUpdates/follow(_:learningRate:)`` and ``FollowsValidation/follow(_:)``: the other hooks may
/// be called more than once in a step.
public protocol Regularizer {
    /// The regularizer's own parameters and buffers: trained and saved together with the model. None by
    /// default.
    var parts: Parts { get }
}

extension Regularizer {
    public var parts: Parts { [:] }
}

/// Adds a term to the loss.
public protocol AddsPenalty: Regularizer {
    /// The term of the loss at this step, before the weight of the recipe.
    ///
    /// It may be called without gradients being recorded, to log the value of a term whose weight is 0.
    ///
    /// - Returns: a scalar with numbers for the log; nil where the regularizer has nothing to say at
    ///   this step.
    func penalty(_ step: TrainingStep) throws -> Penalty?
}

/// Changes maps of features inside the encoders, at points that the encoders name.
///
/// A recipe says where by `points: [layer1, layer2]`; where it does not, ``RegularizerPlugin/points(among:)`` does. What a regularizer
/// encodes anew by itself, as by ``TrainingStep/encoded(_:)``, has the maps as they are without it.
public protocol ChangesFeatureMaps: Regularizer {
    /// Called in training only, for each map at one of the term's points.
    ///
    /// - Parameters:
    ///   - map: the samples that have the modality.
    ///   - modality: whose encoder it is.
    ///   - forward: the pass, with targets and domains of just these samples.
    /// - Returns: values of the same shape.
    func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) throws -> Tensor
}

/// Changes embeddings on their way from the encoders to the fusion, such as noise or dropout.
public protocol ChangesEmbeddings: Regularizer {
    /// Called in training and in evaluation; a change that belongs to training only asks
    /// `forward.isTraining`.
    ///
    /// - Parameters:
    ///   - embeddings: as the regularizers before this one left them.
    ///   - forward: the pass, with targets and domains in training, and random numbers of the term's
    ///     own.
    /// - Returns: embeddings of the same modalities and shapes, finite where they were finite before.
    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) throws -> Embeddings
}

/// Changes the targets that the base loss sees in training, such as smoothed labels. Evaluation always
/// uses the original ones.
public protocol ChangesTargets: Regularizer {
    /// Called in training only.
    ///
    /// - Parameter targets: as the criterion reads them, see ``Targets/array``: for classes `N×K`, each
    ///   row a distribution.
    /// - Returns: targets of the same shape that do not depend on anything trained.
    func changedTargets(_ targets: Tensor, in forward: ForwardPass) throws -> Tensor
}

/// Changes the gradients on their way to the optimizer, such as projecting conflicting ones or taking
/// them at moved weights.
public protocol ChangesGradients: Regularizer {
    /// - Parameters:
    ///   - gradients: of the whole loss, as the regularizers before this one have left them.
    ///   - step: the step that they were taken of.
    ///   - objective: gives other gradients of the same step: at moved weights, of one term, of some
    ///     rows.
    /// - Returns: gradients of the same names and shapes.
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients
}

/// Acts after each update of the parameters: changes them directly, or takes something of the step into
/// its own state.
public protocol FollowsUpdates: Regularizer {
    /// - Parameters:
    ///   - step: the step that led to the update. Its arrays carry no record of gradients, so that they
    ///     may be kept. Its model has already been updated.
    ///   - learningRate: the optimizer's rate times the term's effective weight: how far the term may
    ///     move parameters.
    func follow(_ step: TrainingStep, learningRate: Float) throws
}

/// Acts after each epoch on what the source validation samples show: to weigh terms, or to choose
/// weights.
///
/// It sees source samples alone, never the held-out domain. A training without validation samples never
/// calls it.
public protocol FollowsValidation: Regularizer {
    /// - Parameter validation: the samples, and what the model makes of them.
    func follow(_ validation: ValidationRound) throws
}

/// Provides other weights for the model, which are evaluated and saved in place of its own.
public protocol AveragesWeights: Regularizer {
    /// The average of the model's weights; nil while the model is to be evaluated as it is trained.
    var averagedWeights: (any WeightAverage)? { get }
}

/// Declares that the regularizer computes a covariance, a correlation or another second moment, for
/// which it matters whether there are more samples than features.
///
/// `regulus check` then prints both numbers.
public protocol ReadsCovariance: Regularizer {
    /// The number of samples that the second moment is taken over.
    ///
    /// - Parameter batchSize: the number of samples in a batch, which is the answer where the moment is
    ///   taken over the batch.
    func covarianceSamples(batchSize: Int) -> Int
}

/// Declares that the regularizer itself leaves out missing samples and padded tokens; see
/// ``Embedding/presence``.
///
/// Where every sample of a batch has all modalities this makes no difference. Otherwise a regularizer
/// that conforms is given the whole batch and counts only what is real; ``Penalty/sum(over:_:)``,
/// ``Embedding/present``, ``Embedding/mapPresent(_:)`` and ``Embeddings/complete`` do this for it, and
/// the contract checks it. A regularizer that reads no embeddings at all conforms as well.
///
/// A regularizer that does not conform never meets a missing modality: it is given only those samples
/// that have all modalities of the term, as if there were no others. Where fewer of them are left than
/// its smallest batch, its penalty and its changes of embeddings are skipped. Its penalty is given no
/// padded tokens. If it would change padded tokens, or the gradients of a model that reads them, the
/// training fails with a message that says so.
public protocol ReadsPresence: Regularizer {}

/// Reads other terms of the loss by name; a recipe whose row lacks one of them is refused.
public protocol ReadsTerms: Regularizer {
    /// The instance names of the terms that it reads; `task` is the base loss.
    var termsRead: [String] { get }
}

/// The hooks, in the order in which they are called in a training step.
public enum RegularizerHook: String, CaseIterable, Hashable, Sendable {
    /// Of ``ChangesFeatureMaps``.
    case featureMaps = "feature maps"
    /// Of ``ChangesEmbeddings``.
    case embeddings
    /// Of ``ChangesTargets``.
    case targets
    /// Of ``AddsPenalty``.
    case penalty
    /// Of ``ChangesGradients``.
    case gradients
    /// Of ``FollowsUpdates``.
    case updates
    /// Of ``FollowsValidation``.
    case validation
    /// Of ``AveragesWeights``.
    case weights

    /// What a regularizer with this hook does, as part of a sentence: `adds a penalty`.
    public var summary: String {
        switch self {
        case .featureMaps: "changes feature maps"
        case .embeddings: "changes embeddings"
        case .targets: "changes targets"
        case .penalty: "adds a penalty"
        case .gradients: "changes gradients"
        case .updates: "follows updates"
        case .validation: "follows validation"
        case .weights: "averages weights"
        }
    }

    /// The protocol that a regularizer with this hook conforms to.
    var conformance: String {
        switch self {
        case .featureMaps: "\((any ChangesFeatureMaps).self)"
        case .embeddings: "\((any ChangesEmbeddings).self)"
        case .targets: "\((any ChangesTargets).self)"
        case .penalty: "\((any AddsPenalty).self)"
        case .gradients: "\((any ChangesGradients).self)"
        case .updates: "\((any FollowsUpdates).self)"
        case .validation: "\((any FollowsValidation).self)"
        case .weights: "\((any AveragesWeights).self)"
        }
    }

    /// The hooks that a type conforms to, in the order of a step; empty for a type without any.
    public static func all(of type: any Regularizer.Type) -> [RegularizerHook] { allCases.filter { $0.isHook(of: type) } }

    /// Whether a type conforms to this hook.
    func isHook(of type: any Regularizer.Type) -> Bool {
        switch self {
        case .featureMaps: type is any ChangesFeatureMaps.Type
        case .embeddings: type is any ChangesEmbeddings.Type
        case .targets: type is any ChangesTargets.Type
        case .penalty: type is any AddsPenalty.Type
        case .gradients: type is any ChangesGradients.Type
        case .updates: type is any FollowsUpdates.Type
        case .validation: type is any FollowsValidation.Type
        case .weights: type is any AveragesWeights.Type
        }
    }
}

/// A term of the loss, with numbers to be logged beside it.
public struct Penalty {
    /// One logged number under its name.
    public typealias Report = (name: String, value: Float)

    /// The term, a scalar that is differentiated together with the loss.
    public var value: Tensor

    /// Numbers for the log, in order. The wrapper puts the instance's name in front of each: `spectral`
    /// becomes `mer.spectral`.
    public var reports: [Report]

    /// - Parameters:
    ///   - value: a scalar.
    ///   - reports: named numbers that are logged and otherwise ignored.
    public init(value: Tensor, reports: [Report] = []) {
        self.value = value
        self.reports = reports
    }

    /// The first logged number that is NaN or infinite, which tells where a penalty went wrong; nil
    /// where all are finite.
    public var firstNonFiniteReport: Report? {
        reports.first { !$0.value.isFinite }
    }

    /// The sum of a penalty over modalities. Each modality's numbers are logged under its name:
    /// `spectral` becomes `video.spectral`.
    ///
    /// - Parameters:
    ///   - embeddings: those that the term reads, such as the step's `originalEmbeddings`.
    ///   - penalty: the penalty of one modality, given the pooled embeddings `P×D` of the samples that
    ///     have it; nil to leave the modality out. It is not called where no sample has the modality.
    /// - Returns: nil where no modality has a penalty.
    public static func sum(
        over embeddings: Embeddings, _ penalty: (_ z: Tensor, _ modality: Modality) throws -> Penalty?
    ) rethrows -> Penalty? {
        sum(
            try embeddings.compactMap { modality, embedding in
                let z = embedding.present
                guard embedding.presence.samples == nil || z.shape[0] > 0, var one = try penalty(z, modality) else { return nil }
                one.reports = one.reports.map { ("\(modality).\($0.name)", $0.value) }
                return one
            })
    }

    /// The sum of penalties with all their numbers, in order; nil where there is none.
    public static func sum(_ penalties: [Penalty]) -> Penalty? {
        penalties.reduce(nil) { sum, next in
            sum.map { Penalty(value: $0.value + next.value, reports: $0.reports + next.reports) } ?? next
        }
    }

    /// The penalty times a factor; the logged numbers stay.
    public static func * (penalty: Penalty, factor: Float) -> Penalty {
        Penalty(value: penalty.value * factor, reports: penalty.reports)
    }
}

/// The source validation samples after an epoch, for hooks that act on what they see there.
///
/// Everything is computed with the model as it is trained, not with an average that is evaluated in its
/// place, and without a record of gradients.
public struct ValidationRound {
    /// The pass of an evaluation, at the last step of the epoch.
    public let pass: Pass

    private let measure: () throws -> Double
    private let steps: ((TrainingStep) throws -> Void) throws -> Void

    /// - Parameters:
    ///   - pass: one of evaluation.
    ///   - loss: computes the mean base loss over all samples.
    ///   - steps: calls its argument with each batch.
    public init(pass: Pass, loss: @escaping () throws -> Double, steps: @escaping ((TrainingStep) throws -> Void) throws -> Void) {
        self.pass = pass
        measure = loss
        self.steps = steps
    }

    /// The mean base loss over all validation samples. It costs a forward pass over them at each call.
    public func loss() throws -> Double { try measure() }

    /// Calls `body` with each batch, as a step in evaluation. It costs a forward pass over the samples
    /// at each call.
    public func forEach(_ body: (TrainingStep) throws -> Void) throws { try steps(body) }
}
