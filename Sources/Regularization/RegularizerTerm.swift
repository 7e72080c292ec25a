import Configuration
import Networks
import Processes
import Tensors

/// One regularizer as it stands in a recipe: with its instance name, weight, schedule, `on:` and `at:`.
///
/// These are handled here, once for every regularizer. The regularizer inside sees only the modalities and the place that it
/// was given, and a weight of 1.
///
/// The effective weight `w` is the weight times the schedule's factor. It acts on every hook:
/// - a penalty enters the loss as `w · penalty`; the raw value is logged as `<instance>`, the other as `<instance>.weighted`, and the
///   regularizer's own numbers as `<instance>.<report>`;
/// - a transform is blended: `z + w · (transform(z) − z)`, so that `w = 1` is the transform itself, and noise of weight `w` is noise of
///   `w` times the size. One that changes gradients but no values, such as a gradient reversal, is applied in full;
/// - gradients are blended in the same way: `g + w · (transform(g) − g)`;
/// - `didUpdate` is told `w` times the learning rate.
///
/// While `w = 0` the penalty is measured and logged but takes no part in the loss, not even where it is not finite, and all other
/// hooks are left out.
public final class RegularizerTerm: Regularizer {
    /// The name in the recipe, and the first part of every logged name.
    public let instance: String

    /// The weight before the schedule.
    public let weight: Double

    /// How the weight changes over the training.
    public let schedule: WeightSchedule

    /// The modalities that the regularizer sees; nil for all.
    public let modalities: [Modality]?

    /// What the regularizer acts on.
    public let place: Place

    /// The entries of each embedding that the regularizer sees.
    public let part: EmbeddingPart

    /// The steps in which the term acts; nil for all.
    public let active: Range<Int>?

    /// The projection heads, for `at: projection`.
    package let heads: [Modality: ProjectionHead]

    /// Width `D` of what the regularizer sees of each modality, as far as it is known.
    package let widths: [Modality: Int]

    /// Whether the regularizer reads a covariance of that.
    package let readsCovariance: Bool

    private let base: any Regularizer
    private let totalSteps: Int

    /// A term that acts on embeddings.
    ///
    /// - Parameters:
    ///   - base: the regularizer.
    ///   - modalities: `on:`; nil for all.
    ///   - totalSteps: the length of the training, against which the schedule is measured.
    public convenience init(
        _ base: any Regularizer, instance: String, weight: Double = 1, schedule: WeightSchedule = WeightSchedule(),
        on modalities: [Modality]? = nil, totalSteps: Int = 1
    ) {
        self.init(
            base, instance: instance, weight: weight, schedule: schedule, on: modalities, at: .embedding, part: .whole, heads: [:],
            active: nil, totalSteps: totalSteps)
    }

    /// A term that acts anywhere.
    ///
    /// - Parameters:
    ///   - place: `at:`. Transforms act on embeddings only; at another place they are left out.
    ///   - part: `part:`. Heads read this part of an embedding.
    ///   - heads: one for each modality in use, for `at: projection`.
    ///   - active: the steps from `after:` up to `until:`; in the others the weight is 0.
    package init(
        _ base: any Regularizer, instance: String, weight: Double, schedule: WeightSchedule, on modalities: [Modality]?,
        at place: Place, part: EmbeddingPart = .whole, heads: [Modality: ProjectionHead], active: Range<Int>? = nil, totalSteps: Int,
        widths: [Modality: Int] = [:], readsCovariance: Bool = false
    ) {
        self.base = base
        self.instance = instance
        self.weight = weight
        self.schedule = schedule
        self.modalities = modalities
        self.place = place
        self.part = part
        self.heads = heads
        self.active = active
        self.totalSteps = totalSteps
        self.widths = widths
        self.readsCovariance = readsCovariance
    }

    /// The terms of a sum; none for a regularizer.
    package var terms: [RegularizerTerm] { (base as? RegularizerList)?.terms ?? [] }

    /// Those of the regularizer itself; with heads, `projection.<modality>.…` and, below `regularizer`, its own.
    public var parts: Parts {
        guard !heads.isEmpty else { return base.parts }
        let heads = heads.sorted { $0.key < $1.key }.map { (name: $0.key.name, part: $0.value as any Part) }
        return ["projection": Parts(heads), "regularizer": base.parts]
    }

    /// The weight at a pass: the recipe's weight times the schedule's factor, and 0 outside the steps in which the term acts.
    public func effectiveWeight(at pass: Pass) -> Double {
        guard active?.contains(pass.step) ?? true else { return 0 }
        return weight * schedule.factor(at: pass.progress(of: totalSteps))
    }

    public func transform(_ embeddings: Embeddings, pass: Pass) -> Embeddings {
        let weight = effectiveWeight(at: pass)
        guard place == .embedding, weight != 0 else { return embeddings }
        let seen = restricted(embeddings)
        let changed = CallTrace.during("transform(_:pass:)", of: instance) { base.transform(seen, pass: pass) }.mapEmbeddings { modality, new in
            guard weight != 1, let old = seen[modality] else { return new }
            return new.map { array, isTokens in
                blend(isTokens ? old.tokens : old.pooled, array, weight: Float(weight))
            }
        }
        return embeddings.mapEmbeddings { modality, embedding in
            changed[modality].map { embedding.replacing(part, with: $0) } ?? embedding
        }
    }

    public func transform(targets: Tensor, pass: Pass) -> Tensor {
        let weight = effectiveWeight(at: pass)
        guard weight != 0 else { return targets }
        let changed = CallTrace.during("transform(targets:pass:)", of: instance) { base.transform(targets: targets, pass: pass) }
        return weight == 1 ? changed : blend(targets, changed, weight: Float(weight))
    }

    public func penalty(_ step: TrainingStep) -> Penalty? {
        let weight = effectiveWeight(at: step.pass)
        guard weight != 0 else {
            let measured = withoutGradients { measuredPenalty(step) }
            return measured.map { Penalty(value: Tensor(0), reports: named($0, weighted: 0)) }
        }
        return measuredPenalty(step).map { penalty in
            let weighted = penalty.value * Float(weight)
            return Penalty(value: weighted, reports: named(penalty, weighted: weighted.item))
        }
    }

    private func measuredPenalty(_ step: TrainingStep) -> Penalty? {
        let seen = restricted(step)
        return CallTrace.during("penalty(_:)", of: instance) { base.penalty(seen) }
    }

    public func transform(
        _ gradients: Gradients, step: TrainingStep, recomputing: (_ displacement: Gradients) -> Gradients
    ) -> Gradients {
        let weight = effectiveWeight(at: step.pass)
        guard place == .embedding, weight != 0 else { return gradients }
        let seen = restricted(step)
        let changed = CallTrace.during("transform(_:step:recomputing:)", of: instance) {
            base.transform(gradients, step: seen, recomputing: recomputing)
        }
        return weight == 1 ? changed : gradients.combined(with: changed) { blend($0, $1, weight: Float(weight)) }
    }

    public func didUpdate(_ model: any MultimodalModel, learningRate: Float, pass: Pass) {
        let weight = effectiveWeight(at: pass)
        guard weight != 0 else { return }
        CallTrace.during("didUpdate(_:learningRate:pass:)", of: instance) {
            base.didUpdate(model, learningRate: learningRate * Float(weight), pass: pass)
        }
    }

    public var evaluatedWeights: (any WeightAverage)? { weight == 0 ? nil : base.evaluatedWeights }

    private func named(_ penalty: Penalty, weighted: Float) -> [Penalty.Report] {
        [(instance, penalty.value.item), ("\(instance).weighted", weighted)]
            + penalty.reports.map { ("\(instance).\($0.name)", $0.value) }
    }

    private func restricted(_ embeddings: Embeddings) -> Embeddings {
        let seen = modalities.map(embeddings.selecting) ?? embeddings
        return part == .whole ? seen : seen.mapEmbeddings { $1.selecting(part) }
    }

    private func restricted(_ step: TrainingStep) -> TrainingStep {
        var step = step
        switch place {
        case .embedding:
            step.originalEmbeddings = restricted(step.originalEmbeddings)
            step.embeddings = restricted(step.embeddings)
        case .projection:
            // The heads read the encoders' own output, and both sets of embeddings are the projected ones.
            step.originalEmbeddings = restricted(step.originalEmbeddings).mapEmbeddings { modality, embedding in
                guard let head = heads[modality] else {
                    stop("\(instance): there is no projection head for the modality \(modality)")
                }
                return Embedding(pooled: head(embedding.pooled, step.pass))
            }
            step.embeddings = step.originalEmbeddings
        case .fused:
            guard let representation = step.prediction.representation else {
                stop("\(instance): the model gives no fused representation to act on")
            }
            step.originalEmbeddings = [.fused: Embedding(pooled: representation).selecting(part)]
            step.embeddings = step.originalEmbeddings
        }
        return step
    }
}

/// `old + weight · (new − old)`, or `new` where it shares its memory with `old`: the transform then changed no value.
private func blend(_ old: Tensor?, _ new: Tensor, weight: Float) -> Tensor {
    guard let old, address(old) != address(new) else { return new }
    return old + (new - old) * weight
}

private func address(_ tensor: Tensor) -> UnsafePointer<Float>? {
    tensor.withUnsafeValues(\.baseAddress)
}
