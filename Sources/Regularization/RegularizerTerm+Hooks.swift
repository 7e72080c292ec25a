import Networks
import Tensors

// What a term does to a step at each hook: it shows the regularizer what it may see, checks what comes back, and blends that in by the weight.

extension RegularizerTerm {
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
