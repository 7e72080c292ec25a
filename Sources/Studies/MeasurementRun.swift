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
    let cells: [Cell]
    let folder: RunFolder
    private let components: Components
    private let pool: WorkerPool
    private let datasets: [ComponentPlan: any Dataset]
    /// The data sets that measurements set the target against.
    private let otherDatasets: [ComponentPlan: any Dataset]
    private let stems: URL
    private let stop: StopRequest
    private let prepared = PreparedData()
    /// Whether measurements that ended their process before stay as they are. Otherwise they are made again.
    package var keepsFailures = false

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
        /// How many ended the process that made them, and are not made again by this run.
        package var failed = 0
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

    /// A trial that is done.
    package struct Step: Sendable {
        package let key: TrialKey
        package let outcome: Outcome
        /// How many are done.
        package let done: Int
        /// How many there are.
        package let all: Int
    }

    /// - Parameters:
    ///   - beginning: what earlier processes have done of this run.
    ///   - observer: told, from any thread, of every trial that is done.
    /// - Throws: `StudyStopped` where `stop` was asked, else the first error that was not a measurement's own: data that cannot be read, a file that
    ///   cannot be written. What was measured before is kept.
    package func run(after beginning: Beginning = Beginning(), observer: @escaping @Sendable (Step) -> Void = { _ in }) throws -> Outcome {
        let all = cells.reduce(0) { $0 + $1.seeds.count }
        let trials = cells.flatMap { cell in cell.seeds.map { (cell: cell, seed: $0, key: cell.key(seed: $0)) } }
            .filter { beginning.includes($0.key) }
        let tally = Tally(done: beginning.done.count)
        let jobs = trials.map { trial -> @Sendable () -> Void in
            {
                guard !tally.hasEnded, !stop.isAsked else { return }
                do {
                    let own = try CallTrace.amid(Work(key: trial.key).mark) { try measure(trial.cell, seed: trial.seed, after: beginning) }
                    tally.add(own, of: trial.key) { done in observer(Step(key: trial.key, outcome: own, done: done, all: all)) }
                } catch {
                    tally.end(with: error)
                }
            }
        }
        pool.run(jobs)
        let outcomes = try tally.result()
        let done = beginning.done.count + outcomes.count
        if outcomes.count < trials.count { throw StudyStopped(finished: done, total: all) }
        return sum(of: outcomes)
    }

    /// What became of some trials together.
    package func sum(of outcomes: [TrialKey: Outcome]) -> Outcome {
        var sum = Outcome()
        for key in cells.lazy.flatMap({ cell in cell.seeds.lazy.map { cell.key(seed: $0) } }) {
            guard let own = outcomes[key] else { continue }
            sum.measured += own.measured
            sum.present += own.present
            sum.failed += own.failed
            sum.leftOut += own.leftOut
            sum.seconds += own.seconds
        }
        return sum
    }

    /// What all workers have done so far, and the first error.
    private final class Tally: Sendable {
        private let before: Int
        private let state = Mutex<(outcomes: [TrialKey: Outcome], error: (any Error)?)>(([:], nil))

        init(done: Int) { before = done }

        var hasEnded: Bool { state.withLock { $0.error != nil } }

        func add(_ own: Outcome, of key: TrialKey, then tell: (Int) -> Void) {
            state.withLock { state in
                state.outcomes[key] = own
                tell(before + state.outcomes.count)
            }
        }

        func end(with error: any Error) { state.withLock { $0.error = $0.error ?? error } }

        func result() throws -> [TrialKey: Outcome] {
            let (outcomes, error) = state.withLock { ($0.outcomes, $0.error) }
            if let error { throw error }
            return outcomes
        }
    }

    private func measure(_ cell: Cell, seed: Int, after beginning: Beginning) throws -> Outcome {
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
        let states = cell.measurements.map { state(of: $0, for: result, after: beginning) }
        let missing = zip(cell.measurements, states).filter { $1 == .missing }.map(\.0)
        outcome.present = states.count { $0 == .present }
        outcome.failed = states.count { $0 == .failed }
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
            let findings = try CallTrace.amid(Work(key: key, measurement: measurement).mark) {
                var other: TrainedModel?
                if let name = measurement.other?.plan, let data = otherDatasets[name] { other = try others.model(reading: data, named: name) }
                return try CallTrace.during("measure", of: measurement.instance) {
                    try self.findings(of: measurement, in: model, against: other, for: dataset.facts.targets.kind)
                }
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
