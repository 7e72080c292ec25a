import Foundation
import Persistence

/// The workers of one run: submits them, watches them, and submits those again that end while work is
/// left.
///
/// Everything it knows is in the record, which is written before and after each submission. A process
/// that takes over from one that was killed in between finds the array by its name, so that no worker
/// is submitted twice.
package struct WorkerArray: Sendable {
    package private(set) var record: ArrayRecord
    /// What Slurm said when it was last asked, by worker.
    package private(set) var states: [Int: WorkerState] = [:]

    private let folder: LaunchFolder
    private let commands: SlurmCommands
    private let script: WorkerScript
    private let recipe: String
    private let limit: Int
    private let settling: Duration
    /// Since when a worker is known to have ended.
    private var ended: [WorkerID: ContinuousClock.Instant] = [:]

    /// - Parameters:
    ///   - recipe: the study's name, from which arrays get their names.
    ///   - limit: how often a worker may be submitted again.
    ///   - settling: how long it may take until the last results of an ended worker are visible here.
    ///   - record: what the folder remembers; nil to begin.
    package init(
        _ count: Int, of study: String, recipe: String, script: WorkerScript, commands: SlurmCommands, limit: Int, settling: Duration,
        record: ArrayRecord?
    ) {
        folder = script.place
        self.commands = commands
        self.script = script
        self.recipe = recipe
        self.limit = limit
        self.settling = settling
        self.record = record ?? ArrayRecord(study: study, workers: Array(repeating: .init(), count: count))
    }

    /// Submits all workers for the first time.
    ///
    /// - Throws: `LaunchFault` where Slurm does not take them; nothing is recorded then. `FileFault`.
    package mutating func submit() throws -> String {
        do {
            return try submit(Array(1...record.workers.count))
        } catch let fault as LaunchFault {
            if case .refused = fault { try? FileManager.default.removeItem(atPath: folder.record) }
            throw fault
        }
    }

    /// Looks at Slurm once, and submits again what has to be.
    ///
    /// - Parameter workIsLeft: whether trainings are still to be done.
    /// - Returns: what there is to tell.
    /// - Throws: `LaunchFault.unreachable` where Slurm does not answer; `FileFault`.
    package mutating func look(workIsLeft: Bool) throws -> [String] {
        var notes: [String] = []
        try find()
        guard workIsLeft else { return notes }
        var again: [Int] = []
        for (index, worker) in record.workers.enumerated() where worker.loss == nil {
            let number = index + 1
            guard let job = worker.job else {
                again.append(number)
                continue
            }
            let id = WorkerID(job: job, worker: number)
            guard let state = states[number], state.isOver else {
                ended[id] = nil
                continue
            }
            let since = ended[id] ?? .now
            ended[id] = since
            switch state.meaning {
            case .cancelled:
                try giveUp(number, .cancelled)
                notes.append("worker \(id) was canceled")
            case .impossible:
                try giveUp(number, .failed)
                notes.append("worker \(id) cannot work\(state.place): \(state.phrase)" + logText(id))
            // Its last results may not be visible here yet.
            case .done where since.duration(to: .now) < settling: break
            case .done, .interrupted:
                let what = "worker \(id) ended\(state.place) while work is left: \(state.phrase)"
                if worker.resubmissions < limit {
                    again.append(number)
                    notes.append("\(what); submitting it again (\(worker.resubmissions + 1) of \(limit))")
                } else {
                    try giveUp(number, .failed)
                    notes.append("\(what); it is not submitted again after \(limit) times (--resubmissions)" + logText(id))
                }
            }
        }
        if !again.isEmpty {
            do {
                notes.append(try submit(again))
            } catch let fault as LaunchFault {
                guard case .refused(let words) = fault else { throw fault }
                for number in again { try giveUp(number, .failed) }
                notes.append(words)
            }
        }
        return notes
    }

    /// Reads again what the process in charge of the workers has recorded, and what Slurm says, without
    /// acting on it.
    package mutating func watch() throws {
        if let record = try ArrayRecord.read(folder.record) { self.record = record }
        try update()
    }

    /// Asks Slurm for the states of all workers, including those of a submission that was never
    /// answered.
    package mutating func find() throws {
        if record.submission != nil { try settleSubmission() }
        try update()
    }

    /// Asks Slurm for the states of all workers.
    package mutating func update() throws(LaunchFault) {
        let known = try commands.states(of: record.jobs)
        var wanted: [Int: WorkerID] = [:]
        for (index, worker) in record.workers.enumerated() {
            if let job = worker.job { wanted[index + 1] = WorkerID(job: job, worker: index + 1) }
        }
        let forgotten = wanted.values.filter { known[$0] == nil }
        let past = commands.pastStates(of: Set(forgotten.map(\.job)).sorted())
        // squeue remembers ended jobs for a few minutes only; what it said before still holds.
        states = Dictionary(
            uniqueKeysWithValues: wanted.map { number, id -> (Int, WorkerState) in
                let before = states[number].flatMap { $0.isOver ? $0 : nil }
                return (number, known[id] ?? before ?? past[id].map { $0.isOver ? $0 : .unknown } ?? .unknown)
            })
    }

    /// Whether workers run or wait in the queue, as Slurm last said.
    package var isAlive: Bool { states.values.contains { !$0.isOver } }

    /// How many workers are in which state, for people; nil where nothing is known.
    package var phrase: String? {
        let living = states.values.filter { !$0.isOver }
        let words = Dictionary(grouping: living) { $0.word.lowercased() + ($0.reason.map { " (\($0))" } ?? "") }
        return words.isEmpty ? nil : "workers: " + words.sorted { $0.key < $1.key }.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
    }

    /// Ends the workers that have not ended.
    ///
    /// - Parameter onlyWaiting: whether workers that already run are left alone.
    package func cancel(onlyWaiting: Bool) throws(LaunchFault) {
        var ids: [WorkerID] = []
        for (number, state) in states where !state.isOver && !(onlyWaiting && state.isRunning) {
            if let job = record.workers[number - 1].job { ids.append(WorkerID(job: job, worker: number)) }
        }
        try commands.cancel(ids.sorted { ($0.job, $0.worker) < ($1.job, $1.worker) })
    }

    /// Records that nothing more is to be expected from these workers.
    package mutating func close() throws(FileFault) {
        record.isClosed = true
        try record.write(to: folder.record)
    }
}

extension WorkerArray {
    private mutating func submit(_ workers: [Int]) throws -> String {
        let name = "regulus-\(recipe)-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
        try Folder.create(folder.path)
        try AtomicFile.write(script.text, to: folder.script)
        for worker in workers {
            unlink(folder.progress(worker))
            AtomicFile.removeTemporaries(in: folder.path, of: "\(worker).json")
        }
        record.submission = .init(name: name, workers: workers)
        try record.write(to: folder.record)
        let job: Int
        do {
            job = try commands.submit(folder.script, name: name, workers: workers, options: script.allOptions)
        } catch {
            // A refused array was not submitted. Without an answer it may have been, which the next look finds out.
            if case .refused = error {
                record.submission = nil
                try record.write(to: folder.record)
            }
            throw error
        }
        try adopt(job, workers)
        return "submitted array \(job) of \(workers.count) \(workers.count == 1 ? "worker" : "workers"); logs are in \(folder.path)"
    }

    private mutating func settleSubmission() throws {
        guard let submission = record.submission else { return }
        if let job = try commands.jobs(named: submission.name).last {
            try adopt(job, submission.workers)
        } else {
            record.submission = nil
            try record.write(to: folder.record)
        }
    }

    private mutating func adopt(_ job: Int, _ workers: [Int]) throws(FileFault) {
        for number in workers where record.workers.indices.contains(number - 1) {
            if record.workers[number - 1].job != nil { record.workers[number - 1].resubmissions += 1 }
            record.workers[number - 1].job = job
            states[number] = nil
        }
        record.submission = nil
        try record.write(to: folder.record)
    }

    private mutating func giveUp(_ number: Int, _ loss: ArrayRecord.Loss) throws(FileFault) {
        record.workers[number - 1].loss = loss
        try record.write(to: folder.record)
    }

    private func logText(_ id: WorkerID) -> String {
        guard let text = folder.excerpt(id) else {
            return "\n  It has left no log: do the nodes see \(folder.path)? Workers need a file system that they share."
        }
        return "\n\(text)\n  (\(folder.log(id)))"
    }
}

extension WorkerState {
    fileprivate var place: String { node.map { " on \($0)" } ?? "" }
}
