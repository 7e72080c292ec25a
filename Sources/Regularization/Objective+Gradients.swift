import Networks
import Tensors

// The gradients of a step: of the whole loss, and those that regularizers ask for besides, of single terms, of some rows, at moved weights.

extension Objective {
    /// The gradient of a loss, or of one of its terms, with respect to everything that is trained.
    ///
    /// - Parameter keepingGraph: whether the loss, or another that shares operations with it, is
    ///   differentiated again.
    package func gradients(of loss: Tensor, keepingGraph: Bool = false) -> Gradients {
        let values = withoutGradients {
            Tensors.gradients(of: loss, with: parameters.map(\.parameter.value), keepingGraph: keepingGraph)
        }
        return Gradients(names: names, values: values)
    }

    /// The gradient of a forward pass's loss.
    ///
    /// The gradient of a term that has not acted so far is examined by itself, so that a term that
    /// never acts can be reported.
    package func gradients(of forward: Forward) -> Gradients {
        for (name, value) in forward.penalties {
            guard let term = regularizers.terms.first(where: { $0.instance == name }) else { continue }
            term.look(at: value, forward.step.pass) { gradients(of: value, keepingGraph: true) }
        }
        return gradients(of: forward.loss)
    }

    /// The gradient of a batch's loss with each parameter moved by a displacement.
    package func gradients(_ batch: Batch, _ pass: Pass, movedBy displacement: Gradients) throws(TrainingFailure) -> Gradients {
        try undoing { () throws(TrainingFailure) in
            try move(by: displacement, pass)
            return gradients(of: try forward(batch, pass).loss)
        }
    }

    /// The gradient of one term of a batch's loss; nil where it has none of that name.
    ///
    /// - Parameter displacement: what each parameter is moved by; nil for none.
    package func gradients(
        _ batch: Batch, _ pass: Pass, of term: String, movedBy displacement: Gradients? = nil
    ) throws(TrainingFailure) -> Gradients? {
        try undoing { () throws(TrainingFailure) in
            try move(by: displacement, pass)
            return try forward(batch, pass)[term].map { gradients(of: $0) }
        }
    }

    /// The gradient of the loss of some of a batch's samples, as if there were no others.
    ///
    /// - Parameter displacement: what each parameter is moved by; nil for none.
    package func gradients(
        _ batch: Batch, _ pass: Pass, ofRows rows: [Int], movedBy displacement: Gradients? = nil
    ) throws(TrainingFailure) -> Gradients {
        let samples = batch.targets.count
        guard !rows.isEmpty, rows.allSatisfy((0..<samples).contains) else {
            throw modelFailure(pass, "gradients were asked of the rows \(rows) of a batch of \(samples)")
        }
        return try undoing { () throws(TrainingFailure) in
            try move(by: displacement, pass)
            return gradients(of: try forward(batch.gathering(rows: rows), pass).loss)
        }
    }

    private func move(by displacement: Gradients?, _ pass: Pass) throws(TrainingFailure) {
        guard let displacement else { return }
        let moves = Dictionary(zip(displacement.names, displacement.values)) { first, _ in first }
        for (name, parameter) in parameters {
            guard let move = moves[name] ?? nil else { continue }
            guard move.shape == parameter.shape else {
                throw modelFailure(pass, "the displacement of \(name) must be \(parameter.shape), found \(move.shape)")
            }
            parameter.value = parameter.value.detached() + move
        }
    }

    /// The gradients as the regularizers change them.
    ///
    /// - Parameters:
    ///   - gradients: of the whole loss.
    ///   - forward: the forward pass that they belong to.
    package func changedGradients(_ gradients: Gradients, of forward: Forward, _ batch: Batch) throws(TrainingFailure) -> Gradients {
        try regularizers.changedGradients(gradients, at: forward.step, of: stepObjective(forward, batch))
    }

    private func stepObjective(_ forward: Forward, _ batch: Batch) -> StepObjective {
        let pass = forward.step.pass
        return StepObjective(
            terms: forward.terms, reports: forward.reports,
            movedBy: { [self] in try gradients(batch, pass, movedBy: $0) },
            ofTerm: { [self] in try gradients(batch, pass, of: $0, movedBy: $1) },
            ofRows: { [self] in try gradients(batch, pass, ofRows: $0, movedBy: $1) })
    }

    /// Runs `body`, then puts parameters and running statistics back to what they were.
    private func undoing<Result>(_ body: () throws(TrainingFailure) -> Result) throws(TrainingFailure) -> Result {
        let values = parameters.map { (value: $0.parameter.value, version: $0.parameter.version) }
        let statistics = buffers.map { (value: $0.value, version: $0.version) }
        defer {
            // Setting a value counts as a change and discards what was computed from it, so only what has moved is set.
            for ((_, parameter), before) in zip(parameters, values) where parameter.version != before.version { parameter.value = before.value }
            for (buffer, before) in zip(buffers, statistics) where buffer.version != before.version { buffer.value = before.value }
        }
        return try body()
    }

    // MARK: One term

    /// Runs every hook of one term once, and differentiates its penalty with respect to the embeddings
    /// and the term's own parameters: what the term costs in a step. The backward pass from the
    /// embeddings through the encoders belongs to the step itself and is left out.
    ///
    /// - Parameters:
    ///   - term: the term that is measured.
    ///   - forward: a forward pass over the batch.
    ///   - gradients: those of its loss.
    package func passThrough(
        _ term: RegularizerTerm, _ forward: Forward, gradients: Gradients, _ batch: Batch
    ) throws(TrainingFailure) {
        let step = forward.step.cut()
        let pass = forwardPass(batch, step.originalEmbeddings.presences, step.pass)
        let inside = forwardPass(batch, presences(in: batch.inputs), step.pass)
        for (modality, map) in forward.featureMaps {
            var map = map
            map.values = map.values.tracked()
            _ = try term.changedFeatureMap(map, of: modality, in: inside)
        }
        var seen = step
        seen.embeddings = try term.changedEmbeddings(step.originalEmbeddings, in: pass)
        _ = try term.changedTargets(batch.targets.array, in: pass)
        if let penalty = try term.penalty(seen) { _ = self.gradients(of: penalty.value) }
        let alone = RegularizerList([term])
        _ = try alone.changedGradients(gradients, at: seen, of: stepObjective(forward, batch))
        try alone.follow(seen, learningRate: 0)
    }
}
