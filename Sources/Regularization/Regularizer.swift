import Networks
import Tensors

/// Anything that shapes training beyond the base loss.
///
/// Every hook has a do-nothing default; a regularizer implements the ones it needs:
///
///     inputs ──encode──► embeddings ──transform(embeddings)──► fuse ──► logits
///     labels ──transform(targets)──► targets        loss = criterion(logits, targets) + penalty(step)
///     loss ──differentiate──► gradients ──transform(gradients)──► optimizer, then didUpdate(model)
///     in evaluation, and in checkpoints: the weights that ``evaluatedWeights`` gives, if any
///
/// Name, weight, schedule, `on:` and `at:` are handled by ``RegularizerTerm`` around every regularizer, never in it. A list of
/// regularizers is itself one (``RegularizerList``).
///
/// A regularizer that keeps state from step to step is a class and lists that state in ``parts`` (a `Buffer` for what is not
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

    /// Changes the gradients on their way to the optimizer.
    ///
    /// - Parameters:
    ///   - gradients: of the whole loss, as the regularizers before this one have left them.
    ///   - step: the step that they were taken of.
    ///   - recomputing: takes them again, of the same batch with the same random draws, with each parameter moved by the given
    ///     displacement. It costs a forward and a backward pass; parameters and running statistics are put back.
    /// - Returns: gradients of the same names and shapes.
    func transform(_ gradients: Gradients, step: TrainingStep, recomputing: (_ displacement: Gradients) -> Gradients) -> Gradients

    /// Called after each update of the parameters, to change them directly or to follow them. State that goes from step to step
    /// changes here and nowhere else: the other hooks may be called more than once in a step.
    ///
    /// - Parameter learningRate: the optimizer's, times the term's weight: the size of step that the term may take.
    func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass)

    /// An average of the model's weights that is evaluated and saved in their place; nil to evaluate the model as it is trained.
    var evaluatedWeights: (any WeightAverage)? { get }
}

extension Regularizer {
    public var parts: Parts { [:] }
    public func transform(_ embeddings: Embeddings, pass: Pass) -> Embeddings { embeddings }
    public func transform(targets: Tensor, pass: Pass) -> Tensor { targets }
    public func penalty(_ step: TrainingStep) -> Penalty? { nil }
    public func transform(
        _ gradients: Gradients, step: TrainingStep, recomputing: (_ displacement: Gradients) -> Gradients
    ) -> Gradients { gradients }
    public func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass) {}
    public var evaluatedWeights: (any WeightAverage)? { nil }
}
