import Analysis
import Networks
import Regularization
import Tensors
import Weights

extension Trial {
    /// The trial's model as a checkpoint holds it, with the trial's data.
    ///
    /// - Parameter pause: called now and then while data are read; may throw to end it.
    /// - Throws: `StateMismatch` where the checkpoint is of another model; `WeightsFault` where it cannot be read.
    package func trainedModel(from checkpoint: SafetensorsFile, pause: @escaping () throws -> Void = {}) throws -> TrainedModel {
        var (own, ofRegularizers): ([String: Tensor], [String: Tensor]) = ([:], [:])
        let prefix = "regularizers."
        for name in checkpoint.names {
            let value = try checkpoint.tensor(name, convertingIntegers: true)
            if name.hasPrefix(prefix) { ofRegularizers[String(name.dropFirst(prefix.count))] = value } else { own[name] = value }
        }
        // What is saved are the weights that were evaluated, an average where there was one.
        try trainer.model.load(own)
        try trainer.regularizers.parts.load(ofRegularizers)
        let (trainer, batches) = (trainer, batches)
        let rows: [SampleSet: [Int]] = [
            .training: split.training.rows.sorted(), .validation: split.validation.rows.sorted(), .target: split.target.rows.sorted(),
        ]
        let pass = Pass.evaluation
        return TrainedModel(
            modalities: trainer.model.modalities, task: trainer.task, targets: facts.targets, domains: facts.domains,
            encode: { try trainer.objective.embeddings($0, pass) },
            fuse: { try trainer.objective.prediction(of: $0, pass) },
            forEachBatch: { set, body in
                let chosen = rows[set] ?? []
                guard !chosen.isEmpty else { return }
                try batches.prepare(chosen, pause: pause)
                try batches.evaluate(chosen) { batch in
                    try body(TrainedModel.Batch(rows: batch.rows, inputs: batch.inputs, targets: batch.targets, domains: batch.domains))
                }
            })
    }
}
