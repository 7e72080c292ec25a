import Foundation

/// A program that is run to its end, with everything it wrote.
///
/// It is started and waited for by the system's own calls. Foundation's `Process` learns of a child's end through a network socket of this
/// machine, so that it waits forever where there is no network at all, not even the loopback device, as in some containers.
package struct ChildProcess: Sendable {
    /// How it ended.
    package enum End: Equatable, Sendable {
        case code(Int32)
        case signal(Int32)
        case timeout

        init(_ end: ProcessEnd) {
            switch end {
            case .code(let code): self = .code(code)
            case .signal(let signal): self = .signal(signal)
            }
        }
    }

    package let end: End
    /// What it wrote to standard output.
    package let output: String
    /// What it wrote to standard error.
    package let messages: String

    /// How much is kept of either stream, in bytes; what a program writes beyond that is read and forgotten.
    private static let outputLimit = 64 << 20
    /// How long to wait, in seconds, for a killed program to end, and for streams that a grandchild holds open.
    private static let grace = 2.0

    /// Runs a program and waits for its end. Its standard input is empty, and no file that this process has open is handed down.
    ///
    /// - Parameters:
    ///   - executable: its path.
    ///   - arguments: as it receives them.
    ///   - environment: variables in addition to those of this process.
    ///   - hidden: beginnings of the names of variables that the program must not see.
    ///   - limit: the longest time in seconds, after which it is killed, and with it what it has started.
    /// - Throws: `POSIXError` where it cannot be started.
    package static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], hiding hidden: [String] = [], limit: Double
    ) throws -> ChildProcess {
        let inherited = ProcessInfo.processInfo.environment.filter { variable in !hidden.contains { variable.key.hasPrefix($0) } }
        var streams: [Stream] = []
        defer { for stream in streams { stream.close() } }
        for _ in 0..<2 { streams.append(try Stream()) }
        var start = ProgramStart(program: executable, arguments: arguments, environment: inherited.merging(environment) { $1 })
        start.files = [
            (STDIN_FILENO, .nothing), (STDOUT_FILENO, .descriptor(streams[0].writing)), (STDERR_FILENO, .descriptor(streams[1].writing)),
        ]
        (start.isCutOff, start.leadsGroup) = (true, true)
        let id = try start.begin()
        for index in streams.indices { streams[index].closeWriting() }

        var deadline = ContinuousClock.now + .seconds(limit)
        var (end, isLate): (End?, Bool) = (nil, false)
        while end == nil || streams.contains(where: { !$0.hasEnded }) {
            // The streams of a program that ends are closed by that, which ends this waiting at once.
            Stream.read(&streams, waiting: 5, keeping: outputLimit)
            if end == nil, let found = try ProcessEnd.of(id) {
                end = End(found)
                deadline = .now + .seconds(grace)
            }
            guard ContinuousClock.now >= deadline else { continue }
            if end != nil || isLate { break }
            isLate = true
            // It leads a process group of its own, so that what it has started ends with it.
            if kill(-id, SIGKILL) != 0 { kill(id, SIGKILL) }
            deadline = .now + .seconds(grace)
        }
        let written = streams.map { String(decoding: $0.bytes, as: UTF8.self) }
        return ChildProcess(end: isLate ? .timeout : end ?? .timeout, output: written[0], messages: written[1])
    }

    /// A pipe from the child, and what has come out of it.
    private struct Stream {
        private var reading: Int32
        private(set) var writing: Int32
        private(set) var bytes = Data()

        init() throws {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw POSIXError(number: errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (reading, writing) = (ends[0], ends[1])
        }

        /// Whether nothing can come any more.
        var hasEnded: Bool { reading < 0 }

        mutating func closeWriting() {
            Glibc.close(writing)
            writing = -1
        }

        func close() {
            for end in [reading, writing] where end >= 0 { Glibc.close(end) }
        }

        /// Takes what is there. Both streams at once: a pipe that nobody empties stops its writer.
        ///
        /// - Parameters:
        ///   - waiting: how long to wait for something, in milliseconds.
        ///   - limit: how much of each is kept.
        static func read(_ streams: inout [Stream], waiting: Int32, keeping limit: Int) {
            // A negative descriptor is passed over.
            var polled = streams.map { pollfd(fd: $0.reading, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), waiting) > 0 else { return }
            for index in streams.indices where polled[index].revents != 0 { streams[index].take(keeping: limit) }
        }

        private mutating func take(keeping limit: Int) {
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            let count = Glibc.read(reading, &piece, piece.count)
            if count > 0 {
                bytes.append(contentsOf: piece.prefix(min(count, max(0, limit - bytes.count))))
            } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
                Glibc.close(reading)
                reading = -1
            }
        }
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
