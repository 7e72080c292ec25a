import Foundation

/// What a signal does to this process.
package enum SignalAction: Sendable {
    /// What the system does, which ends the process for most signals.
    case byDefault
    case nothing
    /// A function of this process is called.
    case handler

    /// What is called in the middle of whatever a thread is doing, so that it may neither allocate nor wait: with the signal's number, and what is known
    /// of where it came from.
    package typealias Handler = @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

    /// What a signal does now.
    package static func present(of signal: Int32) -> SignalAction {
        var action = sigaction()
        guard sigaction(signal, nil, &action) == 0 else { return .byDefault }
        // SIG_DFL is 0 and SIG_IGN is 1, as function pointers.
        return switch unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) {
        case 0: .byDefault
        case 1: .nothing
        default: .handler
        }
    }

    /// Lets a signal call a function from now on, and lets it through to this thread and those that it starts. A signal that the parent has set to be
    /// ignored (`nohup`, a shell's `&`) stays ignored.
    package static func handle(_ signal: Int32, with handler: @escaping Handler) {
        guard present(of: signal) != .nothing else { return }
        var action = sigaction()
        action.__sigaction_handler.sa_sigaction = handler
        // Calls that the signal interrupts go on by themselves.
        action.sa_flags = Int32(SA_RESTART) | Int32(SA_SIGINFO)
        sigaction(signal, &action, nil)
        // A parent that starts processes from a thread of a pool hands down that thread's mask, which blocks everything.
        var numbers = sigset_t()
        sigemptyset(&numbers)
        sigaddset(&numbers, signal)
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    }
}
