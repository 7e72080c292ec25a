import ArgumentParser
import Configuration
import Foundation
import Persistence
import Processes
import Results
import Studies
import Training

/// How long a measurement may take.
struct MeasuringArguments: ParsableArguments {
    @Option(help: ArgumentHelp("With plug-in libraries: the longest time for one measurement of one model.", valueName: "seconds"))
    var measureTimeout = 21_600.0

    func validate() throws {
        guard (1...10_000_000).contains(measureTimeout) else { throw ValidationError("--measure-timeout must be between 1 and 10000000 seconds") }
    }
}

/// Measuring with components from outside of Regulus: a child process measures, so that a measurement that crashes, ends its process or never
/// ends leaves only its own cell of the table empty.
///
/// The child measures on all workers, and its trace says what each of them works on. Where it does not end by its own decision, that is written down
/// of what it worked on alone. Of several, which may all be innocent but one, the next child tries one after the other. Then another
/// goes on with what is left, on all workers.
struct IsolatedMeasuring {
    /// The roles of a process that measures, on all workers or one trial at a time.
    private static let (role, carefulRole) = ("measurer", "careful measurer")

    private let run: MeasurementRun
    private let patience: Duration
    private let ledger: MeasuringLedger

    /// - Parameter patience: the longest time that one measurement may take.
    /// - Throws: `CommandFault` where the system has no memory that processes share.
    init(_ run: MeasurementRun, patience: Duration) throws {
        (self.run, self.patience) = (run, patience)
        do { ledger = try MeasuringLedger() } catch { throw Self.cannotStart(error) }
    }

    private static func cannotStart(_ error: any Error) -> CommandFault {
        .failure("error: the program cannot start itself to measure: \(error.localizedDescription)")
    }

    /// Measures what has not been measured yet, and again what ended its process before.
    ///
    /// - Parameter note: told of every measurement that ended its process, and of an end that none of them caused.
    /// - Throws: `ExitCode` of a child that ended by its own decision and has said why; `FileFault`.
    func outcome(note: (String) -> Void) throws -> MeasurementRun.Outcome {
        var beginning = MeasurementRun.Beginning()
        while true {
            let child: WatchedChild
            do {
                try ledger.begin(beginning)
                // The same command, which finds out from its role what it is for.
                let words = Array(CommandLine.arguments.dropFirst())
                child = try WatchedChild(words, role: beginning.only == nil ? Self.role : Self.carefulRole, lines: ledger.lines)
            } catch {
                throw Self.cannotStart(error)
            }
            let end = wait(for: child)
            let what: String
            switch end {
            case .ended(code: 0) where beginning.only != nil:
                beginning.only = nil
                continue
            case .ended(code: 0): return run.sum(of: ledger.done)
            case .ended(let code): throw ExitCode(code)
            case .exited(let code): what = "ended the process with exit code \(code)"
            case .crashed(let signal): what = "crashed (\(String(cString: strsignal(signal))))"
            case nil: what = "is over the time limit of \(Int(patience / .seconds(1))) s (--measure-timeout)"
            }
            Descendants.end()
            if StopRequest.ofProcess.isAsked { throw ExitCode(StopRequest.exitCode) }
            let traced = child.works
            let works = run.works(marked: Set(traced.map(\.work)))
            // All of them were over the limit.
            guard works.count == 1 || end == nil else {
                guard works.count > 1, beginning.only == nil else { return giveUp("a plug-in \(what)", note) }
                beginning.only = Set(works.map(\.key))
                continue
            }
            var failed: [MeasurementRun.Work] = []
            for work in works {
                let call = traced.first { $0.work == work.mark }?.call
                let place = call.flatMap { $0.hook == "measure" ? nil : " in \($0.hook) of '\($0.component)'" } ?? ""
                let reason = "\(work.measurement == nil ? "the model" : "it") \(what)\(place)"
                for one in try run.fail(work, reason: reason, in: &beginning) {
                    failed.append(one)
                    note("not measured: \(one): \(reason)")
                }
            }
            if failed.isEmpty { return giveUp("a plug-in \(what)", note) }
        }
    }

    /// Ends it where nothing would be gained by another child.
    private func giveUp(_ what: String, _ note: (String) -> Void) -> MeasurementRun.Outcome {
        note("error: \(what) while models were measured; what is left is not measured")
        return run.sum(of: ledger.done)
    }

    /// Waits for a child, which is asked to end when this process is.
    ///
    /// - Returns: nil for one that was killed because everything it worked on was over the time limit. As long as anything else is worked on, nothing is
    ///   lost by waiting.
    private func wait(for child: WatchedChild) -> WatchedChild.End? {
        // Time in which the machine sleeps is no measurement's.
        let clock = SuspendingClock()
        var begun: [String: SuspendingClock.Instant] = [:]
        while true {
            if let end = child.end() { return end }
            if StopRequest.ofProcess.isAsked { child.release() }
            let (works, now) = (Set(child.works.map(\.work)), clock.now)
            begun = begun.filter { works.contains($0.key) }
            for work in works where begun[work] == nil { begun[work] = now }
            if !begun.isEmpty, begun.values.allSatisfy({ $0.duration(to: now) > patience }), !StopRequest.ofProcess.isAsked {
                child.kill()
                _ = child.end(waiting: true)
                return nil
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    // MARK: The child

    /// Whether this process is a child that measures.
    static var isMeasurer: Bool { ParentLink.role == role || ParentLink.role == carefulRole }

    /// The workers that measure: all of them, or one where the trace has to say which measurement ends the process.
    static func pool(_ pool: WorkerPool) -> WorkerPool {
        ParentLink.role == carefulRole ? WorkerPool(workers: 1, threadsPerWorker: pool.threadsPerWorker) : pool
    }

    /// What the child does: it measures, and leaves for its parent what became of each trial.
    ///
    /// - Throws: as the commands that measure.
    static func measure(_ run: MeasurementRun, observer: @escaping @Sendable (MeasurementRun.Step) -> Void = { _ in }) throws {
        let ledger = MeasuringLedger(of: ParentLink.lines())
        StopRequest.listenForSignals()
        do {
            _ = try run.run(after: ledger.beginning) { step in
                // Without the line, the trial is looked at once more.
                try? ledger.note(step)
                observer(step)
            }
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
}
