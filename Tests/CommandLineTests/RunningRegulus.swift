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
    func outcome() throws -> Regulus.Outcome {
        process.waitUntilExit()
        return Regulus.Outcome(
            code: process.terminationStatus, output: try String(contentsOf: streams.appendingPathComponent("out"), encoding: .utf8),
            messages: try String(contentsOf: streams.appendingPathComponent("err"), encoding: .utf8))
    }

    /// Waits until `condition` holds or the process has ended.
    func wait(until condition: () -> Bool) {
        while process.isRunning, !condition() { usleep(2_000) }
    }
}
