import Foundation

/// A run that goes on while a test does something to it.
final class RunningRegulus {
    private let process = Process()
    private let streams: URL

    init(_ arguments: [String], in folder: RecipeFolder, environment: [String: String] = [:]) throws {
        streams = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-streams-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: streams, withIntermediateDirectories: true)
        for name in ["out", "err"] { try Data().write(to: streams.appendingPathComponent(name)) }
        process.executableURL = Regulus.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: streams.appendingPathComponent("out"))
        process.standardError = try FileHandle(forWritingTo: streams.appendingPathComponent("err"))
        try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: streams) }

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
        return Regulus.Outcome(
            code: code, output: try String(contentsOf: streams.appendingPathComponent("out"), encoding: .utf8),
            messages: try String(contentsOf: streams.appendingPathComponent("err"), encoding: .utf8))
    }

    /// Waits until `condition` holds or the process has ended.
    func wait(until condition: () -> Bool) {
        while process.isRunning, !condition() { usleep(2_000) }
    }
}
