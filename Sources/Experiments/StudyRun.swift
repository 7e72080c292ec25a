import Datasets
import Foundation
import Persistence
import Results
import Synchronization
import Tensors
import Weights

/// Runs every cell of a study: first the rehearsals that tuning needs, then the trials, on all workers.
///
/// A trial whose result is already in the run folder, from exactly the same plan, is taken from there. Each trial writes its
/// files when it ends, so that a run that was killed goes on where it stood.
package struct StudyRun: Sendable {
    package let cells: [Cell]
    package let folder: RunFolder
    package let components: Components
    package let pool: WorkerPool
    /// The opened data sets, by the plan that names them.
    package let datasets: [ComponentPlan: any Dataset]

    package init(
        cells: [Cell], folder: RunFolder, components: Components, pool: WorkerPool, datasets: [ComponentPlan: any Dataset]
    ) {
        self.cells = cells
        self.folder = folder
        self.components = components
        self.pool = pool
        self.datasets = datasets
    }

    /// - Parameter observer: told about everything that happens, from any thread, one call at a time.
    /// - Throws: the first error that was not a trial's own: a file that cannot be written, data that cannot be read.
    package func run(observer: @escaping @Sendable (StudyEvent) -> Void = { _ in }) throws -> [TrialResult] {
        let rehearsals = cells.map(Rehearsal.all)
        let total = rehearsals.reduce(0) { $0 + $1.count } + cells.reduce(0) { $0 + $1.seeds.count }
        let journal = StudyJournal(total: total, observer: observer)

        let rehearsalJobs = cells.indices.flatMap { cell in
            rehearsals[cell].map { rehearsal in
                StudyJob(cell: cell) { try rehearse(rehearsal, of: cells[cell], journal: journal) }
            }
        }
        let outcomes = Dictionary(grouping: try journal.collect(rehearsalJobs, on: pool), by: \.cell)
        let trialJobs = cells.indices.flatMap { cell in
            let choice = TuningChoice.choose(in: cells[cell], from: (outcomes[cell] ?? []).map(\.value))
            return cells[cell].seeds.map { seed in
                StudyJob(cell: cell) { try train(cells[cell], choice, seed: seed, journal: journal) }
            }
        }
        return try journal.collect(trialJobs, on: pool).map(\.value)
    }

    private func rehearse(
        _ rehearsal: Rehearsal, of cell: Cell, journal: StudyJournal
    ) throws -> (rehearsal: Rehearsal, scores: RehearsalScores) {
        let key = cell.key(seed: rehearsal.plan.seed)
        let file = folder.root.appendingPathComponent("tuning/\(rehearsal.plan.hash).json")
        var result = savedResult(at: file, plan: rehearsal.plan)
        let isRestored = result != nil
        if result == nil {
            let fresh = try trial(rehearsal.plan, key: key).run(measuringTarget: false) { journal.advance(key, to: $0.epoch, of: rehearsal.plan.epochs) }
            try Folder.create(file.deletingLastPathComponent().path)
            try AtomicFile.write(ResultCoding.document(fresh.result), to: file.path)
            result = fresh.result
        }
        journal.finish(key, result: nil, isFailed: false, isRestored: isRestored)
        guard let result, result.status == .finished else { return (rehearsal, nil) }
        return (
            rehearsal,
            result.epochs.compactMap { epoch in
                guard let accuracy = epoch.sourceValidationAccuracy, let loss = epoch.sourceValidationLoss else { return nil }
                return SourceScore(epoch: epoch.epoch, validation: Score(accuracy: accuracy, loss: loss))
            }
        )
    }

    private func train(_ cell: Cell, _ choice: TuningChoice, seed: Int, journal: StudyJournal) throws -> TrialResult {
        let candidate = cell.candidates[choice.candidate]
        var plan = candidate.plan
        plan.seed = seed
        if let epoch = choice.epoch { plan.selection = .epoch(epoch) }
        let key = cell.key(seed: seed)
        var result = savedResult(at: folder.result(key), plan: plan)
        let isRestored = result != nil
        if result == nil {
            try Folder.create(folder.trial(key).path)
            let outcome = try trial(plan, key: key).run { journal.advance(key, to: $0.epoch, of: plan.epochs) }
            result = outcome.result
            try write(outcome, key: key, plan: plan)
        }
        guard var result else { stop("a trial ended without a result") }
        // The same plan may have been reached from another grid.
        result.key = key
        result.chosen = candidate.values
        if !isRestored { try AtomicFile.write(ResultCoding.document(result), to: folder.result(key).path) }
        journal.finish(key, result: result, isFailed: result.status != .finished, isRestored: isRestored)
        return result
    }

    private func trial(_ plan: TrialPlan, key: TrialKey) throws -> Trial {
        guard let dataset = datasets[plan.data] else { stop("the data set \(plan.data.name) was not opened") }
        return try Trial(plan, key: key, dataset: dataset, components: components)
    }

    /// A finished trial's result of exactly this plan. A file that cannot be read counts as none: the trial is run again.
    private func savedResult(at file: URL, plan: TrialPlan) -> TrialResult? {
        guard let data = try? Data(contentsOf: file), let saved = try? ResultCoding.value(TrialResult.self, from: data) else { return nil }
        return saved.plan == plan.hash && saved.status == .finished ? saved : nil
    }

    /// The files beside `result.json`, which comes last: where it exists, the others do.
    private func write(_ outcome: Trial.Outcome, key: TrialKey, plan: TrialPlan) throws {
        var metrics = Data()
        for epoch in outcome.result.epochs { metrics.append(Data((try ResultCoding.line(epoch) + "\n").utf8)) }
        try AtomicFile.write(metrics, to: folder.metrics(key).path)
        guard !outcome.state.isEmpty else {
            // A failed trial has no model; one of an earlier plan would be taken for its.
            try? FileManager.default.removeItem(at: folder.checkpoint(key))
            return
        }
        var checkpoint = SafetensorsWriter(metadata: [
            "plan": plan.hash, "trial": key.description, "epoch": "\(outcome.result.selectedEpoch ?? 0)", "threads": "\(plan.threads)",
            "core": Threads.coreType,
        ])
        for (name, value) in outcome.state { checkpoint.add(name, value) }
        try checkpoint.write(to: folder.checkpoint(key).path)
    }
}
