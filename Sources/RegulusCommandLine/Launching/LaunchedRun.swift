import Foundation
import Launching
import Persistence
import Processes
import Results
import Studies
import Synchronization
import Training

/// A run whose trainings are done by workers that are submitted to Slurm. This process submits them, follows them through the run folder
/// and Slurm's queue, submits again those that end too early, and ends with all results.
///
/// It knows nothing that is not in the folder too: when it ends, the workers go on, and the next process with the same command follows them.
final class LaunchedRun: Sendable {
    private let study: StudyRun
    private let display: RunDisplay
    private let polling: Duration
    private let keepsFailures: Bool
    /// What was in the folder when this began.
    private let before: StudyProgress
    /// Whether workers of this study were submitted before, and their work has not been collected.
    let isContinued: Bool
    private let place: LaunchFolder
    private let array: Mutex<WorkerArray>
    /// The right to submit: only one of several processes that follow one run submits workers.
    private let right: Mutex<SoleRight>

    private let runningWorkers = Mutex<[Int]>([])
    private let machines = Mutex<(machines: Set<String>, versions: Set<String>)>(([], []))
    private let fault = Mutex<(any Error)?>(nil)
    private let isEnded = Atomic(false)
    private let isLost = Atomic(false)

    /// - Parameter script: what each worker runs.
    /// - Throws: `CommandFault` where the workers of another study are at work in the folder.
    init(_ study: StudyRun, recipe: String, script: WorkerScript, launch: LaunchArguments, keepsFailures: Bool, display: RunDisplay) throws {
        place = script.place
        polling = .seconds(launch.pollEvery ?? 10)
        self.keepsFailures = keepsFailures
        self.display = display
        var record = try ArrayRecord.read(place.record)
        if let found = record, found.isClosed || found.isOver { record = nil }
        let digest = study.digest
        var surveyed = study
        // While workers train, a failed trial is a result like any other.
        surveyed.keepsFailures = keepsFailures || record?.study == digest
        before = try surveyed.survey()
        let count = min(launch.workers ?? 4, max(1, min(before.total - before.finished, study.cells.jobCount)))
        // A worker ends well when everything is in the folder; on a busy machine that may be seen here much later than its end.
        let settling = max(polling * 3, .seconds(10))
        func array(_ record: ArrayRecord?) -> WorkerArray {
            WorkerArray(
                count, of: digest, recipe: SafeName.encode(recipe).replacing("/", with: ""), script: script, commands: SlurmCommands(),
                limit: launch.resubmissions ?? 3, settling: settling, record: record)
        }
        if let found = record, found.study != digest {
            try Self.checkNobodyWorks(array(found), folder: study.folder)
            record = nil
        }
        isContinued = record != nil
        self.array = Mutex(array(record))
        var right = SoleRight(folder: place.path, name: "follower")
        if isContinued || before.finished < before.total {
            try Folder.create(place.path)
            let isMine = try right.hold()
            // The process that submits workers now may have submitted some in the meantime.
            if !isMine, let found = try ArrayRecord.read(place.record), !found.isClosed, found.study != digest {
                throw Self.otherWorkers(of: found, in: study.folder)
            }
        }
        self.right = Mutex(right)
        var followed = study.following(polling: min(polling, .seconds(2)), stop: .ofProcess)
        followed.keepsFailures = true
        self.study = followed
    }

    private static func checkNobodyWorks(_ array: WorkerArray, folder: RunFolder) throws {
        var array = array
        do {
            try array.find()
        } catch let fault as LaunchFault {
            throw CommandFault(fault)
        }
        if array.isAlive { throw otherWorkers(of: array.record, in: folder) }
    }

    private static func otherWorkers(of record: ArrayRecord, in folder: RunFolder) -> CommandFault {
        let jobs = record.jobs.map(String.init).joined(separator: " ")
        let remedy = jobs.isEmpty ? "" : "scancel \(jobs) ends them; "
        return .input(
            """
            error: workers of another recipe, or of another version of this one, are running in \(folder.root.path)
            \(remedy)--out chooses another folder.
            """)
    }

    /// Submits the workers that are needed, and waits for all results.
    ///
    /// - Throws: `CommandFault` where Slurm does not take the workers, where this process is asked to end, or where no worker is left;
    ///   `FileFault`.
    func results() throws -> [TrialResult] {
        let progress = FollowedProgress(after: before, show: display.show)
        guard isContinued || before.finished < before.total else { return try study.run(observer: progress.take) }
        try begin()
        let hasLooked = DispatchSemaphore(value: 0)
        let isLooking = OwnThread.start(stack: 4 << 20) { [self] in
            while !isEnded.load(ordering: .relaxed) { lookAndRest(progress) }
            hasLooked.signal()
        }
        guard isLooking else {
            right.withLock { $0.release() }
            throw CommandFault.failure("error: \(OwnThread.refusal)\nThe workers go on; the same command follows them.")
        }
        do {
            let results = try study.run(observer: progress.take)
            isEnded.store(true, ordering: .relaxed)
            hasLooked.wait()
            endWorkers()
            return results
        } catch is StudyStopped {
            isEnded.store(true, ordering: .relaxed)
            if let fault = fault.withLock(\.self) { throw fault }
            throw ending(progress.progress)
        }
    }

    /// Remembers, once the report is written, that the workers' work has been collected.
    func close() throws(FileFault) {
        let isMine = right.withLock { $0.isHeld }
        if isMine { try array.withLock { (array) throws(FileFault) in try array.close() } }
        right.withLock { $0.release() }
    }

    /// The settings with the machines of the workers in place of this one, which only followed them.
    func settings(_ settings: RunSettings) -> RunSettings {
        noteMachines(Array(1...max(1, array.withLock { $0.record.workers.count })))
        let seen = machines.withLock { $0 }
        var settings = settings
        if !seen.machines.isEmpty { settings.machine = seen.machines.sorted().joined(separator: "; ") }
        if !seen.versions.isEmpty { settings.versions = seen.versions.sorted() }
        return settings
    }
}

extension LaunchedRun {
    private func begin() throws {
        guard right.withLock({ $0.isHeld }) else {
            display.note("another process manages the workers of this run; this one only follows")
            return
        }
        if isContinued {
            let jobs = array.withLock { $0.record.jobs.map(String.init).joined(separator: ", ") }
            display.note(jobs.isEmpty ? "looking for the workers submitted before" : "following array \(jobs) again")
            return
        }
        if !keepsFailures { try study.removeFailures() }
        do {
            display.note(try array.withLock { try $0.submit() })
        } catch let fault as LaunchFault {
            right.withLock { $0.release() }
            throw CommandFault(fault)
        }
    }

    /// Looks at queue and folder once, tells what is new, and rests until the next time.
    private func lookAndRest(_ progress: FollowedProgress) {
        let next = ContinuousClock.now + polling
        do {
            let isMine = try right.withLock { try $0.hold() }
            try array.withLock { array in
                let known = array.phrase
                if isMine {
                    let isWorkLeft = progress.progress.finished < progress.progress.total
                    for note in try array.look(workIsLeft: isWorkLeft) { display.note(note) }
                } else {
                    try array.watch()
                }
                if let phrase = array.phrase, phrase != known { display.note(phrase) }
                runningWorkers.withLock { $0 = array.states.filter(\.value.isRunning).map(\.key).sorted() }
                guard array.record.isOver || (!isMine && array.record.isClosed) else { return }
                // The last results may still be on their way; if they are not, no worker is left that could deliver them.
                isLost.store(true, ordering: .relaxed)
                StopRequest.ofProcess.ask()
            }
        } catch let trouble as LaunchFault {
            display.note("\(trouble)\n  the workers go on; the next attempt is in \(Int((polling / .seconds(1)).rounded(.up))) s")
        } catch {
            fault.withLock { $0 = error }
            StopRequest.ofProcess.ask()
        }
        while !isEnded.load(ordering: .relaxed), ContinuousClock.now < next {
            progress.take(running: runningTrainings())
            Thread.sleep(forTimeInterval: min(polling / .seconds(1), 0.5))
        }
    }

    private func runningTrainings() -> [RunningTraining] { noteMachines(runningWorkers.withLock(\.self)).flatMap(\.trainings) }

    @discardableResult
    private func noteMachines(_ workers: [Int]) -> [WorkerProgress] {
        let shown = workers.compactMap { WorkerProgress.read(place.progress($0)) }
        machines.withLock { seen in
            for progress in shown {
                seen.machines.insert(progress.machine)
                seen.versions.formUnion(progress.versions)
            }
        }
        return shown
    }

    /// Lets the workers end now that everything is done: those that wait in the queue at once, the others by themselves, if they do so soon.
    private func endWorkers() {
        guard right.withLock({ $0.isHeld }) else { return }
        array.withLock { array in
            // If Slurm does not answer now, the results are still complete: a worker that is left finds nothing to do.
            guard (try? array.update()) != nil else { return }
            try? array.cancel(onlyWaiting: true)
            let end = ContinuousClock.now + .seconds(10)
            while array.isAlive, ContinuousClock.now < end {
                Thread.sleep(forTimeInterval: 0.5)
                guard (try? array.update()) != nil else { return }
            }
            try? array.cancel(onlyWaiting: false)
        }
    }

    /// The message and the exit code for a run that ends before all work is done.
    private func ending(_ progress: StudyProgress) -> CommandFault {
        let record = try? ArrayRecord.read(place.record)
        let count = "\(progress.finished) of \(progress.total) trainings"
        guard isLost.load(ordering: .relaxed) else {
            right.withLock { $0.release() }
            let jobs = (record?.jobs ?? []).map(String.init).joined(separator: " ")
            return CommandFault(
                text: """
                    stopped following after \(count); the workers go on
                    The same command follows them again. scancel \(jobs) ends them, after they have saved.
                    """, code: StopRequest.exitCode)
        }
        try? close()
        let isWish = record?.workers.allSatisfy { $0.loss == .cancelled } ?? false
        return CommandFault(
            text: """
                no worker is left after \(count); what was finished or saved before is kept in \(study.folder.root.path)
                The same command submits new workers, which continue from there.
                """, code: isWish ? StopRequest.exitCode : 1)
    }
}

extension CommandFault {
    init(_ fault: LaunchFault) {
        switch fault {
        case .refused(let text): self = .input("error: \(text)")
        case .unreachable(let text): self = .failure("error: \(text)")
        }
    }
}
