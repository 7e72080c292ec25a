import Analysis
import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Results
import Selection
import Tensors

/// One training from its first step to the scores of every trial that it serves.
///
/// Most trainings serve one trial. Where only one domain is trained on, the same model is measured on all others: each of these trials has a
/// result, metrics and a checkpoint of its own, to the bit those of a training for it alone.
package struct Trial {
    let plan: TrialPlan
    /// The trials, one for each of the plan's targets.
    private let keys: [TrialKey]
    let facts: DatasetFacts
    let standardization: Standardization
    package let split: SourceSplit
    package let sampler: BatchSampler
    package let trainer: Trainer
    package let batches: TrialBatches
    /// What the epoch is chosen in.
    private let situation: SelectionSituation

    /// Makes the model, the regularizers and the batches of a plan.
    ///
    /// - Parameters:
    ///   - key: the trial that is trained for.
    ///   - dataset: the data set that the plan names.
    ///   - stems: the folder in which outputs of frozen stems are stored, where the plan says that they are.
    ///   - prepared: what other trials have made of the data already.
    /// - Throws: `OptionFault` or `DatasetFault` where something of the plan does not fit the data or the model.
    package init(
        _ plan: TrialPlan, key: TrialKey, dataset: any Dataset, components: Components, stems: URL? = nil, prepared: PreparedData = PreparedData()
    ) throws {
        try self.init(plan, keys: [key], dataset: dataset, components: components, stems: stems, prepared: prepared)
    }

    /// The same for a training that serves several trials.
    ///
    /// - Parameter keys: the trials, one for each of the plan's targets.
    package init(
        _ plan: TrialPlan, keys: [TrialKey], dataset: any Dataset, components: Components, stems: URL? = nil, prepared: PreparedData = PreparedData()
    ) throws {
        require(keys.count == plan.targets.count, "\(plan.targets.count) targets were given for \(keys.count) trials")
        self.plan = plan
        self.keys = keys
        let parts = try prepared.parts(for: plan, of: dataset)
        let data = parts.data
        (facts, split, standardization) = (data.facts, parts.split, parts.standardization)
        sampler = try plan.makeSampler(of: data, rows: split.training)
        require(!plan.stemCache || stems != nil, "a plan that stores stems needs a folder for them")
        let (made, cached) = try plan.makeModelReadingStems(of: data, components: components)
        trainer = try plan.makeTrainer(
            of: made, facts: data.facts, components: components, initializer: plan.initializer, random: plan.random,
            stepsPerEpoch: sampler.batchesPerEpoch)
        situation = SelectionSituation(
            .epochs, score: trainer.task.score, kind: facts.targets.kind, sources: plan.trainedDomains.count, modalities: made.modalities.count)
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

    /// What it takes to build the model of one of the trials again.
    package func description(of target: Int) -> ModelDescription {
        ModelDescription(plan.measured(on: [target]), facts: facts, standardization: standardization)
    }

    /// What becomes of one trial: the result for the report, and the reported epoch's model as checkpoint entries.
    package struct Outcome {
        package let result: TrialResult
        /// Empty where the trial failed.
        package let state: NamedTensors
        /// What it takes to build the model again.
        package let model: ModelDescription
    }

    /// Trains for all epochs and returns what becomes of the first trial: see `outcomes(measuringTargets:saving:onEpoch:)`.
    package func run(
        measuringTarget: Bool = true, saving: TrialSaving? = nil, onEpoch: (EpochRecord) throws -> Void = { _ in }
    ) throws -> Outcome {
        try outcomes(measuringTargets: measuringTarget, saving: saving) { records in
            if let record = records[0] { try onEpoch(record) }
        }[0]
    }

    /// Trains for all epochs, or for those that are left where an earlier process has saved the training.
    ///
    /// - Parameters:
    ///   - measuringTargets: whether the targets' scores of every epoch are recorded for the report; the selection is not given them.
    ///     A rehearsal, which tuning learns from, does not even measure them.
    ///   - saving: how the training is saved; nil to begin anew and save nothing.
    ///   - onEpoch: called after every epoch with the record of every trial, nil for one that failed before; first of all for the epochs
    ///     that were done before.
    /// - Returns: one outcome for each trial. A loss that stopped being a number ends the trials with failed results instead of an error.
    /// - Throws: `DatasetFault` where data cannot be read; `TrialInterrupted` where `saving` says to stop, and `FileFault` where the training
    ///   cannot be saved.
    package func outcomes(
        measuringTargets: Bool = true, saving: TrialSaving? = nil, onEpoch: ([EpochRecord?]) throws -> Void = { _ in }
    ) throws -> [Outcome] {
        var course = saving?.folder.newest { try resume($0, measuringTargets: measuringTargets) } ?? Course(targets: measuringTargets ? plan.targets : [])
        var saver = saving.map(TrialSaver.init)
        for epoch in course.progress.epochs.indices { try onEpoch(records(of: course, at: epoch)) }
        do {
            while course.progress.epoch <= plan.epochs {
                try trainEpoch(&course, saver: &saver)
                try endEpoch(&course, saver: &saver)
                try onEpoch(records(of: course, at: course.progress.epochs.count - 1))
            }
            try requireFinitePredictions(of: &course)
        } catch let failure as TrainingFailure {
            course.fail(failure)
        }
        return try outcomes(of: course)
    }

    /// What was measured after an epoch, counted from 0, for each trial.
    private func records(of course: Course, at epoch: Int) -> [EpochRecord?] {
        guard !course.progress.targets.isEmpty else { return keys.map { _ in course.progress.epochs[epoch] } }
        return course.progress.targets.map { epoch < $0.epochs.count ? $0.epochs[epoch] : nil }
    }

    /// The state besides the trainer that is carried from step to step.
    private struct Course {
        var progress = TrialProgress()
        /// The model of the selected epoch.
        var selected: NamedTensors = []
        /// What the selection may see of each epoch.
        private(set) var scores: [SourceScore]
        private let started = ContinuousClock.now
        /// What earlier processes read.
        private let loadedBefore: LoadingRecord?
        /// What ended the training.
        private(set) var failure: TrialStatus?

        /// - Parameter targets: the domains to measure.
        init(targets: [Int]) {
            var progress = TrialProgress()
            progress.targets = targets.map { TargetProgress(domain: $0) }
            self.init(progress)
        }

        init(_ progress: TrialProgress, selected: NamedTensors = []) {
            self.progress = progress
            self.progress.times = progress.times ?? TrialTimes(started: Date().timeIntervalSince1970)
            self.selected = selected
            scores = progress.epochs.map(SourceScore.init)
            loadedBefore = progress.loading
        }

        /// Whether a selection that also sees the record of a further epoch chooses that one.
        mutating func chooses(_ record: EpochRecord, by selection: EpochSelection, in situation: SelectionSituation, ties: TieRule) -> Bool {
            scores.append(SourceScore(record))
            return selection.choose(from: scores, in: situation, ties: ties)?.epoch == record.epoch
        }

        /// Adds the record of the epoch that was asked about, with what has been measured since.
        mutating func add(_ record: EpochRecord) {
            scores[scores.count - 1] = SourceScore(record)
            progress.epochs.append(record)
        }

        /// What has been read over all the processes that have worked on the trial.
        func loading(_ here: LoadingRecord?) -> LoadingRecord? { here.map { (loadedBefore ?? LoadingRecord()) + $0 } }

        /// Seconds over all the processes that have worked on the trial.
        var seconds: Double { progress.seconds + started.duration(to: .now) / .seconds(1) }

        /// Ends all trials.
        mutating func fail(_ failure: TrainingFailure) {
            self.failure = TrialStatus(failure)
            progress.selectedEpoch = nil
            selected = []
        }
    }

    private struct Impossible: Error {}

    private func resume(_ saved: SavedTrial, measuringTargets: Bool) throws -> Course {
        var progress = saved.progress
        // Of trials of one training some may have ended before the process did; a save that lacks one of the others is of no use.
        let targets = measuringTargets ? plan.targets.map { target in progress.targets.first { $0.domain == target } } : []
        guard progress.isPossible(epochs: plan.epochs, batchesPerEpoch: sampler.batchesPerEpoch),
            saved.selected.isEmpty == (progress.selectedEpoch == nil), targets.allSatisfy({ $0 != nil })
        else { throw Impossible() }
        progress.targets = targets.compactMap(\.self)
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

    /// Scores the model, keeps it where it is the best so far, and turns to the next epoch.
    private func endEpoch(_ course: inout Course, saver: inout TrialSaver?) throws {
        try trainer.requireFiniteModel()
        let measuresTargets = !course.progress.targets.isEmpty
        // Beforehand, since a trial cannot be saved while the weights that are evaluated stand in the model.
        try batches.prepare(split.validation.rows + (measuresTargets ? split.target.rows : [])) { try saver?.didPause { saved(course) } }
        if !split.validation.rows.isEmpty { try trainer.followValidation { try batches.evaluate(split.validation.rows, $0) } }
        let rows = split.validation.rows
        let sources = rows.isEmpty ? nil : try trainer.evaluateSources(samples: rows.count) { try batches.evaluate(rows, $0) }
        let validation = sources?.score
        let means = course.progress.sums.mapValues { $0 / Double(course.progress.batches) }
        let epoch = course.progress.epoch
        var record = EpochRecord(
            epoch: epoch, trainingLoss: means["loss"] ?? .nan, terms: means.filter { $0.key != "loss" },
            sourceValidationScore: validation?.value, sourceValidationLoss: validation?.loss,
            sourceValidationNonFinite: validation?.nonFinite ?? 0, sourceValidationCount: validation?.samples,
            otherSourceValidationScores: validation?.others ?? [:], gradientShares: course.progress.gradientShares)
        func probe() throws {
            guard let sources else { return }
            (record.sourceValidationAlone, record.sourceValidationRecombined) = try trainer.scores(of: sources.probes)
        }
        if plan.probesEveryEpoch { try probe() }
        let isBest = course.chooses(record, by: plan.selection, in: situation, ties: plan.ties)
        // Of a model that is reported, and where the choice among settings looks at the last epoch, the diagnostic is always there.
        if !plan.probesEveryEpoch, isBest && plan.selection != .lastEpoch || epoch == plan.epochs { try probe() }
        try measureTargets(of: &course, after: record)
        course.add(record)
        course.progress.times?.epochs.append(Date().timeIntervalSince1970)
        if isBest {
            course.progress.selectedEpoch = epoch
            course.selected = try state()
        }
        (course.progress.epoch, course.progress.batches, course.progress.sums) = (epoch + 1, 0, [:])
        course.progress.gradientShares = [:]
    }

    /// Measures the model on the target of every trial that has not failed.
    ///
    /// - Throws: the failure of the last one, where none is left to go on for.
    private func measureTargets(of course: inout Course, after record: EpochRecord) throws {
        guard !course.progress.targets.isEmpty else { return }
        var last: TrainingFailure?
        for index in course.progress.targets.indices where course.progress.targets[index].status == .finished {
            do {
                let score = try evaluate(split.target(of: course.progress.targets[index].domain).rows)
                var record = record
                (record.targetScore, record.targetNonFinite) = (score.value, score.nonFinite)
                (record.otherTargetScores, record.undefinedTargetScores) = (score.others, score.undefined)
                course.progress.targets[index].epochs.append(record)
            } catch let failure as TrainingFailure {
                course.progress.targets[index].status = TrialStatus(failure)
                last = failure
            }
        }
        if let last, course.progress.targets.allSatisfy({ $0.status != .finished }) { throw last }
    }

    /// Makes sure that there is something to report: an epoch that could be chosen, and predictions of it and of the last one.
    ///
    /// A model may be finite and none of its predictions on other data. That some are not is counted, not failed.
    ///
    /// - Throws: what ends all trials; what ends one is noted in its place.
    private func requireFinitePredictions(of course: inout Course) throws(TrainingFailure) {
        func failure(_ message: String) -> TrainingFailure {
            TrainingFailure(term: "task", step: max(trainer.step - 1, 0), message: message)
        }
        let epochs = course.progress.epochs
        guard let selected = course.progress.selectedEpoch ?? (split.validation.rows.isEmpty ? epochs.count : nil) else {
            throw failure("no epoch has a score on source validation that is a number")
        }
        func failure(in records: [EpochRecord], on part: String, of count: Int, _ nonFinite: (EpochRecord) -> Int) -> TrainingFailure? {
            guard count > 0, let record = [records[selected - 1], records.last].compactMap(\.self).first(where: { nonFinite($0) == count })
            else { return nil }
            return failure("after epoch \(record.epoch) none of the \(count) predictions on \(part) is finite")
        }
        if let failure = failure(in: epochs, on: "source validation", of: split.validation.rows.count, \.sourceValidationNonFinite) { throw failure }
        for (index, target) in course.progress.targets.enumerated() where target.status == .finished {
            let count = split.target(of: target.domain).rows.count
            if let failure = failure(in: target.epochs, on: "the target \(keys[index].target)", of: count, \.targetNonFinite) {
                course.progress.targets[index].status = TrialStatus(failure)
            }
        }
    }

    private func outcomes(of course: Course) throws -> [Outcome] {
        // What measuring the cost takes is not part of the training.
        let (seconds, steps, secondsInPenalties) = (course.seconds, trainer.step, trainer.secondsInPenalties)
        let loading = course.loading(batches.loading)
        let effects = trainer.effects
        let (progress, score) = (course.progress, trainer.task.score)
        let statuses = keys.indices.map { course.failure ?? ($0 < progress.targets.count ? progress.targets[$0].status : .finished) }
        let isMeasured = !progress.targets.isEmpty
        let cost = isMeasured && statuses.contains(.finished) ? try stepCost() : nil
        let names = plan.targets.map { plan.measured(on: [$0]).names }
        return keys.indices.map { index in
            let (status, target) = (statuses[index], plan.targets[index])
            let (isFinished, epochs) = (status == .finished, isMeasured ? progress.targets[index].epochs : progress.epochs)
            let chosen = isFinished ? progress.selectedEpoch.map { epochs[$0 - 1] } : nil
            let result = TrialResult(
                key: keys[index], plan: isMeasured ? names[index].hash : names[index].training,
                origin: ResultOrigin(program: plan.program, data: plan.dataFingerprint), status: status, epochs: epochs,
                selectedEpoch: chosen?.epoch, score: score, targetScore: chosen?.targetScore,
                oracleScore: isFinished ? score.best(of: epochs.compactMap(\.targetScore).filter { !$0.isNaN }) : nil,
                lastScore: isFinished ? epochs.last?.targetScore : nil, sourceValidationScore: chosen?.sourceValidationScore,
                seconds: seconds, steps: steps, secondsInPenalties: secondsInPenalties, stepCost: isFinished ? cost : nil,
                parameters: parameterCount, loading: loading, effects: effects, training: names[index].training, times: progress.times)
            return Outcome(result: result, state: isFinished ? course.selected : [], model: description(of: target))
        }
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

extension TrialStatus {
    fileprivate init(_ failure: TrainingFailure) {
        self = .failed(term: failure.term, step: failure.step, message: failure.message)
    }
}
