import Networks
import Tensors

/// Anything that shapes training beyond the base loss.
///
/// A regularizer says what it does by conforming to one or more hooks:
///
///     inputs ──encode──► embeddings ──ChangesEmbeddings──► fuse ──► prediction
///     targets ──ChangesTargets──► targets       loss = criterion(prediction, targets) + AddsPenalty
///     loss ──differentiate──► gradients ──ChangesGradients──► optimizer ──► FollowsUpdates
///     after each epoch: FollowsValidation        in evaluation and in checkpoints: the weights of AveragesWeights
///
/// Hooks have no default implementations: one that is misspelt does not compile, and a regularizer without any cannot be registered.
///
/// Name, weight, schedule, `on:` and `at:` are handled by ``RegularizerTerm`` around every regularizer, never in it. It also checks what
/// hooks return. A hook may throw; the training then fails under the term's name, and nothing else does.
///
/// A regularizer that keeps state from step to step lists that state in ``parts`` (a `Buffer` for what is not trained), so that it is
/// saved in checkpoints, and changes it in ``FollowsUpdates/follow(_:learningRate:)`` and ``FollowsValidation/follow(_:)`` alone: the other hooks may be called more than once
/// in a step.
public protocol Regularizer {
    /// Parameters and buffers of its own: trained and saved together with the model.
    var parts: Parts { get }
}

extension Regularizer {
    public var parts: Parts { [:] }
}

/// Adds a term to the loss.
public protocol AddsPenalty: Regularizer {
    /// - Returns: the term, a scalar, with numbers for the log; nil for none at this step.
    func penalty(_ step: TrainingStep) throws -> Penalty?
}

/// Changes embeddings on their way from the encoders to the fusion.
public protocol ChangesEmbeddings: Regularizer {
    /// Called in training and in evaluation; what belongs to training only asks `forward.isTraining`.
    ///
    /// - Returns: embeddings of the same modalities and shapes.
    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) throws -> Embeddings
}

/// Changes the targets of the base loss.
public protocol ChangesTargets: Regularizer {
    /// Called in training only.
    ///
    /// - Parameter targets: as the criterion reads them, see ``Targets/array``: for classes `N×K`, each row a distribution.
    /// - Returns: targets of the same shape, without a record for gradients.
    func changedTargets(_ targets: Tensor, in forward: ForwardPass) throws -> Tensor
}

/// Changes the gradients on their way to the optimizer.
public protocol ChangesGradients: Regularizer {
    /// - Parameters:
    ///   - gradients: of the whole loss, as the regularizers before this one have left them.
    ///   - step: the step that they were taken of.
    ///   - objective: gives other gradients of the same step: at moved weights, of one term, of some rows.
    /// - Returns: gradients of the same names and shapes.
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients
}

/// Acts after each update of the parameters: to change them directly, or to take something of the step into its own state.
public protocol FollowsUpdates: Regularizer {
    /// - Parameters:
    ///   - step: the step that led to the update. Its arrays carry no record for gradients, so that they may be kept. Its model has been
    ///     updated.
    ///   - learningRate: the optimizer's, times the term's weight: the size of step that the term may take.
    func follow(_ step: TrainingStep, learningRate: Float) throws
}

/// Acts after each epoch by what the source validation samples show: to weigh terms, or to choose weights.
///
/// It sees source samples alone. A training without validation samples never calls it.
public protocol FollowsValidation: Regularizer {
    /// - Parameter validation: the samples, and what the model makes of them.
    func follow(_ validation: ValidationRound) throws
}

/// Keeps other weights for the model, which are evaluated and saved in place of its own.
public protocol AveragesWeights: Regularizer {
    /// The average; nil to evaluate the model as it is trained.
    var averagedWeights: (any WeightAverage)? { get }
}

/// Reads a covariance, a correlation or another second moment, for which it matters whether there are more samples than features;
/// `regulus check` then prints both numbers.
public protocol ReadsCovariance: Regularizer {
    /// The number of samples that the second moment is taken over: `batchSize` itself where it is taken over the batch.
    func covarianceSamples(batchSize: Int) -> Int
}

/// Looks at which samples have which modality and how many tokens are real, and leaves out the rest: see ``Embedding/presence``.
///
/// Where a batch has all modalities of all samples, this changes nothing. Where it has not, a regularizer that conforms is given the whole
/// batch and counts what is there: ``Penalty/sum(over:_:)``, ``Embedding/present``, ``Embedding/mapPresent(_:)`` and ``Embeddings/complete``
/// do. The contract checks it. One that reads no embeddings at all conforms as well.
///
/// A regularizer that does not conform need not know of missing modalities, and is never given what is not there: it sees those samples
/// alone that have all modalities of the term, as if there were no others. Its penalty and its changes of embeddings are left out where
/// fewer of them are left than its smallest batch. Of padded tokens a penalty is not given any; a regularizer that would change padded
/// tokens, or gradients of a model that reads them, is refused when it meets some.
public protocol ReadsPresence: Regularizer {}

/// Reads other terms of the loss by their names; a recipe whose row lacks one of them is refused.
public protocol ReadsTerms: Regularizer {
    /// Their instance names; `task` is the base loss.
    var termsRead: [String] { get }
}

/// The hooks, in the order in which a training step comes to them.
public enum RegularizerHook: String, CaseIterable, Hashable, Sendable {
    case embeddings, targets, penalty, gradients, updates, validation, weights

    /// What a regularizer with this hook does, as a part of a sentence.
    public var summary: String {
        switch self {
        case .embeddings: "changes embeddings"
        case .targets: "changes targets"
        case .penalty: "adds a penalty"
        case .gradients: "changes gradients"
        case .updates: "follows updates"
        case .validation: "follows validation"
        case .weights: "averages weights"
        }
    }

    /// The hooks that a type conforms to.
    public static func all(of type: any Regularizer.Type) -> [RegularizerHook] {
        allCases.filter { hook in
            switch hook {
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
}
