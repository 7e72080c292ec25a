import Analysis
import Configuration
import Datasets
import Foundation
import Networks
import Persistence
import Processes
import Regularization
import Results
import Synchronization
import Training
import Weights

/// Measures the models of a run folder: every finished trial, from its checkpoint, without training anything.
///
/// What is in the folder already, of the same measurement with the same options and of the same plan,
/// is left as it is, so that an interrupted run continues where it stopped.
package struct MeasurementRun: Sendable {
    private let cells: [Cell]
    private let folder: RunFolder
    private let components: Components
    private let pool: WorkerPool
    private let datasets: [ComponentPlan: any Dataset]
    /// The data sets that measurements set the target against.
    private let otherDatasets: [ComponentPlan: any Dataset]
    private let stems: URL
    private let stop: StopRequest
    private let prepared = PreparedData()

    package init(
        cells: [Cell], folder: RunFolder, components: Components, pool: WorkerPool, datasets: [ComponentPlan: any Dataset],
        otherDatasets: [ComponentPlan: any Dataset] = [:], stems: URL? = nil, stop: StopRequest = StopRequest()
    ) {
        self.cells = SeedStages.trimmed(cells, in: folder)
        self.folder = folder
        self.components = components
        self.pool = pool
        self.datasets = datasets
        self.otherDatasets = otherDatasets
        self.stems = stems ?? folder.stems
        self.stop = stop
    }

    /// What became of the trials.
    package struct Outcome: Sendable, Hashable, Codable {
        /// How many measurements were made now, and how many were there before.
        package var measured = 0
        package var present = 0
        /// Trials whose model cannot be measured, and why.
        package var leftOut: [LeftOut] = []
        /// Seconds that measuring took, over all workers.
        package var seconds = 0.0

        package init() {}
    }

    package struct LeftOut: Sendable, Hashable, Codable {
        package let key: TrialKey
        package let reason: String
    }

    /// - Parameter observer: told, from any thread, of every trial that is done: its key, how many are done and how many there are.
    /// - Throws: `StudyStopped` where `stop` was asked, else the first error that was not a measurement's own: data that cannot be read, a file that
    ///   cannot be written. What was measured before is kept.
    package func run(observer: @escaping @Sendable (TrialKey, _ done: Int, _ all: Int) -> Void = { _, _, _ in }) throws -> Outcome {
        let keys = cells.flatMap { cell in cell.seeds.map { cell.key(seed: $0) } }
        let tally = Tally()
        let jobs = cells.flatMap { cell in
            cell.seeds.map { seed -> @Sendable () -> Void in
                {
                    guard !tally.hasEnded, !stop.isAsked else { return }
                    do {
                        let own = try measure(cell, seed: seed)
                        tally.add(own) { done in observer(cell.key(seed: seed), done, keys.count) }
                    } catch {
                        tally.end(with: error)
                    }
                }
            }
        }
        pool.run(jobs)
        var (outcome, done) = try tally.result()
        if done < keys.count { throw StudyStopped(finished: done, total: keys.count) }
        let order = Dictionary(keys.enumerated().map { ($1, $0) }) { first, _ in first }
        outcome.leftOut.sort { order[$0.key, default: 0] < order[$1.key, default: 0] }
        return outcome
    }

    /// What all workers have done so far, and the first error.
    private final class Tally: Sendable {
        private let state = Mutex<(outcome: Outcome, done: Int, error: (any Error)?)>((Outcome(), 0, nil))

        var hasEnded: Bool { state.withLock { $0.error != nil } }

        func add(_ own: Outcome, then tell: (Int) -> Void) {
            state.withLock { state in
                state.outcome.measured += own.measured
                state.outcome.present += own.present
                state.outcome.leftOut += own.leftOut
                state.outcome.seconds += own.seconds
                state.done += 1
                tell(state.done)
            }
        }

        func end(with error: any Error) { state.withLock { $0.error = $0.error ?? error } }

        func result() throws -> (outcome: Outcome, done: Int) {
            let (outcome, done, error) = state.withLock { ($0.outcome, $0.done, $0.error) }
            if let error { throw error }
            return (outcome, done)
        }
    }

    private func measure(_ cell: Cell, seed: Int) throws -> Outcome {
        var outcome = Outcome()
        let key = cell.key(seed: seed)
        func leftOut(_ reason: String) -> Outcome {
            outcome.leftOut.append(LeftOut(key: key, reason: reason))
            return outcome
        }
        guard !cell.measurements.isEmpty else { return outcome }
        let store = RunStore(folder)
        let stored: TrialResult?
        do throws(DamagedFile) { stored = try store.result(at: folder.result(key)) } catch { return leftOut("\(error)") }
        guard let result = stored else { return leftOut("it has not been trained") }
        guard result.isFinished else { return leftOut("its training failed") }
        let missing = cell.measurements.filter { !isPresent($0, of: result) }
        outcome.present = cell.measurements.count - missing.count
        AtomicFile.removeAbandonedTemporaries(in: folder.measurements(key).path)
        guard !missing.isEmpty else { return outcome }
        let checkpoint: SafetensorsFile
        do throws(WeightsFault) {
            checkpoint = try SafetensorsFile(folder.checkpoint(key).path)
        } catch {
            return leftOut("\(error)")
        }
        guard let plan = plan(of: result, in: cell, seed: seed, threads: checkpoint.metadata["threads"].flatMap { Int($0) }) else {
            return leftOut("its result is of another recipe, another plug-in or another build of Regulus")
        }
        guard checkpoint.metadata["plan"] == result.plan else { return leftOut("its checkpoint belongs to another result") }
        guard let dataset = datasets[plan.data] else { return leftOut("its data set was not opened") }
        let trial = try Trial(plan, key: key, dataset: dataset, components: components, stems: stems, prepared: prepared)
        let model: TrainedModel
        var others = OtherModels(trial: trial, plan: plan, key: key, dataset: dataset, checkpoint: checkpoint, components: components)
        do {
            model = try trial.trainedModel(from: checkpoint)
        } catch let mismatch as StateMismatch {
            return leftOut("its checkpoint does not fit the model: \(mismatch)")
        } catch let fault as WeightsFault {
            return leftOut("\(fault)")
        }
        try Folder.create(folder.measurements(key).path)
        for measurement in missing {
            if stop.isAsked { break }
            let started = ContinuousClock.now
            var other: TrainedModel?
            if let name = measurement.other?.plan, let data = otherDatasets[name] { other = try others.model(reading: data, named: name) }
            let findings = try CallTrace.during("measure", of: Self.call(measurement, of: key)) {
                try self.findings(of: measurement, in: model, against: other, for: dataset.facts.targets.kind)
            }
            let seconds = started.duration(to: .now) / .seconds(1)
            let record = MeasurementRecord(
                instance: measurement.instance, measurement: measurement.component.name, options: measurement.optionTexts, plan: result.plan,
                seconds: seconds, findings: findings)
            try store.write(record, to: folder.measurement(measurement.identity, of: key))
            outcome.measured += 1
            outcome.seconds += seconds
        }
        return outcome
    }

    /// The findings of one measurement. A measurement that breaks its contract leaves only its own cell of the table empty.
    private func findings(
        of plan: MeasurementPlan, in model: TrainedModel, against other: TrainedModel?, for kind: TargetKind
    ) throws -> Findings {
        do {
            return try model.measure(
                with: components.measurements.make(plan.component.name, options: plan.component.options, for: kind), on: plan.modalities,
                against: other)
        } catch let fault where fault is MeasurementFault || fault is TrainingFailure {
            var findings = Findings()
            findings.numbers = [Findings.Number("measurement", value: nil, reason: "\(fault)")]
            return findings
        }
    }

    /// One trial's model on other data sets, each made when the first measurement asks for it.
    private struct OtherModels {
        let trial: Trial
        let plan: TrialPlan
        let key: TrialKey
        let dataset: any Dataset
        let checkpoint: SafetensorsFile
        let components: Components
        private var known: [ComponentPlan: TrainedModel] = [:]

        init(trial: Trial, plan: TrialPlan, key: TrialKey, dataset: any Dataset, checkpoint: SafetensorsFile, components: Components) {
            (self.trial, self.plan, self.key, self.dataset) = (trial, plan, key, dataset)
            (self.checkpoint, self.components) = (checkpoint, components)
        }

        mutating func model(reading data: any Dataset, named name: ComponentPlan) throws -> TrainedModel {
            if let model = known[name] { return model }
            let model = try reader().model(reading: data)
            known[name] = model
            return model
        }

        /// Where the outputs of frozen stems are stored, their encoders read nothing else: the whole model is made once more.
        private func reader() throws -> Trial {
            guard plan.stemCache else { return trial }
            var whole = plan
            whole.stemCache = false
            let reader = try Trial(whole, key: key, dataset: dataset, components: components)
            try reader.load(checkpoint)
            return reader
        }
    }

    // MARK: Measurements that end their process

    /// A measurement of a trial, as the trace of a process names it.
    private static func call(_ measurement: MeasurementPlan, of key: TrialKey) -> String { "\(measurement.instance) of \(key)" }

    /// Removes what says that a measurement ended its process, so that it is tried again.
    ///
    /// - Throws: `FileFault` where a file cannot be removed.
    package func removeFailures() throws(FileFault) {
        for (measurement, key) in all {
            let file = folder.measurement(measurement.identity, of: key)
            guard let record = try? RunStore(folder).measurement(at: file), record.endedProcess == true else { continue }
            guard unlink(file.path) == 0 || errno == ENOENT else { throw FileFault(action: "remove", path: file.path) }
        }
    }

    /// Writes down that a measurement ended the process that ran it, in place of its findings.
    ///
    /// - Parameters:
    ///   - call: the component of the call in which the process was, see ``Processes/CallTrace``.
    ///   - reason: how it ended.
    /// - Returns: whether it was a call of one of these measurements.
    /// - Throws: `FileFault` where the record cannot be written.
    package func fail(_ call: String, reason: String) throws -> Bool {
        let store = RunStore(folder)
        // A trace has room for the beginning of a long name.
        let isWhole = call.utf8.count < 1000
        guard let (measurement, key) = all.first(where: { isWhole ? Self.call($0, of: $1) == call : Self.call($0, of: $1).hasPrefix(call) }),
            let result = try store.result(at: folder.result(key), verifyingFiles: false)
        else { return false }
        var findings = Findings()
        findings.numbers = [Findings.Number("measurement", value: nil, reason: reason)]
        var record = MeasurementRecord(
            instance: measurement.instance, measurement: measurement.component.name, options: measurement.optionTexts, plan: result.plan, seconds: 0,
            findings: findings)
        record.endedProcess = true
        // The first one of a trial may be the one that ended its process.
        try Folder.create(folder.measurements(key).path)
        try store.write(record, to: folder.measurement(measurement.identity, of: key))
        return true
    }

    private var all: some Sequence<(MeasurementPlan, TrialKey)> {
        cells.lazy.flatMap { cell in cell.seeds.lazy.flatMap { seed in cell.measurements.lazy.map { ($0, cell.key(seed: seed)) } } }
    }

    private func isPresent(_ measurement: MeasurementPlan, of result: TrialResult) -> Bool {
        // A damaged one is measured again.
        let record = try? RunStore(folder).measurement(at: folder.measurement(measurement.identity, of: result.key))
        return record?.plan == result.plan
    }

    /// The plan that a result is of: that of one of the cell's candidates, trained with the threads that the checkpoint names.
    private func plan(of result: TrialResult, in cell: Cell, seed: Int, threads: Int?) -> TrialPlan? {
        let epochs = cell.tuning.choosesEpoch ? [result.selectedEpoch, nil] : [nil]
        let choices = cell.candidates.indices.flatMap { candidate in epochs.map { TuningChoice(candidate: candidate, epoch: $0) } }
        return choices.lazy.map { choice in
            var plan = cell.plan(of: choice, seed: seed)
            if let threads, threads >= 1 { plan.threads = threads }
            return plan
        }.first { $0.hash == result.plan }
    }
}
