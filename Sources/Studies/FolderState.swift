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
        let store = RunStore(folder, known: earlier)
        var damages: [DamagedFile] = []
        var read = earlier
        func stored(at file: URL) -> TrialResult? {
            do throws(DamagedFile) {
                let mark = isKeeping ? KnownResults.Mark(of: file) : nil
                guard let result = try store.result(at: file) else { return nil }
                read.add(result, at: file, marked: mark)
                return result
            } catch {
                damages.append(error)
                return nil
            }
        }
        var finished: Set<StudyJob> = []
        var trials: [[(key: TrialKey, status: Status)]] = cells.map { _ in [] }
        var hashes: [TrialKey: String] = [:]
        let stages = SeedStages(cells.all)
        var undecided: [String] = []
        var rehearsed: [String: TrialResult] = [:]
        for rehearsal in cells.rehearsals.map(\.rehearsal) {
            let result = stored(at: folder.rehearsal(rehearsal.name, measuresTarget: rehearsal.measuresTarget))
            guard let result, result.plan == rehearsal.name, result.isFinished else { continue }
            rehearsed[rehearsal.name] = result
            finished.insert(.rehearsal(rehearsal.name))
        }
        for group in cells.groups {
            let rehearsals = group.rehearsals
            let known = rehearsals.compactMap { rehearsed[$0.name] }
            var choice: TuningChoice?
            if known.count == rehearsals.count {
                choice = TuningChoice.choose(
                    in: group.cells[0],
                    from: zip(rehearsals, known).map { rehearsal, result in
                        (rehearsal: rehearsal, scores: .some(result.epochs.map(SourceScore.init)))
                    })
            }
            for (place, cell) in zip(group.places, group.cells) {
                for seed in cell.seeds {
                    let key = cell.key(seed: seed)
                    let resume = folder.resume(group.cells[0].key(seed: seed))
                    // Names of plans are digests: they are not computed for trials of which there is nothing.
                    let (isThere, isSaved) = (Folder.exists(folder.trial(key).path), Folder.exists(resume.path))
                    guard isThere || isSaved else {
                        trials[place].append((key, .new))
                        continue
                    }
                    // Until tuning is done, any candidate may turn out to be the chosen one.
                    let plans =
                        choice.map { [cell.plan(of: $0, seed: seed)] }
                        ?? cell.candidates.indices.map {
                            cell.plan(of: TuningChoice(candidate: $0, epoch: nil), seed: seed)
                        }
                    let hashesOfPlans = plans.map(\.hash)
                    let known = damages.count
                    let found = stored(at: folder.result(key))
                    let isDamaged = damages.count > known
                    func isWanted(_ result: TrialResult) -> Bool { hashesOfPlans.contains(result.plan) && result.isFinished }
                    let kept = hashesOfPlans.lazy.compactMap { plan in try? store.result(at: store.place(of: plan, at: key)) }
                    let status: Status
                    if let present = found.flatMap({ isWanted($0) ? $0 : nil }) ?? kept.first(where: isWanted) {
                        status = .finished
                        finished.insert(.trial(key))
                        hashes[key] = present.plan
                        stages.add(present.outline)
                        if present.choice?.guards.cannotChoose == true, !undecided.contains(key.row) { undecided.append(key.row) }
                    } else if isSaved, plans.contains(where: { ResumeFolder(resume, origin: SavedOrigin(plan: $0)).isOfOrigin }) {
                        status = .saved
                    } else if let found {
                        status = Self.status(of: found, beside: plans)
                    } else {
                        status = isDamaged ? .damaged : .new
                    }
                    trials[place].append((key, status))
                }
            }
        }
        let needed = Set(stages.trimmed(cells.all).flatMap { cell in cell.seeds.map { cell.key(seed: $0) } })
        self.trials = trials.flatMap(\.self).filter { needed.contains($0.key) }
        self.damages = damages
        known = read
        self.finished = finished
        self.plans = hashes
        undecidedRows = undecided
        (finishedRehearsals, rehearsalCount) = (rehearsed.count, cells.rehearsals.count)
    }

    /// How many trials have a status.
    package func count(_ status: Status) -> Int { trials.count { $0.status == status } }

    /// The rows that have trials of a status, in the study's order.
    package func rows(_ status: Status) -> [String] {
        var seen: Set<String> = []
        return trials.filter { $0.status == status }.map(\.key.row).filter { seen.insert($0).inserted }
    }

    /// The status of a trial whose result is not finished, or not of these plans.
    private static func status(of result: TrialResult, beside plans: [TrialPlan]) -> Status {
        if plans.contains(where: { $0.hash == result.plan }) { return .failed }
        guard let origin = result.origin else { return .changed }
        if !plans.contains(where: { $0.program == origin.program }) { return .otherProgram }
        return plans.contains { $0.dataFingerprint == origin.data } ? .changed : .otherData
    }
}
