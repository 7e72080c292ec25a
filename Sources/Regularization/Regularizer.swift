import Networks
import Tensors

/// Anything that shapes training beyond the base loss.
///
/// Every hook has a do-nothing default; a regularizer implements the ones it needs:
///
///     inputs ──encode──► embeddings ──transform(embeddings)──► fuse ──► logits
///     labels ──transform(targets)──► targets        loss = criterion(logits, targets) + penalty(step)
///     after the optimizer's update: didUpdate(model)
///
/// Name, weight, schedule, `on:` and `at:` are handled by ``RegularizerTerm`` around every regularizer, never in it. A list of
/// regularizers is itself one (``RegularizerList``).
///
/// A regularizer that keeps state from step to step is a class and lists that state in ``parts`` (a ``Buffer`` for what is not
/// trained), so that it is saved in checkpoints; all others are structs.
public protocol Regularizer {
    /// Parameters and buffers of its own: trained and saved together with the model.
    var parts: Parts { get }

    /// Changes the embeddings on their way to the fusion module.
    ///
    /// Called in training and in evaluation; what belongs to training only asks `pass.isTraining`.
    /// - Returns: embeddings of the same modalities and shapes.
    func transform(_ embeddings: Embeddings, pass: Pass) -> Embeddings

    /// Changes the targets of the base loss, `N×K`, each row a distribution over the classes.
    func transform(targets: Tensor, pass: Pass) -> Tensor

    /// A term to be added to the loss, or nil for none.
    func penalty(_ step: TrainingStep) -> Penalty?

    /// Called after each update of the parameters, to change them directly or to follow them.
    ///
    /// - Parameter learningRate: the optimizer's, times the term's weight: the size of step that the term may take.
    func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass)
}

extension Regularizer {
    public var parts: Parts { [:] }
    public func transform(_ embeddings: Embeddings, pass: Pass) -> Embeddings { embeddings }
    public func transform(targets: Tensor, pass: Pass) -> Tensor { targets }
    public func penalty(_ step: TrainingStep) -> Penalty? { nil }
    public func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass) {}
}
