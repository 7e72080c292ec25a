import Foundation
import Processes
import Synchronization
import Training

/// Asks a study to save its running trials and to end. Trials check it after every step.
package final class StopRequest: Sendable {
    private let asked = Atomic(false)

    package init() {}

    package var isAsked: Bool { asked.load(ordering: .relaxed) }

    package func ask() { asked.store(true, ordering: .relaxed) }
}

extension StopRequest {
    /// The exit code of a process that was stopped and can be continued: `EX_TEMPFAIL` of sysexits.h.
    package static let exitCode: Int32 = 75

    /// The request that signals make, once `listenForSignals` has been called.
    package static let ofProcess = StopRequest()

    /// Lets the signals by which a process is asked to end ask `ofProcess` from now on: SIGTERM and
    /// SIGINT, a closed terminal's SIGHUP, a closed pipe's SIGPIPE, SIGXCPU when a limit on processor
    /// time is near, and SIGUSR1, by which Slurm warns of a time limit.
    ///
    /// A second SIGINT ends the process at once, with code 130. A signal that the parent has set to be ignored (`nohup`, a shell's `&`)
    /// stays ignored.
    package static func listenForSignals() {
        // Made before a handler needs it: a handler must not wait for anything.
        _ = ofProcess
        for number in [SIGTERM, SIGHUP, SIGPIPE, SIGXCPU, SIGUSR1] { SignalAction.handle(number) { _, _, _ in StopRequest.ofProcess.ask() } }
        SignalAction.handle(SIGINT) { _, _, _ in
            if StopRequest.ofProcess.asked.exchange(true, ordering: .relaxed) { _exit(130) }
        }
    }
}
