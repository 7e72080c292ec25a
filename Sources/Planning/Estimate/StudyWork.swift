import Configuration
import Datasets
import Foundation
import Results
import Training

/// Every training of a study with what it takes.
struct StudyWork {
    /// One training, with the evaluations that it is done for.
    private struct Job {
        /// Without any of the targets' evaluations.
        let training: Double
        let parts: [(job: StudyJob, seconds: Double)]

        /// How long the missing part takes; 0 where nothing is missing.
        func seconds(without finished: Set<StudyJob>) -> Double {
            let missing = parts.filter { !finished.contains($0.job) }
            return missing.isEmpty ? 0 : missing.reduce(training) { $0 + $1.seconds }
        }
    }

    private let rehearsals: [Job]
    private let trials: [Job]
    /// What measuring the trained models takes; nil where nothing is measured.
    let measuring: StudyEstimate.Measuring?
    private let checkpointBytes: Int
    private let recordBytes: Int
    /// The largest save of a running trial.
    private let saveBytes: Int

    /// - Parameters:
    ///   - costs: what trials of each kind take; a kind that is missing takes nothing.
    ///   - measuring: what measuring their models takes, likewise.
    /// - Throws: `DatasetFault` where data cannot be divided.
    init(_ study: PlannedStudy, costs: [TrialKind: TrialCost], measuring: [MeasuringKind: MeasuringCost] = [:]) throws {
        var measured: [(name: String, seconds: Double)] = []
        var (measuredTrials, trained) = (0, 0.0)
        var (rehearsals, trials): ([Job], [Job]) = ([], [])
        var (checkpoints, records, save) = (0, 0, 0)
        for shared in study.cells.rehearsals {
            let (rehearsal, cell) = (shared.rehearsal, study.cells.groups[shared.places[0].group].cells[0])
            // Leaving a source domain out makes no other kind of trial.
            let sample = cell.candidates[rehearsal.candidate].plan
            guard let data = study.datasets[sample.data] else { continue }
            let cost = costs[TrialKind(sample, facts: data.facts)] ?? TrialCost()
            let extent = try study.divisions.division(of: data, by: rehearsal.plan, isRehearsal: true)
            let seconds = extent.secondsOfTraining(at: cost, epochs: rehearsal.plan.epochs)
            rehearsals.append(Job(training: seconds, parts: [(.rehearsal(rehearsal.name), 0)]))
            records += try cost.recordBytes(epochs: rehearsal.plan.epochs, isRehearsal: true)
        }
        for group in study.cells.groups {
            let cell = group.cells[0]
            guard let data = study.datasets[cell.candidates[0].plan.data] else { continue }
            // The candidates of a row differ little, so the first represents the one that will be chosen.
            let plan = cell.candidates[0].plan
            let cost = costs[TrialKind(plan, facts: data.facts)] ?? TrialCost()
            let extents = try group.cells.map { try study.divisions.division(of: data, by: $0.candidates[0].plan) }
            // At its end a training measures its step and each term's part of it, three times each.
            let training = extents[0].secondsOfTraining(at: cost, epochs: plan.epochs) + 6 * cost.step
            let costsOfMeasuring = group.cells.map { cell in
                measuring[MeasuringKind(cell.candidates[0].plan, facts: data.facts, measurements: cell.measurements)] ?? MeasuringCost()
            }
            for seed in group.seeds {
                let evaluations = extents.map { Double(plan.epochs * $0.target) * cost.evaluation }
                let parts = zip(group.keys(seed: seed), zip(evaluations, costsOfMeasuring)).map { key, costs in
                    (job: StudyJob.trial(key), seconds: costs.0 + costs.1.seconds)
                }
                trials.append(Job(training: training, parts: parts))
                guard costsOfMeasuring.contains(where: { !$0.parts.isEmpty }) else { continue }
                trained += training + evaluations.reduce(0, +)
                measuredTrials += costsOfMeasuring.count { !$0.parts.isEmpty }
                measured += costsOfMeasuring.flatMap(\.parts)
            }
            let count = group.cells.count * group.seeds.count
            checkpoints += count * cost.checkpointBytes
            records += count * (try cost.recordBytes(epochs: plan.epochs, isRehearsal: false))
            save = max(save, cost.saveBytes)
        }
        (self.rehearsals, self.trials) = (rehearsals, trials)
        self.measuring = StudyEstimate.Measuring(measured, trials: measuredTrials, training: trained)
        (checkpointBytes, recordBytes, saveBytes) = (checkpoints, records, save)
    }

    /// Wall time if every worker begins the next training as soon as it has finished one.
    ///
    /// - Parameter finished: what need not be trained again.
    func seconds(workers: Int, without finished: Set<StudyJob>) -> Double {
        var free = Array(repeating: 0.0, count: workers)
        for job in rehearsals + trials {
            let next = free.indices.min { free[$0] < free[$1] } ?? 0
            free[next] += job.seconds(without: finished)
        }
        return free.max() ?? 0
    }

    /// What the run folder holds at most.
    func disk(workers: Int) -> [StudyEstimate.DiskUse] {
        [
            .init(what: "checkpoints", bytes: checkpointBytes), .init(what: "metrics and results", bytes: recordBytes),
            // Tables, figures and a page, whose size hardly depends on the study.
            .init(what: "report", bytes: 300_000),
            // Two saves of each trial that is running.
            .init(what: "saves of running trials", bytes: workers * 2 * saveBytes, isTemporary: true),
        ]
    }
}

extension StudyEstimate.Measuring {
    /// - Parameters:
    ///   - parts: every measurement of every trial.
    ///   - trials: how many trials are measured.
    ///   - training: seconds that their trainings take.
    fileprivate init?(_ parts: [(name: String, seconds: Double)], trials: Int, training: Double) {
        guard trials > 0 else { return nil }
        let all = Dictionary(parts.map { ($0.name, $0.seconds) }, uniquingKeysWith: +)
        let seconds = parts.reduce(0) { $0 + $1.seconds }
        ofTrial = seconds / Double(trials)
        share = training > 0 ? seconds / training : 0
        self.parts = all.map { Part(name: $0.key, seconds: $0.value / Double(trials)) }.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
    }
}

extension DataDivision {
    /// How long a training takes, without what is measured on targets.
    fileprivate func secondsOfTraining(at cost: TrialCost, epochs: Int) -> Double {
        cost.setup + Double(epochs) * (Double(batchesPerEpoch) * cost.step + Double(validation) * cost.evaluation)
    }
}

extension TrialCost {
    /// The size of a trial's files beside its checkpoint: metrics, result, events. A rehearsal has a result only.
    fileprivate func recordBytes(epochs: Int, isRehearsal: Bool) throws -> Int {
        let record = EpochRecord(
            epoch: epochs, trainingLoss: 1 / 3, terms: Dictionary(terms.map { ($0, 1 / 3) }) { first, _ in first },
            sourceValidationScore: 1 / 3, sourceValidationLoss: 1 / 3, targetScore: isRehearsal ? nil : 1 / 3)
        let line = try ResultCoding.line(record).utf8.count + 1
        let document = try ResultCoding.document(record).count
        // An event is a number with its step, its name and two checksums.
        let events = (terms.count + 6) * 70
        return epochs * (isRehearsal ? document : line + document + events) + 600
    }
}
