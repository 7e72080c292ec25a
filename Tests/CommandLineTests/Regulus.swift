import Foundation

/// The program as a child process, as a user starts it.
struct Regulus {
    struct Outcome: Sendable {
        let code: Int32
        let output: String
        let messages: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Where it runs; relative paths count from here.
    let folder: RecipeFolder

    /// The built program lies beside the test bundle.
    static var executable: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("regulus")
    }

    /// Runs it to its end.
    func callAsFunction(_ arguments: String...) async throws -> Outcome { try await run(arguments) }

    /// - Parameter environment: variables besides those of the tests.
    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files, not pipes: nobody has to read along.
        let streams = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-streams-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: streams, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: streams) }
        let (output, messages) = (streams.appendingPathComponent("out"), streams.appendingPathComponent("err"))
        for file in [output, messages] { try Data().write(to: file) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: messages)
        try Self.runToEnd(process)
        return Outcome(
            code: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
            messages: try String(contentsOf: messages, encoding: .utf8))
    }

    /// Starts it with `--json` and kills it, without warning, once `trials` trials have ended.
    func runAndKill(after trials: Int, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments + ["--json"]
        process.currentDirectoryURL = folder.url
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        try Self.runToEnd(process) {
            var text = ""
            while text.split(separator: "\n").count(where: { $0.contains("\"event\":\"trial\"") }) < trials {
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
            }
            kill(process.processIdentifier, SIGKILL)
        }
    }

    /// Waits for a process in the thread of the test.
    ///
    /// A test that is suspended instead makes room for the next one, which starts its own process: all of them would run at once, and a test would go on
    /// only after all that wait before it, however long its processes keep the machine busy meanwhile.
    /// - Parameter whileRunning: called once it has been started.
    private static func runToEnd(_ process: Process, whileRunning: () -> Void = {}) throws {
        let end = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in end.signal() }
        try process.run()
        whileRunning()
        end.wait()
    }
}
