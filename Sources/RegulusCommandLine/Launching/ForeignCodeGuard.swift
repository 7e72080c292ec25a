import ArgumentParser
import Foundation
import PluginLibraries
import Processes

/// Runs a command that loads plug-in libraries once more, in a process of its own, and ends as that does.
///
/// A library may end the process with exit code 0, and nobody would know that the command has not been done. So the process that a user started
/// never loads any: it waits, hands signals on, and tells an end of the other that was not its own decision.
enum ForeignCodeGuard {
    /// The role of a process that runs a whole command.
    static let role = "command"

    /// To be called before a library is loaded. Returns in the process that may load it, and never in the other.
    ///
    /// - Throws: `CommandFault` where the program cannot start itself.
    static func enter() throws {
        guard ParentLink.role == nil else { return }
        let child: WatchedChild
        do {
            child = try WatchedChild(Array(CommandLine.arguments.dropFirst()), role: role)
        } catch {
            throw CommandFault.failure("error: the program cannot start itself to load plug-ins: \(error.localizedDescription)")
        }
        Self.child = child
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGXCPU] { handOn(number) }
        let end = child.end(waiting: true) ?? .exited(code: -1)
        let place = child.call.map { " in \($0.hook) of '\($0.component)'" } ?? ""
        switch end {
        case .ended(let code): throw ExitCode(code)
        // A second SIGINT ends it at once.
        case .exited(code: 130): throw ExitCode(130)
        case .exited(let code): throw CommandFault.failure("error: a plug-in ended the program with exit code \(code)\(place)\(kept)")
        case .crashed(let signal):
            throw CommandFault.failure("error: the program crashed\(place) (\(String(cString: strsignal(signal)))) with plug-ins loaded\(kept)")
        }
    }

    private static let kept = "\nWhat was finished or saved before is kept."

    /// Unsafe only in name: it is set once, before the handlers that read it.
    nonisolated(unsafe) private static var child: WatchedChild?

    private static func handOn(_ number: Int32) {
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = { number, info, _ in
            // What a terminal sends, it sends to both.
            guard let code = info?.pointee.si_code, code <= 0, let child = ForeignCodeGuard.child else { return }
            kill(child.id, number)
        }
        action.sa_flags = Int32(SA_RESTART) | Int32(SA_SIGINFO)
        sigaction(number, &action, nil)
    }
}
