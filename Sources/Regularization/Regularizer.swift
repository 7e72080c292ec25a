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

/// A term of the loss, and numbers to be logged beside it.
public struct Penalty {
    /// One logged number.
    public typealias Report = (name: String, value: Float)

    /// The term, a scalar that gradients may be asked of.
    public var value: Tensor

    /// Numbers for the log, in order. The wrapper puts the instance's name before each: `spectral` becomes `mer.spectral`.
    public var reports: [Report]

    public init(value: Tensor, reports: [Report] = []) {
        self.value = value
        self.reports = reports
    }

    /// The first logged number that is NaN or infinite: names the term that went wrong.
    public var firstNonFiniteReport: Report? {
        reports.first { !$0.value.isFinite }
    }

    /// The sum of a penalty over modalities, each one's numbers logged under the modality's name: `spectral` becomes `video.spectral`.
    ///
    /// - Parameters:
    ///   - embeddings: those that the term reads, such as the step's `originalEmbeddings`.
    ///   - penalty: the penalty of one modality's pooled embedding, `P×D`: those of the samples that have the modality. Nil to leave it
    ///     out. It is not asked where none of the samples has the modality.
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

/// A look at the source validation samples after an epoch, for hooks that act by what they see there.
///
/// What it gives is of the model as it is trained, not of an average that is evaluated in its place, and carries no record for gradients.
public struct ValidationRound {
    /// The pass of an evaluation, at the last step of the epoch.
    public let pass: Pass

    private let measure: () throws -> Double
    private let steps: ((TrainingStep) throws -> Void) throws -> Void

    /// - Parameters:
    ///   - pass: of an evaluation.
    ///   - loss: the mean base loss over all samples.
    ///   - steps: calls its argument with each batch.
    public init(pass: Pass, loss: @escaping () throws -> Double, steps: @escaping ((TrainingStep) throws -> Void) throws -> Void) {
        self.pass = pass
        measure = loss
        self.steps = steps
    }

    /// The mean base loss over all samples. Costs a pass over them.
    public func loss() throws -> Double { try measure() }

    /// Calls `body` with each batch, as a step in evaluation. Costs a pass over the samples.
    public func forEach(_ body: (TrainingStep) throws -> Void) throws { try steps(body) }
}
