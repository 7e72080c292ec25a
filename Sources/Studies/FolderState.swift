import Foundation
import Persistence
import Results
import Training

/// What a run folder already holds of a study.
package struct FolderState: Sendable {
    /// What becomes of a trial when the study is run on the folder.
    package enum Status: String, Codable, Sendable, CaseIterable {
        /// There is a result of exactly this plan; it is used.
        case finished
        /// The trial was interrupted, and goes on from its last save.
        case saved
        /// It failed before, and is run again.
        case failed
        /// There is a result that other code made; a new one takes its place.
        case otherProgram = "other-program"
        /// There is a result that was made from other data; a new one takes its place.
        case otherData = "other-data"
        /// There is a result of another plan; a new one takes its place.
        case changed
        /// There is something that no run wrote; the trial is run again.
        case damaged
        /// There is nothing of the trial yet.
        case new
    }

    /// In the study's order; without those that earlier looks have made unneeded.
    package let trials: [(key: TrialKey, status: Status)]
    /// How many trainings for tuning are done, and how many there are in all.
    package let finishedRehearsals: Int
    package let rehearsalCount: Int
    /// The files that are not what a run wrote.
    package let damages: [DamagedFile]
    /// Rows of which a result says that nothing could choose their values, in the study's order.
    package let undecidedRows: [String]
    /// What need not be trained again.
    package let finished: Set<StudyJob>
    /// Everything that was read, for those who ask again; empty where nobody will.
    package let known: KnownResults
    /// The trials whose place has a finished result of another plan, with that plan.
    package let outdated: [(key: TrialKey, plan: String)]
    /// The plans of finished trials.
    private let plans: [TrialKey: String]

    /// Whether a result was there already.
    package func holds(_ result: TrialResult) -> Bool { plans[result.key] == result.plan }

    /// Looks into a folder, which need not exist.
    ///
    /// - Parameters:
    ///   - isKeeping: whether what is read is kept, whole.
    ///   - earlier: what was read before.
    package init(of cells: StudyCells, in folder: RunFolder, keeping isKeeping: Bool = false, after earlier: KnownResults = KnownResults()) {
        var reader = FolderReader(folder, keeping: isKeeping, after: earlier)
        var finished: Set<StudyJob> = []
        var rehearsed: [String: TrialResult] = [:]
        for rehearsal in cells.rehearsals.map(\.rehearsal) {
            let result = reader.result(at: folder.rehearsal(rehearsal.name, measuresTarget: rehearsal.measuresTarget))
            guard let result, result.plan == rehearsal.name, result.isFinished else { continue }
            rehearsed[rehearsal.name] = result
            finished.insert(.rehearsal(rehearsal.name))
        }
        var trials: [[(key: TrialKey, status: Status)]] = cells.map { _ in [] }
        var plans: [TrialKey: String] = [:]
        var undecided: [String] = []
        let stages = SeedStages(cells.all)
        for group in cells.groups {
            let choice = group.choice(from: rehearsed)
            for (place, cell) in zip(group.places, group.cells) {
                for seed in cell.seeds {
                    let key = cell.key(seed: seed)
                    let (status, result) = reader.trial(key, of: cell, by: choice, savedIn: folder.resume(group.cells[0].key(seed: seed)))
                    trials[place].append((key, status))
                    guard let result else { continue }
                    finished.insert(.trial(key))
                    plans[key] = result.plan
                    stages.add(result.outline)
                    if result.choice?.guards.cannotChoose == true { undecided.append(key.row) }
                }
            }
        }
        let needed = Set(stages.trimmed(cells.all).flatMap { cell in cell.seeds.map { cell.key(seed: $0) } })
        self.trials = trials.flatMap(\.self).filter { needed.contains($0.key) }
        (damages, known, outdated) = (reader.damages, reader.known, reader.outdated)
        (self.finished, self.plans) = (finished, plans)
        undecidedRows = undecided.distinct
        (finishedRehearsals, rehearsalCount) = (rehearsed.count, cells.rehearsals.count)
    }

    /// How many trials have a status.
    package func count(_ status: Status) -> Int { trials.count { $0.status == status } }

    /// The rows that have trials of a status, in the study's order.
    package func rows(_ status: Status) -> [String] {
        trials.filter { $0.status == status }.map(\.key.row).distinct
    }
}

extension CellGroup {
    /// What its rehearsals lead to; nil until all of them are done.
    ///
    /// - Parameter results: of finished rehearsals, by name.
    fileprivate func choice(from results: [String: TrialResult]) -> TuningChoice? {
        let known = rehearsals.compactMap { results[$0.name] }
        guard known.count == rehearsals.count else { return nil }
        return TuningChoice.choose(
            in: cells[0], from: zip(rehearsals, known).map { rehearsal, result in (rehearsal: rehearsal, scores: .some(result.epochs.map(SourceScore.init))) })
    }
}

/// Reads what trials have left in a folder, and remembers what of it is damaged.
private struct FolderReader {
    private let store: RunStore
    private let isKeeping: Bool
    /// What was read, as far as it is kept.
    private(set) var known: KnownResults
    private(set) var damages: [DamagedFile] = []
    /// The trials whose place has a finished result of another plan, with that plan.
    private(set) var outdated: [(key: TrialKey, plan: String)] = []

    init(_ folder: RunFolder, keeping isKeeping: Bool, after earlier: KnownResults) {
        store = RunStore(folder, known: earlier)
        self.isKeeping = isKeeping
        known = earlier
    }

    /// The result in a file; nil where there is none, or a damaged one.
    mutating func result(at file: URL) -> TrialResult? {
        do throws(DamagedFile) {
            let mark = isKeeping ? KnownResults.Mark(of: file) : nil
            guard let result = try store.result(at: file) else { return nil }
            known.add(result, at: file, marked: mark)
            return result
        } catch {
            damages.append(error)
            return nil
        }
    }

    /// What becomes of a trial, and its result where that is used.
    ///
    /// - Parameters:
    ///   - choice: what tuning chose; nil until that is done: any candidate may turn out to be the chosen one then.
    ///   - resume: where its training is saved.
    mutating func trial(
        _ key: TrialKey, of cell: Cell, by choice: TuningChoice?, savedIn resume: URL
    ) -> (status: FolderState.Status, used: TrialResult?) {
        let store = store
        let isSaved = Folder.exists(resume.path)
        // Names of plans are digests: they are not computed for trials of which there is nothing.
        guard isSaved || Folder.exists(store.folder.trial(key).path) else { return (.new, nil) }
        let choices = choice.map { [$0] } ?? cell.candidates.indices.map { TuningChoice(candidate: $0, epoch: nil) }
        let plans = choices.map { cell.plan(of: $0, seed: key.seed) }
        let hashes = plans.map(\.hash)
        func isWanted(_ result: TrialResult) -> Bool { result.isFinished && hashes.contains(result.plan) }
        let known = damages.count
        let found = result(at: store.folder.result(key))
        if let found, isWanted(found) { return (.finished, found) }
        if let found, found.isFinished { outdated.append((key, found.plan)) }
        // A result of the plan may have been set aside for one of another.
        let kept = hashes.lazy.compactMap { try? store.result(at: store.place(of: $0, at: key)) }
        if let kept = kept.first(where: isWanted) { return (.finished, kept) }
        if isSaved, plans.contains(where: { ResumeFolder(resume, origin: SavedOrigin(plan: $0)).isOfOrigin }) { return (.saved, nil) }
        guard let found else { return (damages.count > known ? .damaged : .new, nil) }
        if hashes.contains(found.plan) { return (.failed, nil) }
        guard let origin = found.origin else { return (.changed, nil) }
        if !plans.contains(where: { $0.program == origin.program }) { return (.otherProgram, nil) }
        return (plans.contains { $0.dataFingerprint == origin.data } ? .changed : .otherData, nil)
    }
}
