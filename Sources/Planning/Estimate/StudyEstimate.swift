import Configuration
import Datasets
import Foundation
import Results
import Training

/// What a run takes approximately in time, memory and disk.
package struct StudyEstimate: Sendable, Hashable, Codable {
    /// Wall time of everything that the folder does not hold yet.
    package var seconds: Double
    /// Wall time of all of it, in an empty folder.
    package var secondsInAll: Double
    /// The number of trials that run at the same time.
    package var workers: Int
    package var memory: MemoryNeed
    /// The disk space of the run folder, part by part.
    package var disk: [DiskUse]
    /// How it was measured.
    package var measurement: Measurement
    /// What measuring the trained models takes; nil where nothing is measured.
    package var measuring: Measuring?

    /// What measuring the trained models takes beside training them, all trials together.
    package struct Measuring: Sendable, Hashable, Codable {
        /// One measurement.
        package struct Part: Sendable, Hashable, Codable {
            package var name: String
            package var seconds: Double
        }

        /// Seconds of a trial, the mean.
        package var ofTrial: Double
        /// The seconds of all measurements over those of the trials' trainings, tuning left out.
        package var share: Double
        /// Seconds of a trial by measurement, the mean, the longest first.
        package var parts: [Part]

        /// What a study should stay below.
        package static let acceptable = 0.1
    }

    /// One kind of files.
    package struct DiskUse: Sendable, Hashable, Codable {
        package var what: String
        package var bytes: Int
        /// Whether they are gone when the run has ended.
        package var isTemporary = false
    }

    package struct Measurement: Sendable, Hashable, Codable {
        /// The number of kinds of trials (by their regularizers, model and batch) that were measured.
        package var kinds: Int
        package var steps: Int
        package var seconds: Double
    }
}

/// The memory that trials running at the same time need, in bytes.
package struct MemoryNeed: Sendable, Hashable, Codable {
    /// The most that the process holds, data included.
    package var total: Int
    /// The part of it that one trial takes.
    package var ofTrial: Int
    /// The memory that is available for it; nil where that is not known.
    package var available: Int?
    /// The number of trials that run at the same time.
    package var trials: Int

    package var exceedsAvailable: Bool { available.map { total > $0 } ?? false }

    init(base: Int, ofTrial: Int, trials: Int) {
        total = base + ofTrial * trials
        self.ofTrial = ofTrial
        self.trials = trials
        // What the process already holds is not counted as available, although it is the process's own.
        available = MachineMemory.available.map { $0 + (MachineMemory.own ?? 0) }
    }
}

/// Measures a few steps of every kind of trial, with as many trials at the same time as the run will have.
package struct StudyCalibration: Sendable {
    private let study: PlannedStudy
    private let components: Components
    private let pool: WorkerPool

    package init(_ study: PlannedStudy, components: Components, pool: WorkerPool) {
        self.study = study
        self.components = components
        self.pool = pool
    }

    /// Kinds of trials that are measured for as long as is asked for. A study of hundreds of rows would else take a quarter of an hour.
    private static let mostKindsInFull = 16

    /// How long each of so many kinds is measured.
    static func seconds(ofKinds count: Int, each seconds: Double) -> Double { seconds * Double(mostKindsInFull) / Double(max(count, mostKindsInFull)) }

    /// One kind of trial, and a trial that represents it.
    private struct Sample {
        let kind: TrialKind
        let plan: TrialPlan
        let key: TrialKey
    }

    private struct Measured {
        var cost: TrialCost
        /// What one trial adds to the process.
        var memory: Int
    }

    /// The most memory that the run takes, from two steps of each kind of trial, the largest batch first, for no longer than a moment.
    ///
    /// - Parameter seconds: no further kind is tried after this time.
    /// - Throws: where data cannot be read.
    package func memory(within seconds: Double = 2) throws -> MemoryNeed {
        let started = ContinuousClock.now
        let base = MachineMemory.resident ?? 0
        var largest = 0
        let ordered = samples.enumerated().sorted { ($1.element.plan.batch, $0.offset) < ($0.element.plan.batch, $1.offset) }
        for sample in ordered.map(\.element) {
            largest = max(largest, try measure(sample, workers: 1, seconds: 0).memory)
            if started.duration(to: .now) > .seconds(seconds) { break }
        }
        return MemoryNeed(base: base, ofTrial: largest, trials: trialsAtOnce)
    }

    /// - Parameters:
    ///   - finished: what need not be trained again.
    ///   - seconds: how long each kind is trained for; of more than `mostKindsInFull` kinds, all together as long as so many.
    /// - Throws: where data cannot be read.
    package func estimate(without finished: Set<StudyJob>, seconds: Double) throws -> StudyEstimate {
        let started = ContinuousClock.now
        let available = MachineMemory.available
        let samples = samples
        let seconds = Self.seconds(ofKinds: samples.count, each: seconds)
        let base = MachineMemory.resident ?? 0
        var costs: [TrialKind: TrialCost] = [:]
        var memory = 0
        for sample in samples {
            var measured = try measure(sample, workers: 1, seconds: trialsAtOnce == 1 ? seconds : 0)
            let fits = available.map { measured.memory * trialsAtOnce < $0 / 10 * 9 } ?? true
            if trialsAtOnce > 1, fits { measured = try measure(sample, workers: trialsAtOnce, seconds: seconds) }
            costs[sample.kind] = measured.cost
            memory = max(memory, measured.memory)
        }
        let measuring = try measuringCosts(costs, moment: 0.1 * seconds)
        let spent = started.duration(to: .now) / .seconds(1)
        let work = try StudyWork(study, costs: costs, measuring: measuring)
        return StudyEstimate(
            seconds: work.seconds(workers: pool.workers, without: finished), secondsInAll: work.seconds(workers: pool.workers, without: []),
            workers: trialsAtOnce, memory: MemoryNeed(base: base, ofTrial: memory, trials: trialsAtOnce),
            disk: work.disk(workers: trialsAtOnce),
            measurement: .init(kinds: samples.count, steps: costs.values.reduce(0) { $0 + $1.steps }, seconds: spent),
            measuring: work.measuring)
    }

    /// What measurements take, tried once for each model and list of them.
    private func measuringCosts(_ costs: [TrialKind: TrialCost], moment: Double) throws -> [MeasuringKind: MeasuringCost] {
        var found: [MeasuringKind: MeasuringCost] = [:]
        for cell in study.cells where !cell.measurements.isEmpty {
            let plan = cell.candidates[0].plan
            guard let data = study.datasets[plan.data] else { continue }
            let kind = MeasuringKind(plan, facts: data.facts, measurements: cell.measurements)
            guard found[kind] == nil else { continue }
            let cost = costs[TrialKind(plan, facts: data.facts)] ?? TrialCost()
            let outcome = Slots<Result<MeasuringCost, any Error>>(count: 1)
            let job: @Sendable () -> Void = {
                outcome.set(
                    Result {
                        try MeasuringCost.measure(
                            cell.measurements, of: plan, key: cell.key(seed: plan.seed), dataset: data, others: study.otherDatasets,
                            components: components, cost: cost, moment: moment)
                    }, at: 0)
            }
            WorkerPool(workers: 1, threadsPerWorker: pool.threadsPerWorker).run([job])
            found[kind] = try outcome.complete?.first?.get()
        }
        return found
    }

    /// No more than there are trainings.
    private var trialsAtOnce: Int { min(pool.workers, max(1, study.cells.jobCount)) }

    /// In the study's order.
    private var samples: [Sample] {
        study.cells.lazy.flatMap { cell in
            cell.candidates.compactMap { candidate in
                study.datasets[candidate.plan.data].map { data in
                    Sample(kind: TrialKind(candidate.plan, facts: data.facts), plan: candidate.plan, key: cell.key(seed: candidate.plan.seed))
                }
            }
        }.distinct(by: \.kind)
    }

    private func measure(_ sample: Sample, workers: Int, seconds: Double) throws -> Measured {
        let outcomes = Slots<Result<TrialCost, any Error>>(count: workers)
        MachineMemory.forgetPeak()
        let before = MachineMemory.resident ?? 0
        let jobs = (0..<workers).map { index -> @Sendable () -> Void in
            { outcomes.set(Result { try self.cost(of: sample, seconds: seconds) }, at: index) }
        }
        WorkerPool(workers: workers, threadsPerWorker: pool.threadsPerWorker).run(jobs)
        let memory = max(0, (MachineMemory.peak ?? 0) - before) / workers
        MachineMemory.releaseFreed()
        let costs = try (outcomes.complete ?? []).map { try $0.get() }
        var cost = costs[0]
        func mean(_ part: (TrialCost) -> Double) -> Double { costs.reduce(0) { $0 + part($1) } / Double(costs.count) }
        (cost.setup, cost.step, cost.evaluation) = (mean(\.setup), mean(\.step), mean(\.evaluation))
        return Measured(cost: cost, memory: memory)
    }

    private func cost(of sample: Sample, seconds: Double) throws -> TrialCost {
        guard let data = study.datasets[sample.plan.data] else { return TrialCost() }
        return try TrialCost.measure(sample.plan, key: sample.key, dataset: data, components: components, for: seconds)
    }
}
