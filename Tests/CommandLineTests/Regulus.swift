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
        let process = Self.process(arguments, in: folder, environment: environment)
        let written = try WrittenOutput(of: process)
        try Self.runToEnd(process)
        return try written.outcome(code: process.terminationStatus)
    }

    /// A process of it that has not been started yet.
    ///
    /// - Parameter environment: variables besides those of the tests.
    static func process(_ arguments: [String], in folder: RecipeFolder, environment: [String: String] = [:]) -> Process {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        return process
    }

    /// Starts it with `--json` and kills it, without warning, once `trials` trials have ended.
    func runAndKill(after trials: Int, _ arguments: [String]) async throws {
        let process = Self.process(arguments + ["--json"], in: folder)
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
