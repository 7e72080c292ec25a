import ArgumentParser
import Foundation
import PluginLibraries
import Processes
import Synchronization

/// Runs a command that loads plug-in libraries in a child process, and ends as the child ends.
///
/// A library may end its process with exit code 0, and then nobody would know that the command was not
/// carried out. So the process that a user started never loads a library: it waits for the child,
/// passes signals on to it, and reports when the child did not end by its own decision. What is ignored
/// in it, because whoever started it wanted that, is ignored in the child as well.
///
/// Where a command calls a library's code itself, to plan, to try out a training or a contract, or to measure one model, a call that never returns is ended
/// after an hour without a sign of work. Trainings and the measurements of a run are done by processes of their own, which have limits of their own.
enum ForeignCodeGuard {
    /// The role of a process that runs a whole command.
    static let role = "command"

    /// Call this before a library is loaded. It returns only in the child process, which may load
    /// libraries.
    ///
    /// - Throws: `CommandFault` where the program cannot start itself.
    static func enter() throws {
        guard ParentLink.role == nil else { return }
        Descendants.adopt()
        let child: WatchedChild
        do {
            child = try WatchedChild(Array(CommandLine.arguments.dropFirst()), role: role)
        } catch {
            throw CommandFault.failure("error: the program cannot start itself to load plug-ins: \(error.localizedDescription)")
        }
        Self.child = child
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGXCPU] { handOn(number) }
        let silence = SilenceWatch(over: child)
        let end = child.end(waiting: true) ?? .exited(code: -1)
        // One that ends by its own decision has seen to what is below it.
        if case .ended = end {} else { Descendants.end() }
        // Of several threads, it is not known which one ended it.
        let places = Set(child.calls.map { "\($0.hook) of '\($0.component)'" }).sorted()
        let place = places.isEmpty ? "" : " in " + places.joined(separator: " or ")
        if silence.hasEnded {
            let limit = Int(SilenceWatch.limit / .seconds(60))
            throw CommandFault.failure("error: a plug-in has not returned for \(limit) minutes\(place); the program was ended\(kept)")
        }
        switch end {
        case .ended(let code): throw ExitCode(code)
        // A second SIGINT ends it at once.
        case .exited(code: 130): throw ExitCode(130)
        // It was asked to end before there was anything to save.
        case .crashed(let signal) where [SIGINT, SIGTERM, SIGHUP].contains(signal): throw ExitCode(128 + signal)
        case .exited(let code): throw CommandFault.failure("error: a plug-in ended the program with exit code \(code)\(place)\(kept)")
        case .crashed(let signal):
            throw CommandFault.failure("error: the program crashed\(place) (\(String(cString: strsignal(signal)))) with plug-ins loaded\(kept)")
        }
    }

    private static let kept = "\nWhat was finished or saved before is kept."

    /// Unsafe only in name: it is set once, before the handlers that read it.
    nonisolated(unsafe) private static var child: WatchedChild?

    private static func handOn(_ number: Int32) {
        SignalAction.handle(number) { number, info, _ in
            // A terminal sends its signals to both processes.
            guard let code = info?.pointee.si_code, code <= 0, let child = ForeignCodeGuard.child else { return }
            kill(child.id, number)
        }
    }
}

/// Ends a process that has called a library's code and has given no sign of work since for too long.
private final class SilenceWatch: Sendable {
    static let limit = Duration.seconds(3600)

    /// Unsafe only in name: a watched process may be asked from any thread.
    nonisolated(unsafe) private let child: WatchedChild
    private let ended = Atomic(false)
    private let task = Mutex<PeriodicTask?>(nil)

    private struct State {
        var beats: UInt64?
        // Time in which the machine sleeps is nobody's silence.
        var since = SuspendingClock.now
    }

    init(over child: WatchedChild) {
        self.child = child
        let state = Mutex(State())
        task.withLock { task in
            task = PeriodicTask("regulus.silence", every: .seconds(5), after: .seconds(5)) { [weak self] in
                guard let self else { return }
                let isLate = state.withLock { state in
                    if self.child.calls.isEmpty || self.child.beats != state.beats { state = State(beats: self.child.beats) }
                    return state.since.duration(to: .now) > Self.limit
                }
                guard isLate else { return }
                self.ended.store(true, ordering: .relaxed)
                self.child.kill()
            }
        }
    }

    deinit { task.withLock { $0?.cancel() } }

    var hasEnded: Bool { ended.load(ordering: .relaxed) }
}
