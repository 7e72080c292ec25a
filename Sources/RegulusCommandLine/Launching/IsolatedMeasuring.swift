import ArgumentParser
import Configuration
import Foundation
import Persistence
import Processes
import Results
import Studies
import Training

/// Measuring with components from outside of Regulus: a child process measures, so that a measurement that crashes or ends its process leaves
/// only its own cell of the table empty.
///
/// The child measures on all workers. Where it does not end by its own decision, another one measures the rest one after the other, and
/// its trace says which measurement ends it: that one is recorded with the reason, and the next child goes on.
struct IsolatedMeasuring {
    /// The roles of a process that measures, on all workers or one trial at a time.
    private static let (role, carefulRole) = ("measurer", "careful measurer")

    private let run: MeasurementRun
    private let folder: RunFolder

    init(_ run: MeasurementRun, in folder: RunFolder) { (self.run, self.folder) = (run, folder) }

    /// Measures what has not been measured yet, and again what ended its process before.
    ///
    /// - Parameter note: told of every measurement that ended its process, and of an end that none of them caused.
    /// - Throws: `ExitCode` of a child that ended by its own decision and has said why; `FileFault`.
    func outcome(note: (String) -> Void) throws -> MeasurementRun.Outcome {
        try run.removeFailures()
        let file = Self.file(in: folder)
        try Folder.create(IsolatedFolder(folder).path)
        unlink(file)
        var role = Self.role
        var failed: Set<String> = []
        while true {
            let child: WatchedChild
            do {
                // The same command, which finds out from its role what it is for.
                child = try WatchedChild(Array(CommandLine.arguments.dropFirst()), role: role)
            } catch {
                throw CommandFault.failure("error: the program cannot start itself to measure: \(error.localizedDescription)")
            }
            let end = Self.wait(for: child)
            let what: String
            switch end {
            case .ended(code: 0):
                defer { unlink(file) }
                guard let data = try? FileContents.copied(file) else { return MeasurementRun.Outcome() }
                return try ResultCoding.value(MeasurementRun.Outcome.self, from: data)
            case .ended(let code): throw ExitCode(code)
            case .exited(let code): what = "ended the process with exit code \(code)"
            case .crashed(let signal): what = "crashed (\(String(cString: strsignal(signal))))"
            }
            Descendants.end()
            if StopRequest.ofProcess.isAsked { throw ExitCode(StopRequest.exitCode) }
            if role == Self.role {
                role = Self.carefulRole
                continue
            }
            guard let call = child.call, failed.insert(call.component).inserted, try run.fail(call.component, reason: "it \(what)") else {
                note("error: a plug-in \(what) while models were measured; what is left is not measured")
                return MeasurementRun.Outcome()
            }
            note("not measured: \(call.component): it \(what)")
        }
    }

    /// Waits for a child, which is asked to end when this process is.
    private static func wait(for child: WatchedChild) -> WatchedChild.End {
        while true {
            if let end = child.end() { return end }
            if StopRequest.ofProcess.isAsked { child.release() }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    // MARK: The child

    /// Whether this process is a child that measures.
    static var isMeasurer: Bool { ParentLink.role == role || ParentLink.role == carefulRole }

    /// The workers that measure: all of them, or one where the trace has to say which measurement runs.
    static func pool(_ pool: WorkerPool) -> WorkerPool {
        ParentLink.role == carefulRole ? WorkerPool(workers: 1, threadsPerWorker: pool.threadsPerWorker) : pool
    }

    /// What the child does: it measures, and leaves for its parent what became of it.
    ///
    /// - Throws: as the commands that measure.
    static func measure(
        _ run: MeasurementRun, in folder: RunFolder, observer: @escaping @Sendable (TrialKey, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        if ParentLink.role == role { CallTrace.leaveOutCalls() }
        StopRequest.listenForSignals()
        do {
            let outcome = try run.run(observer: observer)
            try AtomicFile.write(ResultCoding.document(outcome), to: file(in: folder), durability: .none)
        } catch let stopped as StudyStopped {
            throw CommandFault(
                text: "stopped after \(stopped.finished) of \(stopped.total) trials; the same command continues from there",
                code: StopRequest.exitCode)
        } catch let fault as DatasetFault {
            throw CommandFault.input("error: \(fault)\nWhat was measured before is kept.")
        } catch let fault as FileFault {
            throw CommandFault.file(fault, "What was measured before is kept.")
        }
    }

    private static func file(in folder: RunFolder) -> String { IsolatedFolder(folder).path + "/measured.json" }
}
