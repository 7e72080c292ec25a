import Datasets
import Foundation
import Persistence
import Results
import Tensors
import Training
import Weights

/// Brings single trials and rehearsals of a study to their results, beside other workers on the same folder.
struct StudyWorker: Sendable {
    private let study: StudyRun
    private let journal: StudyJournal
    private let claims: HeldClaims
    private let watch: ClaimWatch
    private let store: RunStore
    /// Digests of failed results that were there before: those are tried again, those that come while the study runs are not.
    private let earlierFailures: [URL: String]

    init(_ study: StudyRun, journal: StudyJournal, rehearsals: [[Rehearsal]]) {
        self.study = study
        self.journal = journal
        claims = HeldClaims(beatingEvery: study.timing.beating)
        watch = ClaimWatch(patience: study.timing.patience)
        store = RunStore(study.folder)
        var failures: [URL: String] = [:]
        let folder = study.folder
        let trials = study.cells.flatMap { cell in cell.seeds.map { folder.result(cell.key(seed: $0)) } }
        for file in trials + rehearsals.joined().map({ folder.rehearsal($0.plan.hash) }) {
            guard !study.keepsFailures, let saved = try? store.result(at: file), !saved.isFinished else { continue }
            failures[file] = try? SHA256Digest(ofFile: file.path).hex
        }
        earlierFailures = failures
    }

    /// - Returns: nil while another worker is at it.
    func rehearse(_ rehearsal: Rehearsal, of cell: Cell) throws -> RehearsalScores? {
        let (plan, folder) = (rehearsal.plan, study.folder)
        let key = cell.key(seed: plan.seed)
        let place = Place(
            result: folder.rehearsal(plan.hash), resume: folder.resumeOfRehearsal(plan.hash),
            claim: ClaimPlace(folder: folder.tuning.path, name: "\(plan.hash).claim"), files: [folder.rehearsal(plan.hash)])
        let outcome = try obtain(place, plan: plan, key: key, isRehearsal: true) { saving in
            let values = cell.candidates[rehearsal.candidate].values
            let fresh = try journal.following(RunningTraining(key, isRehearsal: true, values: values, epochCount: plan.epochs, score: cell.score)) { onEpoch in
                try trial(plan, key: key).run(measuringTarget: false, saving: saving, onEpoch: onEpoch)
            }
            try store.write(fresh.result, to: place.result)
            return fresh.result
        }
        guard let (result, isRestored) = outcome else { return nil }
        journal.finish(result: nil, isFailed: false, isRestored: isRestored)
        return .some(result.isFinished ? result.epochs.map { SourceScore($0, of: result.score) } : nil)
    }

    /// - Parameter scores: what the choice was made from, for the record.
    /// - Returns: nil while another worker is at it.
    func train(_ cell: Cell, _ choice: TuningChoice, from scores: [CandidateScore]? = nil, seed: Int) throws -> TrialResult? {
        let candidate = cell.candidates[choice.candidate]
        let plan = cell.plan(of: choice, seed: seed)
        let (key, folder) = (cell.key(seed: seed), study.folder)
        let place = Place(
            result: folder.result(key), resume: folder.resume(key), claim: ClaimPlace(folder: folder.trial(key).path, name: "claim"),
            files: [folder.metrics(key), folder.checkpoint(key), folder.result(key)], key: key)
        let outcome = try obtain(place, plan: plan, key: key) { saving in
            let training = RunningTraining(key, isRehearsal: false, values: candidate.values, epochCount: plan.epochs, score: cell.score)
            let outcome = try journal.following(training) { try trial(plan, key: key).run(saving: saving, onEpoch: $0) }
            var result = outcome.result
            (result.chosen, result.candidates) = (candidate.values, scores)
            if study.keepsOtherPlans { try store.makeRoom(for: plan.hash, at: key) }
            let files = try write(outcome, key: key, plan: plan)
            try store.write(result, to: folder.result(key), beside: files)
            return result
        }
        guard let outcome else { return nil }
        var result = outcome.result
        // The same plan may have been reached from another grid.
        result.key = key
        (result.chosen, result.candidates) = (candidate.values, scores)
        journal.finish(result: result, isFailed: !result.isFinished, isRestored: outcome.isRestored)
        return result
    }

    /// Where the files of one trial or rehearsal lie.
    private struct Place {
        let result: URL
        let resume: URL
        let claim: ClaimPlace
        /// The files that come into being beside the claim.
        let files: [URL]
        /// Nil for a rehearsal, whose place is its plan's own.
        var key: TrialKey?
    }

    /// The result of a plan: from the folder, or by claiming and training it.
    ///
    /// - Parameter train: trains and writes everything, the result last.
    /// - Returns: nil while another worker is at it.
    private func obtain(
        _ place: Place, plan: TrialPlan, key: TrialKey, isRehearsal: Bool = false, _ train: (TrialSaving) throws -> TrialResult
    ) throws -> (result: TrialResult, isRestored: Bool)? {
        if study.stop.isAsked { throw stopped }
        let resume = ResumeFolder(place.resume, origin: SavedOrigin(plan: plan))
        if study.isFollowing {
            let kept = place.key.map { store.place(of: plan.hash, at: $0) }
            return (savedResult(at: place.result, plan: plan) ?? kept.flatMap { savedResult(at: $0, plan: plan) }).map { ($0, true) }
        }
        if let saved = savedResult(at: place.result, plan: plan) {
            // What a process leaves behind that is killed right after it has written the result.
            resume.remove()
            place.claim.removeLeftovers()
            return (saved, true)
        }
        try Folder.create(place.claim.folder)
        guard let claim = try place.claim.take(watch) else { return nil }
        return try claims.holding(claim) {
            // Another may have finished it between the look and the claim.
            if let saved = savedResult(at: place.result, plan: plan) { return (saved, true) }
            if let key = place.key, let kept = try store.bringBack(plan.hash, at: key) { return (kept, true) }
            removeTemporaries(of: place)
            resume.removeTemporaries()
            let (stop, journal) = (study.stop, journal)
            let saving = TrialSaving(
                folder: resume, interval: study.timing.saving, shouldStop: { stop.isAsked || journal.hasEnded }, isOwned: { claim.isHeld })
            study.onTrial(BegunTrial(key: key, plan: plan.hash, isRehearsal: isRehearsal))
            defer { study.onTrial(nil) }
            do {
                let result = try train(saving)
                resume.remove()
                return (result, false)
            } catch is TrialInterrupted {
                if study.stop.isAsked || journal.hasEnded { throw stopped }
                // Taken over by another worker, whose result will do.
                return nil
            }
        }
    }

    private var stopped: StudyStopped { StudyStopped(finished: journal.progress.finished, total: journal.progress.total) }

    /// Removes what processes left that were killed while they wrote. Only the holder of the claim may.
    private func removeTemporaries(of place: Place) {
        place.claim.removeLeftovers()
        for file in place.files {
            AtomicFile.removeTemporaries(in: file.deletingLastPathComponent().path, of: file.lastPathComponent)
        }
    }

    private func trial(_ plan: TrialPlan, key: TrialKey) throws -> Trial {
        guard let dataset = study.datasets[plan.data] else { stop("the data set \(plan.data.name) was not opened") }
        return try Trial(plan, key: key, dataset: dataset, components: study.components, stems: study.stems)
    }

    /// A result of exactly this plan. One that is damaged, or whose files are, counts as none: the trial is run again, as is one that had
    /// failed before this study began.
    private func savedResult(at file: URL, plan: TrialPlan) -> TrialResult? {
        guard let saved = try? store.result(at: file), saved.plan == plan.hash else { return nil }
        if saved.isFinished { return saved }
        return earlierFailures[file].map { $0 == (try? SHA256Digest(ofFile: file.path).hex) } ?? false ? nil : saved
    }

    /// Writes the files beside `result.json`, which comes last: where it exists, the others do.
    ///
    /// - Returns: what has been written.
    private func write(_ outcome: Trial.Outcome, key: TrialKey, plan: TrialPlan) throws -> [URL] {
        let folder = study.folder
        var metrics = Data()
        for epoch in outcome.result.epochs { metrics.append(Data((try ResultCoding.line(epoch) + "\n").utf8)) }
        try AtomicFile.write(metrics, to: folder.metrics(key).path)
        guard !outcome.state.isEmpty else {
            // A failed trial has no model; one of an earlier plan would be taken for its.
            unlink(folder.checkpoint(key).path)
            return [folder.metrics(key)]
        }
        var checkpoint = SafetensorsWriter(metadata: [
            "plan": plan.hash, "trial": key.description, "epoch": "\(outcome.result.selectedEpoch ?? 0)", "threads": "\(plan.threads)",
            "core": Threads.coreType, ModelDescription.key: try outcome.model.text,
        ])
        for (name, value) in outcome.state { checkpoint.add(name, value) }
        try checkpoint.write(to: folder.checkpoint(key).path)
        return [folder.metrics(key), folder.checkpoint(key)]
    }
}
