import Analysis
import Configuration
import Datasets
import Networks
import Regularization
import Tensors
import Weights

/// A trial's model as measurements see it.
extension Trial {
    /// The trial's model as a checkpoint holds it, with the trial's data.
    ///
    /// - Parameter pause: called now and then while data are read; may throw to end it.
    /// - Throws: `StateMismatch` where the checkpoint is of another model; `WeightsFault` where it cannot be read.
    package func trainedModel(from checkpoint: SafetensorsFile, pause: @escaping () throws -> Void = {}) throws -> TrainedModel {
        try load(checkpoint)
        return model(pause: pause)
    }

    /// The trial's model as it is now, trained or not, with the trial's data.
    ///
    /// - Parameters:
    ///   - limit: the most samples of each set, evenly spread over the data set's order; nil for all.
    ///   - pause: called now and then while data are read; may throw to end it.
    package func model(limit: Int? = nil, pause: @escaping () throws -> Void = {}) -> TrainedModel {
        let rows = rowsBySet.mapValues { $0.thinned(to: limit) }
        let batches = batches
        return model(domains: facts.domains, frozenInputs: batches.storedStems) { set, body in
            let chosen = rows[set] ?? []
            guard !chosen.isEmpty else { return }
            try batches.prepare(chosen, pause: pause)
            try batches.evaluate(chosen) { batch in
                try body(TrainedModel.Batch(rows: batch.rows, inputs: batch.inputs, targets: batch.targets, domains: batch.domains))
            }
        }
    }

    /// The trial's model as it is now on another data set, of which it reads all rows as ``Analysis/SampleSet/other``. Their inputs are
    /// brought to the scale of the training samples, and their targets mean nothing.
    ///
    /// - Parameters:
    ///   - other: has the modalities of the model in their shapes.
    ///   - limit: the most samples, evenly spread; nil for all.
    /// - Throws: `DatasetFault` for a modality that the data set lacks.
    /// - Precondition: the plan stores no stems, whose outputs would take the place of inputs.
    package func model(reading other: any Dataset, limit: Int? = nil) throws(DatasetFault) -> TrainedModel {
        let targets = facts.targets
        let samples = try AppliedSamples(
            of: other, rows: other.knownRows.thinned(to: limit), modalities: trainer.model.modalities, standardization: standardization,
            workers: plan.threads
        ) { .meaningless($0.count, like: targets) }
        return model(domains: other.facts.domains, frozenInputs: []) { set, body in
            if set == .other { try samples.forEach(body) }
        }
    }

    /// The number of samples that a measurement reads of each set.
    package var sampleCounts: [SampleSet: Int] { rowsBySet.mapValues(\.count) }

    private var rowsBySet: [SampleSet: [Int]] {
        [
            .training: split.training.rows.sorted(), .validation: split.validation.rows.sorted(), .target: split.target.rows.sorted(),
            .unknown: split.unknown.rows,
        ]
    }

    /// Takes over a checkpoint's state. It holds the weights that were evaluated: an average where there was one.
    package func load(_ checkpoint: SafetensorsFile) throws {
        var (own, ofRegularizers): ([String: Tensor], [String: Tensor]) = ([:], [:])
        let prefix = "regularizers."
        for name in checkpoint.names {
            let value = try checkpoint.tensor(name, convertingIntegers: true)
            if name.hasPrefix(prefix) { ofRegularizers[String(name.dropFirst(prefix.count))] = value } else { own[name] = value }
        }
        try trainer.model.load(own)
        try trainer.regularizers.parts.load(ofRegularizers)
    }

    private func model(
        domains: [String], frozenInputs: Set<Modality>, forEachBatch: @escaping (SampleSet, (TrainedModel.Batch) throws -> Void) throws -> Void
    ) -> TrainedModel {
        let (trainer, pass) = (trainer, Pass.evaluation)
        return TrainedModel(
            modalities: trainer.model.modalities, task: trainer.task, targets: facts.targets, domains: domains, frozenInputs: frozenInputs,
            encode: { try trainer.objective.encode($0, only: $1, pass) }, change: { try trainer.objective.changed($0, pass) },
            fuse: { try trainer.objective.prediction(of: $0, pass) }, forEachBatch: forEachBatch)
    }
}

extension [Int] {
    /// At most `limit` of them, evenly spread; all for nil.
    fileprivate func thinned(to limit: Int?) -> [Int] {
        guard let limit, count > limit else { return self }
        return (0..<limit).map { self[$0 * count / limit] }
    }
}

extension Targets {
    /// Targets of the right kind and width for samples that have none: class 0, no label, values of 0.
    fileprivate static func meaningless(_ count: Int, like facts: TargetFacts) -> Targets {
        switch facts.kind {
        case .classes: .classes([Int](repeating: 0, count: count), of: facts.width)
        case .labels: .labels(Tensor.zeros([count, facts.width]))
        case .values: .values(Tensor.zeros([count, facts.width]))
        }
    }
}
