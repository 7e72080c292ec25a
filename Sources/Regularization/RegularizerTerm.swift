import Configuration
import Networks
import Tensors

/// One regularizer as it stands in a recipe: with its instance name, weight, schedule, `on:` and `at:`.
///
/// These are handled here, once for every regularizer. The regularizer inside sees only the modalities
/// and the place that it was given, and a weight of 1.
///
/// The effective weight `w` is the weight times the schedule's factor, and it acts on every hook:
/// - A penalty enters the loss as `w · penalty`. The raw value is logged as `<instance>`, the weighted
///   one as `<instance>.weighted`, and the regularizer's own numbers as `<instance>.<report>`.
/// - Changed feature maps, embeddings and targets are blended, `z + w · (changed(z) − z)`: with `w = 1` the change
///   applies in full, and noise of weight `w` is noise of `w` times the size. Where only the record of
///   gradients was changed, as by a gradient reversal, the change always applies in full.
/// - Gradients are blended in the same way, `g + w · (changed(g) − g)`.
/// - Hooks that follow updates are told `w` times the learning rate.
///
/// While `w = 0` the penalty is measured and logged but takes no part in the loss, not even where it is
/// not finite, and all other hooks are skipped.
///
/// What hooks return is checked: shapes, modalities, names, and that values are finite where the values
/// they were given were finite. A fault is thrown as ``TrainingFailure`` and ends the training, not the
/// program.
public final class RegularizerTerm {
    /// The name in the recipe, and the first part of every logged name.
    public let instance: String

    /// The weight before the schedule.
    public let weight: Double

    /// How the weight changes over the training.
    public let schedule: WeightSchedule

    /// The modalities that the regularizer sees; nil for all of the model's.
    public let modalities: [Modality]?

    /// What the regularizer acts on.
    public let place: Place

    /// The entries of each embedding that the regularizer sees.
    public let part: EmbeddingPart

    /// The steps in which the term acts, from `after:` up to `until:`; nil for all.
    public let active: Range<Int>?

    /// What the regularizer does; for a sum, everything that its terms do.
    public let hooks: Set<RegularizerHook>

    /// The projection heads, for `at: projection`.
    package let heads: [Modality: ProjectionHead]

    /// Width `D` of what the regularizer sees of each modality, as far as it is known.
    package let widths: [Modality: Int]

    /// The points of each modality's encoder at which feature maps are changed; nil for all.
    package let points: [Modality: [String]]?

    /// What the regularizer sees of a step.
    private let view: TermView

    /// Whether the term has changed anything so far.
    package private(set) var hasActed = false

    /// What was observed last while it had not acted; empty once it has.
    package private(set) var finding = "its weight was 0 at every step"

    /// How often the penalty's gradient was due to be examined.
    private var looks = 0

    private let base: any Regularizer
    private let totalSteps: Int

    /// A term that acts on embeddings.
    ///
    /// - Parameters:
    ///   - base: the regularizer.
    ///   - instance: the name of the term in the recipe.
    ///   - weight: from 0 up, before the schedule.
    ///   - schedule: how the weight changes over the training.
    ///   - modalities: `on:`; nil for all.
    ///   - totalSteps: the length of the training, which the schedule refers to.
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
    ///   - path: what random streams start with; the instance's name unless the term stands in a sum.
    ///   - place: `at:`. Changes of feature maps, embeddings and gradients are left out at another place than
    ///     the embeddings.
    ///   - part: `part:`. Heads read this part of an embedding.
    ///   - points: `points:`, of each modality's encoder; nil for all.
    ///   - heads: one for each modality in use, for `at: projection`.
    ///   - active: the steps from `after:` up to `until:`; in the others the weight is 0.
    package init(
        _ base: any Regularizer, instance: String, path: String? = nil, weight: Double, schedule: WeightSchedule,
        on modalities: [Modality]?, at place: Place, part: EmbeddingPart = .whole, points: [Modality: [String]]? = nil,
        heads: [Modality: ProjectionHead], active: Range<Int>? = nil, totalSteps: Int, widths: [Modality: Int] = [:]
    ) {
        self.base = base
        self.instance = instance
        self.weight = weight
        self.schedule = schedule
        self.modalities = modalities
        self.place = place
        self.part = part
        self.points = points
        self.heads = heads
        view = TermView(
            path: path ?? instance, modalities: modalities, place: place, part: part, heads: heads,
            readsPresence: base is any ReadsPresence || base is RegularizerList, type: "\(type(of: base))")
        self.active = active
        self.totalSteps = totalSteps
        self.widths = widths
        let found =
            (base as? RegularizerList).map { $0.terms.reduce(into: []) { $0.formUnion($1.hooks) } }
            ?? Set(RegularizerHook.all(of: type(of: base)))
        hooks = place == .embedding ? found : found.subtracting([.featureMaps, .embeddings, .gradients])
    }

    /// The terms of a sum; none for a regularizer.
    package var terms: [RegularizerTerm] { (base as? RegularizerList)?.terms ?? [] }

    /// The terms of the loss that the regularizer reads by name, the base loss left out.
    package var termsRead: [String] { ((base as? any ReadsTerms)?.termsRead ?? []).filter { $0 != "task" } }

    /// The number of samples that the regularizer's covariance is taken over; nil where it reads none.
    package func covarianceSamples(batchSize: Int) -> Int? {
        (base as? any ReadsCovariance)?.covarianceSamples(batchSize: batchSize)
    }

    /// The regularizer's own parts; with projection heads `projection.<modality>.…`, and the
    /// regularizer's under `regularizer`.
    public var parts: Parts {
        guard !heads.isEmpty else { return base.parts }
        let projections = heads.sorted { $0.key < $1.key }.map { (name: $0.key.name, part: $0.value as any Part) }
        return ["projection": Parts(projections), "regularizer": base.parts]
    }

    /// The weight with which the term acts in a pass.
    public func effectiveWeight(at pass: Pass) -> Double {
        guard active?.contains(pass.step) ?? true else { return 0 }
        return weight * schedule.factor(at: pass.progress(of: totalSteps))
    }

    // MARK: Whether it acts

    /// Continues with what was observed before, in a resumed training.
    package func restoreEffect(hasActed: Bool, finding: String) {
        (self.hasActed, self.finding) = (hasActed, finding)
    }

    /// Notes whether the term has acted, until it has.
    private func note(_ acts: @autoclosure () -> Bool, otherwise finding: String) {
        guard !hasActed else { return }
        hasActed = acts()
        self.finding = hasActed ? "" : finding
    }

    /// Examines a penalty's gradient until it differs from 0 for the first time: at the first step, and
    /// then at intervals that double.
    ///
    /// - Parameter gradients: computes the gradient of the weighted penalty with respect to everything
    ///   that is trained.
    func look(at penalty: Tensor, _ pass: Pass, gradients: () -> Gradients) {
        guard !hasActed, effectiveWeight(at: pass) != 0 else { return }
        guard penalty.isTracked else {
            finding = "its penalty does not depend on anything that is trained"
            return
        }
        looks += 1
        guard looks & (looks - 1) == 0 else { return }
        note(gradients().values.contains { $0?.withUnsafeValues { $0.contains { $0 != 0 } } ?? false }, otherwise: "its gradient was exactly 0")
    }

    // MARK: The hooks

    /// A map of features as the regularizer changes it, for the samples that have the modality.
    ///
    /// - Parameter forward: the pass of the whole batch.
    public func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) throws(TrainingFailure) -> Tensor {
        let weight = effectiveWeight(at: forward.pass)
        guard hooks.contains(.featureMaps), let base = base as? any ChangesFeatureMaps, weight != 0, forward.isTraining,
            modalities?.contains(modality) ?? true, points.map({ $0[modality]?.contains(map.point) ?? false }) ?? true
        else { return map.values }
        let check = ReturnCheck(term: instance, hook: .featureMaps, step: forward.pass.step)
        guard map.samples >= minimumBatch else {
            note(false, otherwise: "too few samples had the modality \(modality)")
            return map.values
        }
        try view.refusePadding(in: map, of: modality, check)
        let log = ReportLog()
        // A sum hands the whole batch on to its terms.
        let rows = base is RegularizerList ? nil : forward.presences[modality]?.rows
        let scope = view.scoped(rows.map { forward.gathering(rows: $0) } ?? forward, log)
        let new = try check.calling { try base.changedFeatureMap(map, of: modality, in: scope) }
        try check.featureMap(new, of: map, modality)
        passOn(log, to: forward.log)
        note(!new.sharesRecord(with: map.values) || !new.hasSameBits(as: map.values), otherwise: "it changed no feature map")
        return map.clearingPadding(weight == 1 ? new : map.values + (new - map.values) * Float(weight))
    }

    /// The embeddings as the regularizer changes them, blended by the effective weight.
    ///
    /// - Throws: ``TrainingFailure`` where the regularizer throws, or returns what does not fit.
    public func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) throws(TrainingFailure) -> Embeddings {
        let weight = effectiveWeight(at: forward.pass)
        guard hooks.contains(.embeddings), let base = base as? any ChangesEmbeddings, weight != 0 else { return embeddings }
        let check = ReturnCheck(term: instance, hook: .embeddings, step: forward.pass.step)
        let (seen, log) = (view.restricted(embeddings), ReportLog())
        try view.refusePadding(in: seen, check)
        let rows = view.shownRows(forward)
        guard rows.map({ $0.count >= minimumBatch }) ?? true else {
            if forward.isTraining { note(false, otherwise: Self.tooFew) }
            return embeddings
        }
        let shown = rows.map { seen.gathering(rows: $0) } ?? seen
        let scope = view.scoped(rows.map { forward.gathering(rows: $0) } ?? forward, log)
        let new = try check.calling { try base.changedEmbeddings(shown, in: scope) }
        try check.embeddings(new, of: shown)
        passOn(log, to: forward.log)
        if forward.isTraining { note(differs(new, from: shown), otherwise: "it changed no embedding") }
        return embeddings.mapEmbeddings { modality, embedding in
            guard let whole = seen[modality], let old = shown[modality], let new = new[modality] else { return embedding }
            let changed = settled(blend(old, new, weight: Float(weight)), of: old)
            return embedding.replacing(part, with: rows.map { whole.replacing(rows: $0, with: changed) } ?? changed)
        }
    }

    /// A changed embedding with the old presence, and 0 where nothing is present, whatever the
    /// regularizer put there. A regularizer that acts on whole embeddings may take a modality away from
    /// a sample, but cannot give it one.
    private func settled(_ changed: Embedding, of old: Embedding) -> Embedding {
        let takesAway = part == .whole && changed.presence.samples != nil
        return Embedding(pooled: changed.pooled, tokens: changed.tokens, presence: old.presence).clearing(takesAway ? changed.presence : .whole)
    }

    /// The targets as the regularizer changes them, in the form that the criterion reads.
    ///
    /// - Throws: ``TrainingFailure``.
    public func changedTargets(_ targets: Tensor, in forward: ForwardPass) throws(TrainingFailure) -> Tensor {
        let weight = effectiveWeight(at: forward.pass)
        guard hooks.contains(.targets), let base = base as? any ChangesTargets, weight != 0 else { return targets }
        let check = ReturnCheck(term: instance, hook: .targets, step: forward.pass.step)
        let log = ReportLog()
        // What also changes embeddings is shown the same samples here as there; targets alone have nothing missing.
        let rows = hooks.contains(.embeddings) ? view.shownRows(forward) : nil
        guard rows.map({ $0.count >= minimumBatch }) ?? true else { return targets }
        let shown = rows.map { targets.gathering(rows: $0) } ?? targets
        let scope = view.scoped(rows.map { forward.gathering(rows: $0) } ?? forward, log)
        let new = try check.calling { try base.changedTargets(shown, in: scope) }
        try check.targets(new, of: shown)
        passOn(log, to: forward.log)
        note(!new.hasSameBits(as: shown), otherwise: "it changed no target")
        let changed = weight == 1 ? new : shown + (new - shown) * Float(weight)
        guard let rows else { return changed }
        return Embedding(pooled: targets).replacing(rows: rows, with: Embedding(pooled: changed)).pooled
    }

    /// The weighted penalty with everything that is logged about it; nil where the regularizer has none
    /// at this step.
    ///
    /// - Throws: ``TrainingFailure``.
    public func penalty(_ step: TrainingStep) throws(TrainingFailure) -> Penalty? {
        guard hooks.contains(.penalty), let base = base as? any AddsPenalty else { return nil }
        let weight = effectiveWeight(at: step.pass)
        let check = ReturnCheck(term: instance, hook: .penalty, step: step.pass.step)
        let log = ReportLog()
        let (seen, rows) = try view.shown(step, log, check)
        guard rows.map({ $0.count >= minimumBatch }) ?? true else {
            if weight != 0 { note(false, otherwise: Self.tooFew) }
            return nil
        }
        guard weight != 0 else {
            let measured = try check.calling { try withoutGradients { try base.penalty(seen) } }
            guard let measured else { return nil }
            try check.penalty(measured)
            return Penalty(value: Tensor(0), reports: named(measured, log, weighted: 0))
        }
        guard let penalty = try check.calling({ try base.penalty(seen) }) else {
            note(false, otherwise: "it had no penalty")
            return nil
        }
        try check.penalty(penalty)
        let weighted = penalty.value * Float(weight)
        return Penalty(value: weighted, reports: named(penalty, log, weighted: weighted.item))
    }

    /// The gradients as the regularizer changes them, blended by the effective weight.
    ///
    /// - Throws: ``TrainingFailure``.
    public func changedGradients(
        _ gradients: Gradients, at step: TrainingStep, of objective: StepObjective
    ) throws(TrainingFailure) -> Gradients {
        let weight = effectiveWeight(at: step.pass)
        guard hooks.contains(.gradients), let base = base as? any ChangesGradients, weight != 0 else { return gradients }
        let check = ReturnCheck(term: instance, hook: .gradients, step: step.pass.step)
        let log = ReportLog()
        try view.refusePadding(in: view.restricted(step.embeddings), check)
        let (seen, rows) = try view.shown(step, log, check)
        guard rows.map({ $0.count >= minimumBatch }) ?? true else {
            note(false, otherwise: Self.tooFew)
            return gradients
        }
        let narrowed = rows.map { objective.showing(rows: $0) } ?? objective
        let new = try check.calling { try base.changedGradients(gradients, at: seen, of: narrowed) }
        try check.gradients(new, of: gradients)
        passOn(log, to: step.log)
        note(differs(new, from: gradients), otherwise: "it changed no gradient")
        return weight == 1 ? new : gradients.combined(with: new) { $0 + ($1 - $0) * Float(weight) }
    }

    /// Lets the regularizer act on the updated model, or take something of the step into its state.
    public func follow(_ step: TrainingStep, learningRate: Float) throws(TrainingFailure) {
        let weight = effectiveWeight(at: step.pass)
        guard hooks.contains(.updates), let base = base as? any FollowsUpdates, weight != 0 else { return }
        let check = ReturnCheck(term: instance, hook: .updates, step: step.pass.step)
        let log = ReportLog()
        let (seen, _) = try view.shown(step.detached(), log, check)
        let before = hasActed ? 0 : changes(of: step.model)
        try check.calling { try withoutGradients { try base.follow(seen, learningRate: learningRate * Float(weight)) } }
        // A term that only keeps something for its penalty acts through that.
        if !hooks.contains(.penalty) { note(changes(of: step.model) != before, otherwise: "it changed nothing after an update") }
        passOn(log, to: step.log)
    }

    /// Lets the regularizer see the source validation samples.
    public func follow(_ validation: ValidationRound) throws(TrainingFailure) {
        guard hooks.contains(.validation), let base = base as? any FollowsValidation, effectiveWeight(at: validation.pass) != 0 else { return }
        let check = ReturnCheck(term: instance, hook: .validation, step: validation.pass.step)
        let seen = ValidationRound(
            pass: validation.pass, loss: validation.loss,
            steps: { [view] body in try validation.forEach { try body(try view.shown($0, ReportLog(), check).step) } })
        try check.calling { try withoutGradients { try base.follow(seen) } }
    }

    /// The weights that are evaluated in place of the model's own; nil for none.
    public var averagedWeights: (any WeightAverage)? {
        guard weight != 0, hooks.contains(.weights) else { return nil }
        return (base as? any AveragesWeights)?.averagedWeights
    }

    private func differs(_ new: Embeddings, from old: Embeddings) -> Bool {
        func differs(_ new: Tensor?, _ old: Tensor?) -> Bool {
            guard let new, let old else { return false }
            return !new.sharesRecord(with: old) || !new.hasSameBits(as: old)
        }
        return zip(new, old).contains { differs($0.embedding.pooled, $1.embedding.pooled) || differs($0.embedding.tokens, $1.embedding.tokens) }
    }

    private func differs(_ new: Gradients, from old: Gradients) -> Bool {
        zip(new.values, old.values).contains { new, old in
            guard let new, let old else { return (new == nil) != (old == nil) }
            return !new.hasSameBits(as: old)
        }
    }

    /// Counts the changes of the model's and the regularizer's parameters and buffers.
    private func changes(of model: any MultimodalModel) -> Int {
        (model.contents.entries + parts.contents.entries).reduce(0) { sum, entry in
            switch entry.entry {
            case .parameter(let parameter): sum &+ parameter.version
            case .buffer(let buffer): sum &+ buffer.version
            }
        }
    }

    // MARK: What is made of its numbers

    private func named(_ penalty: Penalty, _ log: ReportLog, weighted: Float) -> [Penalty.Report] {
        [(instance, penalty.value.item), ("\(instance).weighted", weighted)]
            + (penalty.reports + log.reports).map { ("\(instance).\($0.name)", $0.value) }
    }

    private func passOn(_ log: ReportLog, to outer: ReportLog) {
        for (name, value) in log.reports { outer.add("\(instance).\(name)", value) }
    }

    private static let tooFew = "too few samples had all of its modalities"

    /// The smallest batch that the regularizer is defined for.
    private var minimumBatch: Int { (type(of: base) as? any RegularizerPlugin.Type)?.minimumBatch ?? 1 }
}

/// `old + weight · (new − old)` for each array; `new` itself where its values are those of `old`, so
/// that it differs in its record for gradients at most.
private func blend(_ old: Embedding, _ new: Embedding, weight: Float) -> Embedding {
    guard weight != 1 else { return new }
    var blended = new.map { array, isTokens in
        guard let before = isTokens ? old.tokens : old.pooled, !before.hasSameBits(as: array) else { return array }
        return before + (array - before) * weight
    }
    blended.presence = old.presence
    return blended
}
