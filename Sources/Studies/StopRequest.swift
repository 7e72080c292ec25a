import Foundation
import Synchronization
import Training

/// Asks a study to save its running trials and to end. Trials look at it after every step.
package final class StopRequest: Sendable {
    private let asked = Atomic(false)

    package init() {}

    package var isAsked: Bool { asked.load(ordering: .relaxed) }

    package func ask() { asked.store(true, ordering: .relaxed) }
}

extension StopRequest {
    /// The code with which a process ends that was stopped and can go on: `EX_TEMPFAIL` of sysexits.h.
    package static let exitCode: Int32 = 75

    /// What SIGTERM and SIGINT ask, once `listenForSignals` has been called.
    package static let ofProcess = StopRequest()

    /// Lets SIGTERM and SIGINT ask `ofProcess` from now on. A second SIGINT ends the process at once, with code 130.
    package static func listenForSignals() {
        // Made before a handler needs it: a handler must not wait for anything.
        _ = ofProcess
        handle(SIGTERM) { _ in StopRequest.ofProcess.ask() }
        handle(SIGINT) { _ in
            if StopRequest.ofProcess.asked.exchange(true, ordering: .relaxed) { _exit(130) }
        }
    }

    private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        // Calls that a signal interrupts go on by themselves.
        action.sa_flags = Int32(SA_RESTART)
        sigaction(number, &action, nil)
        // A parent that starts processes from a thread of a pool hands down that thread's mask, which blocks everything.
        var numbers = sigset_t()
        sigemptyset(&numbers)
        sigaddset(&numbers, number)
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    }
}
