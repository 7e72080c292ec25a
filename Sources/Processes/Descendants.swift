internal import CProcesses
import Foundation

/// The processes that were started below this one by code that is not Regulus's own.
///
/// A plug-in may start programs and leave them behind: its process ends, the programs go on, and take
/// processors and memory that nobody accounts for. So a process into which plug-ins are loaded, and
/// each one above it, adopts what is left behind below it, and ends it when it ends itself.
package enum Descendants {
    /// The longest time that ending them may take, in seconds. What cannot be ended until then waits for
    /// a device, and ends as soon as that answers.
    private static let patience = 2.0

    /// Makes this process the parent of every process below it whose parent ends, from now on.
    ///
    /// To be called before foreign code runs below this process. Programs that Regulus itself starts are
    /// not told apart from others: none may be meant to outlive this process.
    package static func adopt() { _ = regulus_adopt_orphans() }

    /// Ends all children of this process, and theirs, which become children of this one.
    ///
    /// - Parameter spared: the numbers of children that go on, with everything below them.
    package static func end(sparing spared: Set<Int32> = []) {
        let end = ContinuousClock.now + .seconds(patience)
        var looksWithoutAny = 0
        // One look may come between a child that starts another one and ends, and its own child.
        while looksWithoutAny < 2, ContinuousClock.now < end {
            let children = children.subtracting(spared)
            looksWithoutAny = children.isEmpty ? looksWithoutAny + 1 : 0
            for child in children { kill(child, SIGKILL) }
            for child in children { waitpid(child, nil, WNOHANG) }
            usleep(1_000)
        }
    }

    /// Ends this process, and before that everything below it.
    ///
    /// None of its threads can start a program any more from here on: one that did between the last look and the end would leave it behind.
    package static func endWithThisProcess(code: Int32) -> Never {
        // Where the system cannot refuse it, what is left is that moment.
        _ = regulus_refuse_processes()
        end()
        _exit(code)
    }

    /// The children of this process, also those that have ended and that nobody has waited for.
    static var children: Set<pid_t> {
        let own = getpid()
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return [] }
        return Set(names.compactMap { pid_t($0) }.filter { parent(of: $0) == own })
    }

    /// Nil where there is no such process (any more).
    private static func parent(of process: pid_t) -> pid_t? {
        // `number (name) state parent …`, and the name may hold anything.
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) : nil
    }
}
