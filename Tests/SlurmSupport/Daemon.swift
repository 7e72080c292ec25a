import Foundation

/// A process that runs until it is killed.
///
/// Not Foundation's `Process`: that sees a program's end by a descriptor which daemons close when they start, and then waits for them
/// before it sees the end of any other.
final class Daemon {
    private let process: pid_t

    /// - Throws: `SlurmCluster.Fault` where it cannot be started.
    init(_ program: String, _ arguments: [String], environment: [String: String]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY, 0)
        }
        // What other processes of this one wait by is not the daemon's to keep open.
        for descriptor in 3..<min(getdtablesize(), 1024) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process = pid_t()
        let code = posix_spawn(&process, program, &actions, nil, &words, &variables)
        guard code == 0 else { throw SlurmCluster.Fault(description: "\(program) does not start: \(String(cString: strerror(code)))") }
        self.process = process
    }

    /// Kills it, and waits for its end.
    func kill() {
        Foundation.kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
    }
}
