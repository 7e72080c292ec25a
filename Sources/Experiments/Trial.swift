import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Results
import Tensors

/// One training from its first step to its scores.
package struct Trial {
    private let plan: TrialPlan
    private let key: TrialKey
    private let data: any Dataset
    private let split: SourceSplit
    private let standardization: Standardization
    private let sampler: BatchSampler
    private let trainer: Trainer
    private let evaluationBatch = 256

    /// Makes the model, the regularizers and the batches of a plan.
    ///
    /// - Parameter dataset: the data set that the plan names.
    /// - Throws: `OptionFault` or `DatasetFault` where something of the plan does not fit the data or the model.
    package init(_ plan: TrialPlan, key: TrialKey, dataset: any Dataset, components: Components) throws {
        self.plan = plan
        self.key = key
        data = dataset.holdingOut([plan.target])
        split = try plan.makeSplit(of: data)
        standardization = try Standardization(plan.standardization, of: data, rows: split.training)
        sampler = try plan.makeSampler(of: data, rows: split.training)
        trainer = try plan.makeTrainer(
            facts: data.facts, components: components, random: plan.random, stepsPerEpoch: sampler.batchesPerEpoch)
    }

    /// The number of values trained, those of regularizers included.
    package var parameterCount: Int { trainer.parameters.reduce(0) { $0 + $1.parameter.elementCount } }

    /// What `run` returns: the result for the report, and the reported epoch's model as checkpoint entries.
    package struct Outcome {
        package let result: TrialResult
        package let state: [(name: String, value: Tensor)]
    }

    /// Trains for all epochs.
    ///
    /// - Parameters:
    ///   - measuringTarget: whether the target's score of every epoch is recorded for the report; the selection is not given it.
    ///     A rehearsal, which tuning learns from, does not even measure it.
    ///   - onEpoch: called after every epoch with its record.
    /// - Returns: the result; a loss that stopped being a number ends the trial with a failed result instead of an error.
    /// - Throws: `DatasetFault` where data cannot be read.
    package func run(measuringTarget: Bool = true, onEpoch: (EpochRecord) throws -> Void = { _ in }) throws -> Outcome {
        let started = ContinuousClock.now
        var epochs: [EpochRecord] = []
        var scores: [SourceScore] = []
        var selected: (score: SourceScore, state: [(name: String, value: Tensor)])?
        var status = TrialStatus.finished
        do {
            for epoch in 1...plan.epochs {
                let means = try trainEpoch(epoch)
                let validation = try evaluate(split.validation.rows)
                let target = measuringTarget ? try evaluate(split.target.rows) : nil
                let record = EpochRecord(
                    epoch: epoch, trainingLoss: means["loss"] ?? .nan, terms: means.filter { $0.key != "loss" },
                    sourceValidationAccuracy: validation.accuracy, sourceValidationLoss: validation.loss, targetAccuracy: target?.accuracy)
                epochs.append(record)
                scores.append(SourceScore(epoch: epoch, validation: validation))
                if let best = plan.selection.choose(from: scores), best.epoch == epoch { selected = (best, state()) }
                try onEpoch(record)
            }
        } catch let failure as TrainingFailure {
            status = .failed(term: failure.term, step: failure.step, message: failure.message)
            selected = nil
        }
        let seconds = started.duration(to: .now) / .seconds(1)
        let (steps, secondsInPenalties) = (trainer.step, trainer.secondsInPenalties)
        let chosen = selected.map { epochs[$0.score.epoch - 1] }
        let isFinished = status == .finished
        let cost = isFinished && measuringTarget ? try sampler.batches(epoch: 1).first.flatMap { try trainer.measureCost(on: batch($0)) } : nil
        let result = TrialResult(
            key: key, plan: plan.hash, status: status, epochs: epochs, selectedEpoch: chosen?.epoch, targetAccuracy: chosen?.targetAccuracy,
            oracleAccuracy: isFinished ? epochs.compactMap(\.targetAccuracy).max() : nil,
            lastAccuracy: isFinished ? epochs.last?.targetAccuracy : nil, sourceValidationAccuracy: chosen?.sourceValidationAccuracy,
            seconds: seconds, steps: steps, secondsInPenalties: secondsInPenalties, stepCost: cost, parameters: parameterCount)
        return Outcome(result: result, state: selected?.state ?? [])
    }

    /// One pass over the training rows; the mean of the loss and of every term.
    private func trainEpoch(_ epoch: Int) throws -> [String: Double] {
        var sums: [String: Double] = [:]
        let batches = sampler.batches(epoch: epoch)
        for rows in batches {
            let record = try trainer.train(on: batch(rows))
            sums["loss", default: 0] += Double(record.loss)
            for term in record.terms { sums[term.name, default: 0] += Double(term.value) }
        }
        return sums.mapValues { $0 / Double(batches.count) }
    }

    private func evaluate(_ rows: [Int]) throws -> Score {
        try trainer.evaluate(on: BatchSampler.inOrder(rows, batchSize: evaluationBatch).map(batch))
    }

    private func batch(_ rows: [Int]) throws -> Batch {
        var inputs: [Modality: Tensor] = [:]
        for modality in trainer.model.modalities {
            inputs[modality] = standardization(try data.inputs(rows, modality: modality.name), modality: modality.name)
        }
        return Batch(inputs: inputs, labels: rows.map { data.labels[$0] }, domains: rows.map { data.domains[$0] })
    }

    /// Copies of everything that a checkpoint holds: the model with the weights that were evaluated, and what regularizers own.
    private func state() -> [(name: String, value: Tensor)] {
        func copied(_ state: [(name: String, value: Tensor)], under prefix: String = "") -> [(name: String, value: Tensor)] {
            state.map { (name: prefix + $0.name, value: Tensor($0.value.values, shape: $0.value.shape)) }
        }
        let model = trainer.withEvaluatedWeights { copied(trainer.model.state()) }
        return model + copied(trainer.regularizers.parts.state(), under: "regularizers.")
    }
}
