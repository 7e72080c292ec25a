import Foundation
import Persistence
import Results
import Training

extension StudyRun {
    /// The same study for a process that trains nothing: it waits for what others put into the folder.
    ///
    /// - Parameters:
    ///   - polling: wall time from one look at the folder to the next.
    ///   - stop: ends the waiting.
    package func following(polling: Duration, stop: StopRequest) -> StudyRun {
        var timing = timing
        timing.polling = polling
        var study = StudyRun(
            cells: cells, folder: folder, components: components, pool: WorkerPool(workers: 1, threadsPerWorker: 1), datasets: datasets,
            timing: timing, stop: stop, stems: stems)
        study.isFollowing = true
        study.keepsFailures = keepsFailures
        study.keepsOtherPlans = keepsOtherPlans
        study.known = known
        return study
    }

    /// How much of the study is in the folder now.
    package func survey() throws -> StudyProgress {
        let jobs = StudyJobs(following(polling: .zero, stop: StopRequest())) { _ in }
        for job in jobs.all { _ = try job() }
        return jobs.journal.progress
    }

    /// Removes the results of failed trials and rehearsals, so that each is tried again even by workers
    /// that keep failed results.
    ///
    /// - Throws: `FileFault` where one cannot be removed.
    package func removeFailures() throws(FileFault) {
        let store = store
        for file in resultFiles {
            guard let saved = try? store.result(at: file), !saved.isFinished else { continue }
            guard unlink(file.path) == 0 || errno == ENOENT else { throw FileFault(action: "remove", path: file.path) }
        }
    }

    /// Where the results of all trials and rehearsals lie.
    var resultFiles: [URL] {
        cells.flatMap { cell in cell.seeds.map { folder.result(cell.key(seed: $0)) } }
            + cells.rehearsals.map { folder.rehearsal($0.rehearsal.name, measuresTarget: $0.rehearsal.measuresTarget) }
    }

    /// A name for exactly what this study trains: equal for equal plans, seeds and ways of tuning.
    package var digest: String {
        let lines = cells.map { cell in
            let plans = cell.candidates.map { "\($0.plan.hash) \($0.values.map { "\($0.path) \($0.value)" })" }
            let tuning = "\(cell.tuning) \(cell.measuresCandidates) \(cell.rehearsalEpochs ?? 0)"
            return "\(cell.key(seed: 0)) \(cell.seeds) \(tuning)\(cell.design.map { " \($0)" } ?? "")\n" + plans.joined(separator: "\n")
        }
        return SHA256Digest(of: lines.joined(separator: "\n")).hex
    }
}
