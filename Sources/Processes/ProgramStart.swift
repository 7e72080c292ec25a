import Foundation

/// A program that is to be started: its words and variables, the files that it finds open, and whether it heads a group of its own.
///
/// What must not depend on who starts it is the same for all: no signal is blocked, whatever the thread blocks that starts it, and its
/// parent's files get numbers only by being named here.
struct ProgramStart {
    /// What a process finds open under a number.
    enum Source {
        /// What this process has open under a number, which may be any.
        case descriptor(Int32)
        /// A file in which there is nothing to be read.
        case nothing
        /// The end of a file, which is made where there is none.
        case end(of: String)
        /// What the process itself has been given under another number.
        case same(as: Int32)
    }

    let program: String
    /// Without the program's own name.
    let arguments: [String]
    /// All of its variables.
    let environment: [String: String]
    /// The numbers that it finds open, in the order in which they are made. Standard streams that are not named are those of this process.
    var files: [(number: Int32, source: Source)] = []
    /// Whether nothing else is open in it but its standard streams. Otherwise it also has what this process had been handed down itself.
    var isCutOff = false
    /// Whether it heads a process group of its own, which a signal reaches as a whole.
    var leadsGroup = false

    /// Starts it.
    ///
    /// - Returns: its number, for which somebody has to wait.
    /// - Throws: `POSIXError` where it cannot be started.
    func begin() throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Descriptors go out of the way first: each may already have a number that another is to get.
        let first = (files.map(\.number).max() ?? STDERR_FILENO) + 1
        var moved: [Int32] = []
        defer { for descriptor in moved { close(descriptor) } }
        for (_, source) in files {
            guard case .descriptor(let descriptor) = source else { continue }
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, first)
            guard copy >= 0 else { throw POSIXError(number: errno) }
            moved.append(copy)
        }
        var copies = moved.makeIterator()
        for (number, source) in files {
            switch source {
            case .descriptor: if let copy = copies.next() { posix_spawn_file_actions_adddup2(&actions, copy, number) }
            case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDONLY, 0)
            case .end(let path): posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            case .same(let other): posix_spawn_file_actions_adddup2(&actions, other, number)
            }
        }
        if isCutOff {
            let kept = Set(files.map(\.number))
            for descriptor in Self.openDescriptors where descriptor > STDERR_FILENO && !kept.contains(descriptor) {
                posix_spawn_file_actions_addclose(&actions, descriptor)
            }
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A thread of a pool blocks signals, and would hand that down.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | (leadsGroup ? POSIX_SPAWN_SETPGROUP : 0)))

        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let code = posix_spawn(&id, program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw POSIXError(number: code) }
        return id
    }

    /// The numbers of the files that this process has open.
    private static var openDescriptors: [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
    }
}

/// How a child process ended, as the system tells it.
enum ProcessEnd: Equatable {
    case code(Int32)
    case signal(Int32)

    /// - Parameters:
    ///   - id: a child's number, which is free for others once this returns how it ended.
    ///   - waiting: whether to wait for its end.
    /// - Returns: nil while it runs.
    /// - Throws: `POSIXError` where it is no child of this process (any more).
    static func of(_ id: pid_t, waiting: Bool = false) throws -> ProcessEnd? {
        var status: Int32 = 0
        while true {
            let found = waitpid(id, &status, waiting ? 0 : WNOHANG)
            if found == 0 { return nil }
            if found == id { break }
            if errno != EINTR { throw POSIXError(number: errno) }
        }
        return status & 0x7F != 0 ? .signal(status & 0x7F) : .code(status >> 8 & 0xFF)
    }
}

extension POSIXError {
    /// - Parameter number: as in `errno`.
    init(number: Int32) { self.init(POSIXErrorCode(rawValue: number) ?? .EIO) }
}
