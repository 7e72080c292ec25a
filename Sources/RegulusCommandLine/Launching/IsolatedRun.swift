import Foundation
import Persistence
import Processes
import Results
import Studies
import Synchronization
import Training

/// A run with components from outside of Regulus: child processes do its trainings on the same run
/// folder, one process for each trial that is trained at a time.
///
/// A plug-in that crashes or hangs ends only the process of its own trial. That trial is recorded as
/// failed, with the term and the hook that was running, and a new process goes on with the other
/// trials.
final class IsolatedRun: Sendable {
    /// The role of a process that trains.
    static let role = "trainer"

    /// The number of processes in a row that may end without having done a trial, before their place gives up.
    private static let mostFailures = 3

    private struct Slot {
        let number: Int
        var child: WatchedChild?
        var beats: UInt64 = 0
        // Time in which the machine sleeps is nobody's silence.
        var lastBeat = SuspendingClock.now
        /// The position in the log at which its process began to write.
        var logStart: UInt64 = 0
        /// How many of its processes have ended in a row for a reason that no trial caused.
        var failures = 0
    }

    private let study: StudyRun
    private let before: StudyProgress
    private let place: IsolatedFolder
    private let arguments: [String]
    private let patience: Duration
    private let display: RunDisplay
    private let slots: Mutex<[Slot]>
    private let isEnded = Atomic(false)
    private let fault = Mutex<CommandFault?>(nil)

    /// - Parameters:
    ///   - arguments: the arguments of `run` with which a process does the trials of this study.
    ///   - patience: the longest time that a process may take for one step.
    init(_ study: StudyRun, arguments: [String], patience: Duration, display: RunDisplay) throws {
        place = IsolatedFolder(study.folder)
        self.arguments = arguments
        self.patience = patience
        self.display = display
        if !study.keepsFailures { try study.removeFailures() }
        var followed = study.following(polling: .milliseconds(300), stop: .ofProcess)
        followed.keepsFailures = true
        self.study = followed
        before = try followed.survey()
        let count = min(study.pool.workers, before.total - before.finished, study.cells.jobCount)
        slots = Mutex((0..<max(0, count)).map { Slot(number: $0 + 1) })
    }

    /// Trains everything that is not in the folder yet.
    ///
    /// - Parameter observer: as for `StudyRun.run`.
    /// - Throws: `StudyStopped`; `CommandFault` where no process gets as far as a trial; `FileFault`.
    func results(observer: @escaping @Sendable (StudyEvent) -> Void) throws -> [TrialResult] {
        let progress = FollowedProgress(after: before, show: observer)
        guard before.finished < before.total else { return try study.run(observer: progress.take) }
        try Folder.create(place.path)
        let hasLooked = DispatchSemaphore(value: 0)
        let isLooking = OwnThread.start(stack: 1 << 20) { [self] in
            while !isEnded.load(ordering: .relaxed) {
                slots.withLock { slots in
                    let before = slots.compactMap { $0.child?.id }
                    for index in slots.indices { look(after: &slots[index]) }
                    let present = Set(slots.compactMap { $0.child?.id })
                    // What its plug-ins had started would take from the others what it no longer may.
                    if !present.isSuperset(of: before) { Descendants.end(sparing: present) }
                    if slots.allSatisfy({ $0.child == nil && $0.failures > Self.mostFailures }) {
                        giveUp("error: trainings are left that no process takes up")
                    }
                }
                progress.take(running: runningTrainings())
                Thread.sleep(forTimeInterval: 0.1)
            }
            endAll()
            hasLooked.signal()
        }
        guard isLooking else { throw CommandFault.failure("error: \(OwnThread.refusal)") }
        defer {
            isEnded.store(true, ordering: .relaxed)
            hasLooked.wait()
        }
        do {
            return try study.run(observer: progress.take)
        } catch let stopped as StudyStopped {
            throw fault.withLock(\.self) ?? stopped
        }
    }
}

extension IsolatedRun {
    /// Starts a process where none runs, and deals with one that has ended or has made no step for too long.
    private func look(after slot: inout Slot) {
        guard !StopRequest.ofProcess.isAsked else { return }
        guard let child = slot.child else {
            if slot.failures <= Self.mostFailures { start(&slot) }
            return
        }
        if let end = child.end() {
            slot.child = nil
            deal(with: end, of: child, in: &slot)
            return
        }
        if child.beats != slot.beats {
            (slot.beats, slot.lastBeat) = (child.beats, .now)
        } else if place.trial(slot.number) == nil {
            slot.lastBeat = .now
        } else if slot.lastBeat.duration(to: .now) > patience {
            child.kill()
            _ = child.end(waiting: true)
            slot.child = nil
            fail("made no step for \(Int(patience / .seconds(1))) s", child, in: &slot)
        }
    }

    private func start(_ slot: inout Slot) {
        place.clear(slot.number)
        slot.logStart = place.logSize(slot.number)
        let own = ["--worker", "--keep-failures", "--progress-file", place.progress(slot.number)]
        do {
            slot.child = try WatchedChild(["run"] + own + arguments, log: place.log(slot.number), role: Self.role)
            slot.lastBeat = .now
        } catch {
            giveUp("error: the program cannot start itself for the trainings: \(error.localizedDescription)")
        }
    }

    private func deal(with end: WatchedChild.End, of child: WatchedChild, in slot: inout Slot) {
        switch end {
        case .ended(code: 0), .ended(code: 1):
            // It found nothing left to do, though another process may still train a trial that will fail.
            slot.failures += 1
        case .ended(let code):
            slot.failures += 1
            if slot.failures > Self.mostFailures || code == 2 {
                slot.failures = Self.mostFailures + 1
                giveUp("error: the trainings cannot begin" + place.excerpt(slot.number) + "\n(\(place.log(slot.number)))")
            }
        case .exited(let code): fail("ended the process with exit code \(code)", child, in: &slot)
        case .crashed(let signal): fail("crashed (\(String(cString: strsignal(signal))))", child, in: &slot)
        }
    }

    /// Records as failed the trial of a process that has gone.
    private func fail(_ what: String, _ child: WatchedChild, in slot: inout Slot) {
        guard let trial = place.trial(slot.number) else {
            slot.failures += 1
            if slot.failures > Self.mostFailures {
                giveUp("error: a plug-in \(what) before any training began" + place.excerpt(slot.number) + "\n(\(place.log(slot.number)))")
            }
            return
        }
        slot.failures = 0
        let call = child.calls.first
        let hook = call.map { " in \($0.hook)" } ?? ""
        let said = place.lastLine(slot.number, from: slot.logStart).map { ": \($0)" } ?? ""
        let running = WorkerProgress.read(place.progress(slot.number))?.trainings ?? []
        do {
            let failed = try trial.fail(
                term: call?.component ?? "process", step: child.step, message: what + hook + said,
                epochs: { key in running.first { $0.key == key }?.epochs ?? [] }, in: study.folder)
            guard !failed.isEmpty else { return }
            let culprit = call.map { "'\($0.component)' \(what)\(hook)" } ?? "the process \(what)"
            let names = failed.map(\.description).joined(separator: "; ")
            display.note("\(names): \(culprit) at step \(child.step)\(said) (\(place.log(slot.number)))")
        } catch {
            giveUp("error: \(error)")
        }
    }

    private func giveUp(_ text: String) {
        fault.withLock { $0 = $0 ?? .failure(text + "\nWhat was finished or saved before is kept; the same command continues from there.") }
        StopRequest.ofProcess.ask()
    }

    /// Asks all processes to save and end, and kills those that do not.
    private func endAll() {
        slots.withLock { slots in
            for slot in slots { slot.child?.release() }
            let end = ContinuousClock.now + .seconds(30)
            for index in slots.indices {
                guard let child = slots[index].child else { continue }
                while child.end() == nil {
                    if ContinuousClock.now > end {
                        child.kill()
                        _ = child.end(waiting: true)
                        break
                    }
                    Thread.sleep(forTimeInterval: 0.02)
                }
                slots[index].child = nil
            }
        }
    }

    private func runningTrainings() -> [RunningTraining] {
        slots.withLock { $0.filter { $0.child != nil }.map(\.number) }.flatMap { WorkerProgress.read(place.progress($0))?.trainings ?? [] }
    }
}

/// Where the processes of an isolated run report what they do: `workers` in the run folder.
struct IsolatedFolder {
    let path: String

    init(_ folder: RunFolder) { path = folder.root.appendingPathComponent("workers").path }

    /// What a process and its plug-ins printed.
    func log(_ number: Int) -> String { "\(path)/\(number).log" }
    func progress(_ number: Int) -> String { "\(path)/\(number).json" }

    /// Beside the progress file of a process, the trials that it is training.
    static func trialFile(besides progress: String) -> String { progress + ".trial" }

    func trial(_ number: Int) -> BegunTrial? {
        guard let data = try? FileContents.copied(Self.trialFile(besides: progress(number))) else { return nil }
        return try? ResultCoding.value(BegunTrial.self, from: data)
    }

    func clear(_ number: Int) {
        for file in [progress(number), Self.trialFile(besides: progress(number))] { unlink(file) }
    }

    /// The last lines that were printed, indented.
    func excerpt(_ number: Int) -> String { PrintedLines.last(8, ofFile: log(number)).map { "\n  \($0)" }.joined() }

    /// The last line that was printed behind a position in the log; nil where there is none.
    func lastLine(_ number: Int, from start: UInt64) -> String? { PrintedLines.last(1, ofFile: log(number), from: start).last }

    func logSize(_ number: Int) -> UInt64 { (try? FileHandle(forReadingAtPath: log(number))?.seekToEnd()) ?? 0 }
}
