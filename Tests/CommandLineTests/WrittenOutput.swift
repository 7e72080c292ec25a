import Foundation
import TestSupport

/// What a started program writes, in files: nobody has to read along, as with pipes.
final class WrittenOutput: Sendable {
    private let folder: TemporaryFolder

    /// - Parameter process: has not been started yet.
    init(of process: Process) throws {
        folder = try TemporaryFolder()
        for name in ["out", "err"] { try Data().write(to: folder.url.appendingPathComponent(name)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: folder.url.appendingPathComponent("out"))
        process.standardError = try FileHandle(forWritingTo: folder.url.appendingPathComponent("err"))
    }

    /// What it has written, with the code that it ended with.
    func outcome(code: Int32) throws -> Regulus.Outcome {
        Regulus.Outcome(
            code: code, output: try String(contentsOf: folder.url.appendingPathComponent("out"), encoding: .utf8),
            messages: try String(contentsOf: folder.url.appendingPathComponent("err"), encoding: .utf8))
    }
}
