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
        while ContinuousClock.now < end {
            let children = children.subtracting(spared)
            if children.isEmpty { return }
            for child in children { kill(child, SIGKILL) }
            for child in children { waitpid(child, nil, WNOHANG) }
            usleep(1_000)
        }
    }

    /// Ends this process, and before that everything below it.
    ///
    /// All other threads of this process stop first, for one of them might start a program between the last look and the end. So nothing that takes a
    /// lock or memory may come after, and nothing does: buffers are not written out.
    package static func endWithThisProcess(code: Int32) -> Never {
        regulus_end_with_all_below(code)
        _exit(code)
    }

    /// The children of this process, also those that have ended and that nobody has waited for; some of them where there are over a thousand.
    static var children: Set<pid_t> {
        Set([pid_t](unsafeUninitializedCapacity: 1024) { numbers, count in count = Int(regulus_children(numbers.baseAddress, 1024)) })
    }
}
