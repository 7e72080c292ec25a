import Foundation
import Synchronization

/// A program that is run to its end, with everything it wrote.
package struct ChildProcess: Sendable {
    /// How it ended.
    package enum End: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
        case timeout
    }

    package let end: End
    /// What it wrote to standard output.
    package let output: String
    /// What it wrote to standard error.
    package let messages: String

    /// Runs a program and waits for its end.
    ///
    /// - Parameters:
    ///   - executable: its path.
    ///   - arguments: as it receives them.
    ///   - environment: variables in addition to those of this process.
    ///   - hidden: beginnings of the names of variables that the program must not see.
    ///   - limit: the longest time in seconds, after which it is killed.
    /// - Throws: where it cannot be started.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], hiding hidden: [String] = [], limit: Double
    ) throws -> ChildProcess {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        let inherited = ProcessInfo.processInfo.environment.filter { variable in !hidden.contains { variable.key.hasPrefix($0) } }
        process.environment = inherited.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, messages) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = messages
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        let bytes = Mutex([Data(), Data()])
        let readers = DispatchGroup()
        // Both at once: a pipe that nobody empties stops its writer.
        for (index, pipe) in [output, messages].enumerated() {
            let file = pipe.fileHandleForReading
            DispatchQueue.global().async(group: readers) {
                // Read piece by piece: a grandchild may keep the pipe open for ever, and what has arrived is still wanted.
                while case let piece = file.availableData, !piece.isEmpty { bytes.withLock { $0[index] += piece } }
            }
        }
        let isLate = !waited(atMost: limit) { ended.wait(timeout: .now()) == .success }
        if isLate {
            // Foundation gives a child a process group of its own: what the child has started ends with it. A grandchild that went on would also hold open
            // what Foundation sees the child's end by, and leave it unreaped.
            if kill(-process.processIdentifier, SIGKILL) != 0 { kill(process.processIdentifier, SIGKILL) }
            _ = waited(atMost: 2) { ended.wait(timeout: .now()) == .success }
        }
        // A grandchild may hold the pipes open for longer than anybody wants to wait.
        _ = waited(atMost: 2) { readers.wait(timeout: .now()) == .success }
        let end: End =
            isLate ? .timeout : process.terminationReason == .exit ? .code(process.terminationStatus) : .signal(process.terminationStatus)
        let written = bytes.withLock { $0.map { String(decoding: $0, as: UTF8.self) } }
        return ChildProcess(end: end, output: written[0], messages: written[1])
    }

    /// Waits until something is over. Semaphores wait by the wall clock, which may be set: back by an
    /// hour, and a limit of two minutes would be one of an hour more.
    ///
    /// - Parameter seconds: the longest time, by a clock that nobody sets.
    /// - Returns: whether it is over.
    private static func waited(atMost seconds: Double, until isOver: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !isOver() {
            if ContinuousClock.now >= end { return false }
            usleep(2_000)
        }
        return true
    }
}

/// The folders in which programs are looked for.
package enum SearchPath {
    /// The path of a program that `PATH` leads to; nil where there is none.
    ///
    /// - Parameter folders: the value of `PATH`; an empty entry in it is passed over.
    package static func executable(
        _ name: String, in folders: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    ) -> String? {
        folders.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { path in
            var facts = stat()
            return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        }
    }
}
