import Datasets
import Foundation
import Persistence
import Results
import Tensors
import Training
import Weights

/// What a rehearsal led to: what tuning may see of it, and what it may not.
struct RehearsalOutcome: Sendable {
    let scores: RehearsalScores
    /// Nil where the target was not measured.
    let measured: CandidateScore.Measured?
}

/// Brings single trials and rehearsals of a study to their results, beside other workers on the same folder.
struct StudyWorker: Sendable {
    private let study: StudyRun
    private let journal: StudyJournal
    private let claims: HeldClaims
    private let watch: ClaimWatch
    private let store: RunStore
    /// What trials of any row make of the data before they begin.
    private let prepared = PreparedData()
    /// What is in the folder already, whichever trial it was trained for.
    private let trained = TrainedPlans()
    /// Digests of failed results that were there before: those are tried again, those that come while the study runs are not.
    private let earlierFailures: [URL: String]

    init(_ study: StudyRun, journal: StudyJournal) {
        self.study = study
        self.journal = journal
        claims = HeldClaims(beatingEvery: study.timing.beating)
        watch = ClaimWatch(patience: study.timing.patience, patienceWithUnknown: study.timing.beating * 3)
        store = study.store
        var failures: [URL: String] = [:]
        for file in study.resultFiles {
            guard !study.keepsFailures, let saved = try? store.outline(at: file), !saved.isFinished else { continue }
            failures[file] = try? SHA256Digest(ofFile: file.path).hex
        }
        earlierFailures = failures
    }

    /// A result, and whether it was in the folder already.
    typealias Found = (result: TrialResult, isRestored: Bool)

    /// - Returns: nil while another worker is training it.
    func rehearse(_ rehearsal: Rehearsal, of group: CellGroup) throws -> RehearsalOutcome? {
        let (plan, folder, cell) = (rehearsal.plan, study.folder, group.cells[0])
        let name = rehearsal.name
        let file = folder.rehearsal(name, measuresTarget: rehearsal.measuresTarget)
        let key = cell.key(seed: plan.seed)
        let place = Place(
            plan: name, result: file, claim: ClaimPlace(ofRehearsal: name, in: file.deletingLastPathComponent().path), files: [file])
        let resume = ResumeFolder(file.deletingPathExtension().appendingPathExtension("resume"), origin: SavedOrigin(plan: plan))
        let begun = BegunTrial(trials: [.init(key: key, plan: name)], isRehearsal: true, measuresTarget: rehearsal.measuresTarget)
        let outcome = try obtain([place], resume: resume, begun: { _ in begun }) { _, saving in
            let values = cell.candidates[rehearsal.candidate].values
            let training = RunningTraining(key, isRehearsal: true, values: values, epochCount: plan.epochs, score: cell.score)
            let fresh = try journal.following([training]) { onEpoch in
                try trial(plan, keys: group.keys(seed: plan.seed)).outcomes(measuringTargets: rehearsal.measuresTarget, saving: saving, onEpoch: onEpoch)
            }
            try store.write(fresh[0].result, to: place.result)
            return [fresh[0].result]
        }
        guard let (result, isRestored) = outcome[0] else { return nil }
        journal.finish(result: nil, isFailed: false, isRestored: isRestored)
        guard result.isFinished else { return RehearsalOutcome(scores: nil, measured: nil) }
        return RehearsalOutcome(
            scores: result.epochs.map(SourceScore.init),
            measured: result.targetScore.map { CandidateScore.Measured(sources: result.selected?.sourceScores, target: $0) })
    }

    /// Trains once for all cells of a group, as far as their results are not in the folder.
    ///
    /// - Parameters:
    ///   - outcomes: those of the group's rehearsals on source domains.
    ///   - measured: what was measured on the target of candidates trained in this seed, by candidate: nothing is chosen by it.
    /// - Returns: one result for each cell, nil while another worker is training it.
    func train(_ group: CellGroup, by outcomes: [TuningChoice.Outcome] = [], measured: [Int: CandidateScore.Measured] = [:], seed: Int) throws -> [Found?] {
        let choice = TuningChoice.choose(in: group.cells[0], from: outcomes)
        let plans = group.cells.map { $0.plan(of: choice, seed: seed) }
        let names = plans.map(\.names)
        let (keys, folder) = (group.keys(seed: seed), study.folder)
        let places = zip(keys, names).map { key, names in
            Place(
                plan: names.hash, result: folder.result(key), claim: ClaimPlace(ofTrialIn: folder.trial(key)),
                files: [folder.metrics(key), folder.checkpoint(key), folder.result(key)], key: key)
        }
        func completed(_ result: TrialResult, at index: Int) -> TrialResult {
            var result = result
            // The same plan may have been reached from another grid.
            result.key = keys[index]
            result.chosen = group.cells[index].candidates[choice.candidate].values
            result.candidates = TuningChoice.scores(in: group.cells[index], from: outcomes)
            result.choice = choice.record(in: group.cells[index], from: result.candidates)
            // What was measured on the target joins what is known once the choice is made.
            for (candidate, figures) in measured { result.candidates?[candidate].measured = figures }
            return result
        }
        let resume = ResumeFolder(folder.resume(keys[0]), origin: SavedOrigin(plan: plans[0], training: names[0].training))
        let begun = { (missing: [Int]) in BegunTrial(trials: missing.map { .init(key: keys[$0], plan: places[$0].plan) }, isRehearsal: false) }
        let found = try obtain(places, resume: resume, begun: begun) { missing, saving in
            let plan = plans[0].measured(on: missing.flatMap { plans[$0].targets })
            let name = missing.count > 1 ? names[0].training : nil
            let trainings = missing.map { index in
                let (cell, key) = (group.cells[index], keys[index])
                let values = cell.candidates[choice.candidate].values
                return RunningTraining(key, isRehearsal: false, values: values, epochCount: plan.epochs, score: cell.score, training: name)
            }
            let outcomes = try journal.following(trainings) {
                try trial(plan, keys: missing.map { keys[$0] }).outcomes(saving: saving, onEpoch: $0)
            }
            return try zip(missing, outcomes).map { index, outcome in
                let (key, result) = (keys[index], completed(outcome.result, at: index))
                if study.keepsOtherPlans { try store.makeRoom(for: result.plan, at: key) }
                let files = try write(outcome, key: key, plan: plans[index])
                try store.write(result, to: folder.result(key), beside: files)
                return result
            }
        } copying: { index in
            guard let other = trained.place(of: places[index].plan) else { return nil }
            if study.keepsOtherPlans { try store.makeRoom(for: places[index].plan, at: keys[index]) }
            guard let copy = try store.copyOutcome(of: places[index].plan, from: other, to: keys[index]) else { return nil }
            let result = completed(copy.result, at: index)
            try store.write(result, to: folder.result(keys[index]), beside: copy.files)
            return result
        }
        let results = found.enumerated().map { index, found in found.map { (result: completed($0.result, at: index), isRestored: $0.isRestored) } }
        for case let result? in results { trained.add(result.result) }
        return results
    }

    /// Where the files of one trial or rehearsal lie.
    private struct Place {
        /// What the result has to belong to: the plan's hash, or the training's name for a rehearsal.
        let plan: String
        let result: URL
        let claim: ClaimPlace
        /// The other files that are written while the claim is held.
        let files: [URL]
        /// Nil for a rehearsal, whose place is its training's own.
        var key: TrialKey?
    }

    /// The results of one training: from the folder, or by claiming all that are missing and training for them.
    ///
    /// - Parameters:
    ///   - places: those of the trials that the training serves.
    ///   - resume: where the training is saved.
    ///   - begun: what to record as failed, of those that are missing, should the process end.
    ///   - train: trains for those that are missing and writes everything, each result last of its files.
    ///   - copying: writes everything for a place whose plan was trained for another trial; nil where it was not.
    /// - Returns: one result for each place, nil while another worker is training it.
    private func obtain(
        _ places: [Place], resume: ResumeFolder, begun: ([Int]) -> BegunTrial, _ train: ([Int], TrialSaving) throws -> [TrialResult],
        copying: (Int) throws -> TrialResult? = { _ in nil }
    ) throws -> [Found?] {
        if study.stop.isAsked { throw stopped }
        if study.isFollowing { return try places.map(present) }
        var found: [Found?] = try places.map { place in try savedResult(at: place.result, of: place.plan).map { ($0, true) } }
        // A process that is killed right after it has written a result leaves its claim behind.
        for (place, found) in zip(places, found) where found != nil { place.claim.removeLeftovers() }
        var missing: [Int] { found.indices.filter { found[$0] == nil } }
        guard !missing.isEmpty else {
            resume.remove()
            return found
        }
        guard let owned = try claim(all: missing.map { places[$0] }) else { return found }
        return try claims.holding(owned) {
            // Another may have finished it between the look and the claim.
            for index in missing {
                let place = places[index]
                if let saved = try savedResult(at: place.result, of: place.plan) {
                    found[index] = (saved, true)
                } else if let key = place.key, let kept = try store.bringBack(place.plan, at: key) {
                    found[index] = (kept, true)
                } else {
                    removeTemporaries(of: place)
                    found[index] = try copying(index).map { ($0, true) }
                }
            }
            let left = missing
            guard !left.isEmpty else { return found }
            resume.removeTemporaries()
            let (stop, journal) = (study.stop, journal)
            let saving = TrialSaving(
                folder: resume, interval: study.timing.saving, shouldStop: { stop.isAsked || journal.hasEnded },
                isOwned: { owned.allSatisfy(\.isHeld) })
            study.onTrial(begun(left))
            defer { study.onTrial(nil) }
            do {
                for (index, result) in zip(left, try train(left, saving)) { found[index] = (result, false) }
                resume.remove()
                return found
            } catch is TrialInterrupted {
                if study.stop.isAsked || journal.hasEnded { throw stopped }
                // Another worker has taken over; its result is as good.
                return found
            }
        }
    }

    /// A result that is in the folder, in its place or set aside for one of another plan.
    private func present(_ place: Place) throws -> Found? {
        if let saved = try savedResult(at: place.result, of: place.plan) { return (saved, true) }
        return try place.key.flatMap { try savedResult(at: store.place(of: place.plan, at: $0), of: place.plan) }.map { ($0, true) }
    }

    /// Claims all of these places; nil while another worker holds one: it trains for all of them, or will, and half of a training is of no use.
    private func claim(all places: [Place]) throws -> [TrialClaim]? {
        var held: [TrialClaim] = []
        defer { if held.count < places.count { for claim in held { claim.release() } } }
        for place in places {
            try Folder.create(place.claim.folder)
            guard let claim = try place.claim.take(watch) else { return nil }
            held.append(claim)
        }
        return held
    }

    private var stopped: StudyStopped { StudyStopped(finished: journal.progress.finished, total: journal.progress.total) }

    /// Removes what processes that were killed while writing left behind. Only the holder of the claim
    /// may call this.
    private func removeTemporaries(of place: Place) {
        place.claim.removeLeftovers()
        for file in place.files {
            // The process above may be writing down that this trial's last process ended.
            AtomicFile.removeAbandonedTemporaries(in: file.deletingLastPathComponent().path, of: file.lastPathComponent)
        }
    }

    private func trial(_ plan: TrialPlan, keys: [TrialKey]) throws -> Trial {
        guard let dataset = study.datasets[plan.data] else { stop("the data set \(plan.data.name) was not opened") }
        return try Trial(plan, keys: keys, dataset: dataset, components: study.components, stems: study.stems, prepared: prepared)
    }

    /// A result of exactly this plan. One that is damaged, or whose files are, counts as none: the trial is run again, as is one that had
    /// failed before this study began.
    ///
    /// - Throws: `FileFault` where it cannot be read now: it may be a result all the same.
    private func savedResult(at file: URL, of plan: String) throws(FileFault) -> TrialResult? {
        guard let saved = try store.usableResult(at: file), saved.plan == plan else { return nil }
        if saved.isFinished { return saved }
        return earlierFailures[file].map { $0 == (try? SHA256Digest(ofFile: file.path).hex) } ?? false ? nil : saved
    }

    /// Writes the files beside `result.json`, which comes last: where it exists, the others do. Their names become durable with its own.
    ///
    /// - Returns: what has been written.
    private func write(_ outcome: Trial.Outcome, key: TrialKey, plan: TrialPlan) throws -> [URL] {
        let folder = study.folder
        var metrics = Data()
        for epoch in outcome.result.epochs { metrics.append(Data((try ResultCoding.line(epoch) + "\n").utf8)) }
        try AtomicFile.write(metrics, to: folder.metrics(key).path, durability: .content)
        guard !outcome.state.isEmpty else {
            // A failed trial has no model; one that an earlier plan left would be taken for this
            // trial's.
            unlink(folder.checkpoint(key).path)
            return [folder.metrics(key)]
        }
        var checkpoint = SafetensorsWriter(metadata: [
            "plan": outcome.result.plan, RunStore.trialKey: key.description, "epoch": "\(outcome.result.selectedEpoch ?? 0)", "threads": "\(plan.threads)",
            "core": Threads.coreType, ModelDescription.key: try prepared.text(of: outcome.model),
        ])
        for (name, value) in outcome.state { checkpoint.add(name, value) }
        try checkpoint.write(to: folder.checkpoint(key).path, durability: .content)
        return [folder.metrics(key), folder.checkpoint(key)]
    }
}
