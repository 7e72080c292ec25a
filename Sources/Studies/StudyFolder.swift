import Foundation
import Persistence
import Results
import Statistics
import Training

/// A study as its run folder shows it: what was planned, what has ended, and who is training what.
///
/// It is made from the folder's files alone, so that it can describe a run of another process, on
/// another machine, or one that is over.
package struct StudyFolder: Sendable {
    /// A trial that a process has claimed.
    package struct ClaimedTrial: Sendable {
        /// The epochs that it has reported; none before the end of its first.
        package let training: RunningTraining
        /// The host's name.
        package let host: String
        package let process: Int32
        /// Whether the process is known to be over, so that the trial waits for the next run.
        package let isGone: Bool
        /// Seconds since its last sign of life, by the file system's clock.
        package let silence: Double
    }

    /// With only those seeds that are trained, where earlier looks have decided that.
    package let settings: RunSettings
    /// Trials that have ended, in the order of the plan.
    package let results: [TrialOutline]
    /// Trials that are under way or were interrupted, in the order of the plan.
    package let claimed: [ClaimedTrial]
    /// Trainings for tuning that are done, and those that are under way.
    package let rehearsals: (finished: Int, running: Int)
    /// Files that are not what a run wrote.
    package let damages: [DamagedFile]
    /// When the last result was written; nil without results.
    package let lastResult: Date?
    private let marks: [TrialKey: Ended]

    /// A result, and when its file was written.
    private struct Ended {
        let mark: Date?
        let result: TrialOutline
    }

    /// What the files of one trial say.
    private struct Sight {
        let ended: Ended?
        let claimed: ClaimedTrial?
        let damage: DamagedFile?

        /// - Parameter known: what an earlier look has found.
        init(of key: TrialKey, in store: RunStore, after known: Ended?) {
            let file = store.folder.result(key)
            let mark = FileContents.date(file.path)
            var (ended, damage): (Ended?, DamagedFile?)
            if let known, known.mark == mark, mark != nil {
                ended = known
            } else {
                do throws(DamagedFile) {
                    ended = try store.outline(at: file).flatMap { $0.key == key ? Ended(mark: mark, result: $0) : nil }
                } catch {
                    damage = error
                }
            }
            (self.ended, self.damage) = (ended, damage)
            // A failed trial may be tried again.
            guard ended?.result.isFinished != true, let claim = StudyFolder.claim(ClaimPlace(ofTrialIn: store.folder.trial(key))) else {
                claimed = nil
                return
            }
            claimed = ClaimedTrial(
                training: RunningFile.read(key, in: store.folder) ?? RunningTraining(key, epochCount: 0), host: claim.host,
                process: claim.process, isGone: claim.isGone, silence: claim.silence)
        }
    }

    /// - Parameters:
    ///   - folder: the run folder.
    ///   - before: the same folder a while ago: results that have not changed since are not read again.
    /// - Returns: nil where the folder holds no run.
    /// - Throws: `DamagedFile` where what was planned cannot be read.
    package init?(reading folder: RunFolder, after before: StudyFolder? = nil) throws(DamagedFile) {
        let store = RunStore(folder)
        guard let settings = try store.settings() else { return nil }
        var marks: [TrialKey: Ended] = [:]
        var (results, claimed, damages): ([TrialOutline], [ClaimedTrial], [DamagedFile]) = ([], [], [])
        var last: Date?
        let keys = settings.keys
        let sights = Slots<Sight>(count: keys.count)
        DispatchQueue.concurrentPerform(iterations: keys.count) { index in
            sights.set(Sight(of: keys[index], in: store, after: before?.marks[keys[index]]), at: index)
        }
        for (key, sight) in zip(keys, sights.present) {
            if let ended = sight.ended {
                marks[key] = ended
                results.append(ended.result)
                last = [last, ended.mark].compactMap(\.self).max()
            }
            if let claim = sight.claimed { claimed.append(claim) }
            if let damage = sight.damage { damages.append(damage) }
        }
        var trainings = (finished: 0, running: 0)
        for path in [folder.tuning.path, folder.choice.path] {
            let names = (try? Folder.names(in: path)) ?? []
            let plans = names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(".json".count)) }
            let begun = Set(names.compactMap { name in name.range(of: ".claim.").map { String(name[..<$0.lowerBound]) } }).subtracting(plans)
            trainings.finished += plans.count
            trainings.running += begun.count { Self.claim(ClaimPlace(ofRehearsal: $0, in: path))?.isGone == false }
        }
        let needed = Self.trimmed(settings, to: results)
        if needed != settings {
            let keys = Set(needed.keys)
            results.removeAll { !keys.contains($0.key) }
            claimed.removeAll { !keys.contains($0.training.key) }
        }
        self.settings = needed
        self.results = results
        self.claimed = claimed
        self.damages = damages
        self.marks = marks
        lastResult = last
        rehearsals = trainings
    }

    /// What is being trained now.
    package var running: [ClaimedTrial] { claimed.filter { !$0.isGone } }

    /// How far it has come, with the time that the rest takes at the pace of the trials that have ended.
    package var progress: StudyProgress {
        let seconds = results.reduce(0) { $0 + $1.seconds }
        return StudyProgress(
            finished: results.count, total: settings.trialCount, running: running.map(\.training),
            elapsed: running.isEmpty ? 0 : seconds / Double(running.count), failed: results.count { !$0.isFinished })
    }

    /// Whether every trial has ended and none is being trained.
    package var isOver: Bool { results.count == settings.trialCount && running.isEmpty }

    /// The settings without the seeds that a look has made unneeded: see `SeedDesign`.
    private static func trimmed(_ settings: RunSettings, to results: [TrialOutline]) -> RunSettings {
        settings.keepingSeeds(by: results) { variant, design, result in
            let keys = variant.keys.filter { $0.seed == variant.seeds.first }
            let differences = design.differences(of: keys, seeds: variant.seeds, result: result)
            let stop = SpendingDesign(looks: design.looks).stop(differences.values, reach: design.reach, seeds: differences.seeds)
            return stop.map { design.looks[$0] }
        }
    }

    /// The claim that counts; nil where there is none, or where it does not say whose it is.
    private static func claim(_ place: ClaimPlace) -> (host: String, process: Int32, isGone: Bool, silence: Double)? {
        guard let path = place.present, let holder = ClaimWatch.holder(path), let beaten = FileContents.date(path) else { return nil }
        let host = holder.host.split(separator: " ").first.map(String.init) ?? "unknown host"
        return (host, holder.process, holder.isGone, max(0, Date().timeIntervalSince(beaten)))
    }
}
