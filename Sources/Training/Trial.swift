import Analysis
import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Results
import Tensors
import Weights

/// One training, from its first step to its scores.
package struct Trial {
    private let plan: TrialPlan
    private let key: TrialKey
    let facts: DatasetFacts
    /// What it takes to build the model again.
    package let description: ModelDescription
    package let split: SourceSplit
    package let sampler: BatchSampler
    package let trainer: Trainer
    package let batches: TrialBatches

    /// Makes the model, the regularizers and the batches of a plan.
    ///
    /// - Parameters:
    ///   - dataset: the data set that the plan names.
    ///   - stems: the folder in which outputs of frozen stems are stored, where the plan says that they are.
    /// - Throws: `OptionFault` or `DatasetFault` where something of the plan does not fit the data or the model.
    package init(_ plan: TrialPlan, key: TrialKey, dataset: any Dataset, components: Components, stems: URL? = nil) throws {
        self.plan = plan
        self.key = key
        let data = dataset.holdingOut([plan.target])
        facts = data.facts
        split = try plan.makeSplit(of: data)
        let standardization = try Standardization(plan.standardization, of: data, rows: split.training)
        description = ModelDescription(plan, facts: data.facts, standardization: standardization)
        sampler = try plan.makeSampler(of: data, rows: split.training)
        require(!plan.stemCache || stems != nil, "a plan that stores stems needs a folder for them")
        let (made, cached) = try plan.makeModelReadingStems(of: data, components: components)
        trainer = try plan.makeTrainer(
            of: made, facts: data.facts, components: components, initializer: plan.initializer, random: plan.random,
            stepsPerEpoch: sampler.batchesPerEpoch)
        var cache: StemCache?
        if let stems, !cached.isEmpty {
            cache = try StemCache(in: stems, plan: plan, data: data, standardization: standardization, encoders: cached)
        }
        batches = try TrialBatches(
            of: data, plan: plan, modalities: made.modalities, standardization: standardization, stems: cache,
            minimum: plan.minimumBatch(components.regularizers))
    }

    /// The number of values trained, those of regularizers included.
    package var parameterCount: Int { trainer.parameters.reduce(0) { $0 + $1.parameter.elementCount } }

    /// What `run` returns: the result for the report, and the reported epoch's model as checkpoint entries.
    package struct Outcome {
        package let result: TrialResult
        package let state: NamedTensors
        /// What it takes to build the model again.
        package let model: ModelDescription
    }

    /// Trains for all epochs, or for those that are left where an earlier process has saved the trial.
    ///
    /// - Parameters:
    ///   - measuringTarget: whether the target's score of every epoch is recorded for the report; the selection is not given it.
    ///     A rehearsal, which tuning learns from, does not even measure it.
    ///   - onEpoch: called after every epoch with its record; first of all for the epochs that were done before.
    /// - Returns: the result; a loss that stopped being a number ends the trial with a failed result instead of an error.
    /// - Throws: `DatasetFault` where data cannot be read.
    package func run(measuringTarget: Bool = true, onEpoch: (EpochRecord) throws -> Void = { _ in }) throws -> Outcome {
        try run(measuringTarget: measuringTarget, saving: nil, onEpoch: onEpoch)
    }

    /// - Parameter saving: how the trial is saved; nil to begin anew and save nothing.
    /// - Throws: also `TrialInterrupted` where `saving` says to stop, and `FileFault` where the trial cannot be saved.
    package func run(measuringTarget: Bool = true, saving: TrialSaving?, onEpoch: (EpochRecord) throws -> Void = { _ in }) throws -> Outcome {
        var course = saving?.folder.newest(resume) ?? Course()
        var saver = saving.map(TrialSaver.init)
        for epoch in course.progress.epochs { try onEpoch(epoch) }
        var status = TrialStatus.finished
        do {
            while course.progress.epoch <= plan.epochs {
                try trainEpoch(&course, saver: &saver)
                try endEpoch(&course, saver: &saver, measuringTarget: measuringTarget)
                if let record = course.progress.epochs.last { try onEpoch(record) }
            }
            try requireFinitePredictions(of: course)
        } catch let failure as TrainingFailure {
            status = .failed(term: failure.term, step: failure.step, message: failure.message)
            course.progress.selectedEpoch = nil
            course.selected = []
        }
        return Outcome(result: try result(of: course, status: status, measuringTarget: measuringTarget), state: course.selected, model: description)
    }

    /// The state besides the trainer that is carried from step to step.
    private struct Course {
        var progress = TrialProgress()
        /// The model of the selected epoch.
        var selected: NamedTensors = []
        private let started = ContinuousClock.now
        /// What earlier processes read.
        private let loadedBefore: LoadingRecord?

        init(_ progress: TrialProgress = TrialProgress(), selected: NamedTensors = []) {
            self.progress = progress
            self.progress.times = progress.times ?? TrialTimes(started: Date().timeIntervalSince1970)
            self.selected = selected
            loadedBefore = progress.loading
        }

        /// What has been read over all the processes that have worked on the trial.
        func loading(_ here: LoadingRecord?) -> LoadingRecord? { here.map { (loadedBefore ?? LoadingRecord()) + $0 } }

        /// Seconds over all the processes that have worked on the trial.
        var seconds: Double { progress.seconds + started.duration(to: .now) / .seconds(1) }
    }

    private struct Impossible: Error {}

    private func resume(_ saved: SavedTrial) throws -> Course {
        let progress = saved.progress
        guard progress.isPossible(epochs: plan.epochs, batchesPerEpoch: sampler.batchesPerEpoch),
            saved.selected.isEmpty == (progress.selectedEpoch == nil)
        else { throw Impossible() }
        try trainer.restore(saved.trainer, step: progress.step, secondsInPenalties: progress.secondsInPenalties, effects: progress.effects)
        return Course(progress, selected: saved.selected)
    }

    private func saved(_ course: Course) -> SavedTrial {
        var progress = course.progress
        progress.step = trainer.step
        progress.seconds = course.seconds
        progress.secondsInPenalties = trainer.secondsInPenalties
        progress.effects = trainer.effects
        progress.loading = course.loading(batches.loading)
        return SavedTrial(progress: progress, trainer: trainer.state(), selected: course.selected)
    }

    /// The remainder of one pass over the training rows.
    private func trainEpoch(_ course: inout Course, saver: inout TrialSaver?) throws {
        let epoch = course.progress.epoch
        try batches.train(on: Array(sampler.batches(epoch: epoch).dropFirst(course.progress.batches)), epoch: epoch) {
            try saver?.didPause { saved(course) }
        } _: { batch in
            let isLast = course.progress.batches == sampler.batchesPerEpoch - 1
            let record = try trainer.train(on: batch, measuringShares: isLast)
            course.progress.batches += 1
            course.progress.gradientShares = record.gradientShares
            course.progress.sums["loss", default: 0] += Double(record.loss)
            for term in record.terms { course.progress.sums[term.name, default: 0] += Double(term.value) }
            try saver?.didStep { saved(course) }
        }
    }

    /// Scores the model, keeps it where it is the best so far, and begins the next epoch.
    private func endEpoch(_ course: inout Course, saver: inout TrialSaver?, measuringTarget: Bool) throws {
        try trainer.requireFiniteModel()
        // Beforehand, since a trial cannot be saved while the weights that are evaluated stand in the model.
        try batches.prepare(split.validation.rows + (measuringTarget ? split.target.rows : [])) { try saver?.didPause { saved(course) } }
        if !split.validation.rows.isEmpty { try trainer.followValidation { try batches.evaluate(split.validation.rows, $0) } }
        let validation = split.validation.rows.isEmpty ? nil : try evaluate(split.validation.rows)
        let target = measuringTarget ? try evaluate(split.target.rows) : nil
        let means = course.progress.sums.mapValues { $0 / Double(course.progress.batches) }
        let epoch = course.progress.epoch
        course.progress.epochs.append(
            EpochRecord(
                epoch: epoch, trainingLoss: means["loss"] ?? .nan, terms: means.filter { $0.key != "loss" },
                sourceValidationScore: validation?.value, sourceValidationLoss: validation?.loss,
                sourceValidationNonFinite: validation?.nonFinite ?? 0, otherSourceValidationScores: validation?.others ?? [:],
                targetScore: target?.value, targetNonFinite: target?.nonFinite ?? 0, otherTargetScores: target?.others ?? [:],
                undefinedTargetScores: target?.undefined ?? [:], gradientShares: course.progress.gradientShares))
        course.progress.times?.epochs.append(Date().timeIntervalSince1970)
        if let best = plan.selection.choose(from: course.progress.epochs.map { SourceScore($0, of: trainer.task.score) }), best.epoch == epoch {
            course.progress.selectedEpoch = epoch
            course.selected = try state()
        }
        (course.progress.epoch, course.progress.batches, course.progress.sums) = (epoch + 1, 0, [:])
        course.progress.gradientShares = [:]
    }

    /// Makes sure that there is something to report: an epoch that can be chosen, with finite
    /// predictions of its model and of the last one.
    ///
    /// A model may be finite while none of its predictions on other data is. A part that is not finite
    /// is counted and does not fail the trial.
    private func requireFinitePredictions(of course: Course) throws(TrainingFailure) {
        func failure(_ message: String) -> TrainingFailure {
            TrainingFailure(term: "task", step: max(trainer.step - 1, 0), message: message)
        }
        let epochs = course.progress.epochs
        guard let selected = course.progress.selectedEpoch ?? (split.validation.rows.isEmpty ? epochs.count : nil) else {
            throw failure("no epoch has a score on source validation that is a number")
        }
        for record in [epochs[selected - 1], epochs.last].compactMap(\.self) {
            let parts = [
                ("source validation", record.sourceValidationNonFinite, split.validation.rows.count),
                ("the target \(key.target)", record.targetNonFinite, split.target.rows.count),
            ]
            if let (part, _, count) = parts.first(where: { $0.2 > 0 && $0.1 == $0.2 }) {
                throw failure("after epoch \(record.epoch) none of the \(count) predictions on \(part) is finite")
            }
        }
    }

    private func result(of course: Course, status: TrialStatus, measuringTarget: Bool) throws -> TrialResult {
        // The time that measuring the cost takes does not count as training.
        let (seconds, steps, secondsInPenalties) = (course.seconds, trainer.step, trainer.secondsInPenalties)
        let loading = batches.loading
        let effects = trainer.effects
        let epochs = course.progress.epochs
        let chosen = course.progress.selectedEpoch.map { epochs[$0 - 1] }
        let (isFinished, score) = (status == .finished, trainer.task.score)
        let cost = isFinished && measuringTarget ? try stepCost() : nil
        return TrialResult(
            key: key, plan: plan.hash, origin: ResultOrigin(program: plan.program, data: plan.dataFingerprint), status: status, epochs: epochs,
            selectedEpoch: chosen?.epoch, score: score, targetScore: chosen?.targetScore,
            oracleScore: isFinished ? score.best(of: epochs.compactMap(\.targetScore).filter { !$0.isNaN }) : nil,
            lastScore: isFinished ? epochs.last?.targetScore : nil, sourceValidationScore: chosen?.sourceValidationScore,
            seconds: seconds, steps: steps, secondsInPenalties: secondsInPenalties, stepCost: cost, parameters: parameterCount,
            loading: course.loading(loading), effects: effects, times: course.progress.times)
    }

    /// How well the model does on some rows, at least one.
    package func evaluate(_ rows: [Int]) throws -> Score { try trainer.evaluate { try batches.evaluate(rows, $0) } }

    /// What a step takes on the first batch; nil where one fails.
    private func stepCost() throws -> StepCost? {
        var cost: StepCost?
        try batches.train(on: Array(sampler.batches(epoch: 1).prefix(1)), epoch: 1) {
        } _: {
            cost = trainer.measureCost(on: $0)
        }
        return cost
    }

    /// Copies of everything that a checkpoint holds: the model with the weights that were evaluated, and what regularizers own.
    private func state() throws -> NamedTensors {
        func copied(_ state: NamedTensors, under prefix: String = "") -> NamedTensors {
            state.map { (name: prefix + $0.name, value: Tensor($0.value.values, shape: $0.value.shape)) }
        }
        let model = try trainer.withEvaluatedWeights { copied(trainer.model.state()) }
        return model + copied(trainer.regularizers.parts.state(), under: "regularizers.")
    }
}

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
        // The checkpoint holds the weights that were evaluated: an average where there was one.
        try trainer.model.load(own)
        try trainer.regularizers.parts.load(ofRegularizers)
        let (trainer, batches) = (trainer, batches)
        let rows: [SampleSet: [Int]] = [
            .training: split.training.rows.sorted(), .validation: split.validation.rows.sorted(), .target: split.target.rows.sorted(),
        ]
        let pass = Pass.evaluation
        return TrainedModel(
            modalities: trainer.model.modalities, task: trainer.task, targets: facts.targets, domains: facts.domains,
            frozenInputs: batches.storedStems,
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
