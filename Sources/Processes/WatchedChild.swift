import Foundation

/// A second process of this program for work that might end a process. It is watched, so that it is
/// known what it was doing when it ended, and it ends when its parent does.
package final class WatchedChild {
    /// How it ended.
    package enum End: Equatable, Sendable {
        /// By its own decision.
        case ended(code: Int32)
        /// Something in it ended the process, with this exit code.
        case exited(code: Int32)
        case crashed(signal: Int32)
    }

    package let id: pid_t
    private let trace: TracePage
    /// The end of a pipe that is closed to tell the child that the parent is gone or wants it to end.
    private var control: Int32

    /// Starts this program again.
    ///
    /// - Parameters:
    ///   - arguments: without the program's own name.
    ///   - log: the file that takes both of its streams, at its end; nil for those of this process.
    ///   - role: what the child is told it is for, see ``ParentLink/role``.
    ///   - lines: what it reads and continues, see ``ParentLink/lines()``.
    /// - Throws: `POSIXError` where it cannot be started.
    package init(_ arguments: [String], log: String? = nil, role: String, lines: SharedLines? = nil) throws {
        var pipes: [Int32] = [0, 0]
        guard let file = TracePage.makeFile() else { throw POSIXError(number: errno) }
        defer { close(file) }
        guard let trace = TracePage(mapping: file), pipe(&pipes) == 0 else { throw POSIXError(number: errno) }
        for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        self.trace = trace
        control = pipes[1]
        defer { close(pipes[0]) }

        var variables = ProcessInfo.processInfo.environment
        variables[ParentLink.roleVariable] = role
        // Crashes are expected here, so there is no stack trace, which takes seconds, and no question at the terminal.
        variables["SWIFT_BACKTRACE"] = "enable=no"
        var start = ProgramStart(program: ParentLink.program, arguments: arguments, environment: variables)
        start.files = [(ParentLink.controlDescriptor, .descriptor(pipes[0])), (ParentLink.traceDescriptor, .descriptor(file))]
        if let lines { start.files.append((ParentLink.linesDescriptor, .descriptor(lines.descriptor))) }
        if let log { start.files += [(STDIN_FILENO, .nothing), (STDOUT_FILENO, .end(of: log)), (STDERR_FILENO, .same(as: STDOUT_FILENO))] }
        do {
            id = try start.begin()
        } catch {
            close(control)
            throw error
        }
    }

    deinit { release() }

    /// How it ended; nil while it runs.
    ///
    /// - Parameter waiting: whether to wait for it.
    package func end(waiting: Bool = false) -> End? {
        do {
            switch try ProcessEnd.of(id, waiting: waiting) {
            case nil: return nil
            case .signal(let signal): return .crashed(signal: signal)
            case .code(let code): return trace.hasEnded ? .ended(code: code) : .exited(code: code)
            }
        } catch {
            return .exited(code: -1)
        }
    }

    /// Asks the child to save and end, as it would if its parent ended.
    package func release() {
        if control >= 0 { close(control) }
        control = -1
    }

    package func kill() { Foundation.kill(id, SIGKILL) }

    /// A number that changes as long as its work goes on.
    package var beats: UInt64 { trace.beats }

    /// The step that it has reached.
    package var step: Int { trace.step }

    /// The hooks that its threads have called and that have not returned.
    package var calls: [(hook: String, component: String)] { trace.calls.map { ($0.hook, $0.component) } }

    /// What its threads work on, see ``CallTrace/amid(_:_:)``, and the hook that each has called in it.
    package var works: [(work: String, call: (hook: String, component: String)?)] {
        trace.works.map { work, call in (work, call.map { ($0.hook, $0.component) }) }
    }
}

/// The child's side of ``WatchedChild``.
package enum ParentLink {
    static let controlDescriptor: Int32 = 3
    static let traceDescriptor: Int32 = 4
    static let linesDescriptor: Int32 = 5
    static let roleVariable = "REGULUS_WATCHED"

    /// The running program, also where its file has been replaced since it started.
    static let program = "/proc/self/exe"

    /// What this process was started for by another run of the program; nil for one that a user started. Unsafe only in name: it is set once, at
    /// the start.
    nonisolated(unsafe) package private(set) static var role: String?

    /// The lines that the parent of this process shares with it, to be asked only where it does.
    package static func lines() -> SharedLines {
        _ = fcntl(linesDescriptor, F_SETFD, FD_CLOEXEC)
        return SharedLines(descriptor: linesDescriptor)
    }

    /// How long a process may take to save its work after its parent is gone, in seconds.
    private static let patience: UInt32 = 20

    /// Takes up the link to the process that started this one, where there is one. To be called first of all.
    package static func attach() {
        guard let value = getenv(roleVariable) else { return }
        role = String(cString: value)
        // Neither this nor the descriptors are for processes that this one starts.
        unsetenv(roleVariable)
        for descriptor in [controlDescriptor, traceDescriptor] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        Descendants.adopt()
        CallTrace.begin(in: traceDescriptor)
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        let isWatched = OwnThread.start(stack: 1 << 16) {
            var byte: UInt8 = 0
            while read(controlDescriptor, &byte, 1) > 0 || errno == EINTR { errno = 0 }
            // Before it listens for signals, there is nothing to be saved, and one would end it with everything below it left behind.
            if SignalAction.present(of: SIGTERM) != .byDefault {
                kill(getpid(), SIGTERM)
                sleep(patience)
            }
            // Whatever does not return now never will.
            Descendants.endWithThisProcess(code: 75)
        }
        guard !isWatched else { return }
        // Unwatched, it would go on for ever if its parent were killed.
        FileHandle.standardError.write(Data("error: \(OwnThread.refusal)\n".utf8))
        exit(71)
    }
}
