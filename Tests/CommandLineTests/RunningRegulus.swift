import Foundation

/// A run that goes on while a test does something to it.
final class RunningRegulus {
    private let process: Process
    private let written: WrittenOutput

    init(_ arguments: [String], in folder: RecipeFolder, environment: [String: String] = [:]) throws {
        process = Regulus.process(arguments, in: folder, environment: environment)
        written = try WrittenOutput(of: process)
        try process.run()
    }

    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for the end.
    ///
    /// Foundation learns of the end from a descriptor that programs below the process inherit, so it would wait for one that is left behind, which some
    /// tests look for. So it is the system that is asked, and Foundation only for the exit code, which it may have taken already.
    func outcome() throws -> Regulus.Outcome {
        var facts = siginfo_t()
        while waitid(P_PID, id_t(process.processIdentifier), &facts, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        for _ in 0..<500 where process.isRunning { usleep(10_000) }
        let code = process.isRunning ? Int32(facts._sifields._sigchld.si_status) : process.terminationStatus
        return try written.outcome(code: code)
    }

    /// Waits until `condition` holds or the process has ended.
    func wait(until condition: () -> Bool) {
        while process.isRunning, !condition() { usleep(2_000) }
    }
}
