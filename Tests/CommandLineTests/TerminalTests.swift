import Foundation
import Testing

/// What a terminal of 80 × 24 characters was sent by a run.
private struct TerminalSession {
    let text: String
    let code: Int32

    // TIOCSPTLCK and TIOCGPTN of ioctl_tty(2).
    private static let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

    init(_ arguments: [String], in folder: RecipeFolder, environment: [String: String]) throws {
        // What posix_openpt, unlockpt and ptsname do, which Foundation does not let through.
        let ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, UInt32) = (0, 0)
        guard ours >= 0, ioctl(ours, Self.setLock, &lock) == 0, ioctl(ours, Self.getNumber, &number) == 0 else { throw POSIXError(.ENODEV) }
        let theirs = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        guard theirs >= 0, ioctl(theirs, UInt(TIOCSWINSZ), &size) == 0 else { throw POSIXError(.ENODEV) }
        let process = Process()
        process.executableURL = Regulus.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(fileDescriptor: theirs, closeOnDealloc: false)
        try process.run()
        close(theirs)
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        // Reading fails once nobody has the other side open any more.
        while case let count = read(ours, &part, part.count), count > 0 { bytes += part.prefix(count) }
        close(ours)
        process.waitUntilExit()
        text = String(decoding: bytes, as: UTF8.self)
        code = process.terminationStatus
    }
}

@Suite("On a terminal")
struct TerminalTests {
    private func session(_ environment: [String: String]) throws -> TerminalSession {
        let folder = try RecipeFolder(("epochs: 2", "epochs: 200"))
        return try TerminalSession(["run", "r.yaml", "--out", "out"], in: folder, environment: ["NO_COLOR": ""].merging(environment) { $1 })
    }

    @Test("a run draws its screen in place, wipes it for the table, and leaves the cursor visible")
    func screen() throws {
        let session = try session(["TERM": "xterm"])
        #expect(session.code == 0)
        let frames = session.text.components(separatedBy: "\u{1B}[?25l").dropFirst()
        #expect(frames.count > 1)
        #expect(frames.allSatisfy { $0.contains("\u{1B}[?25h") })
        #expect(frames.contains { $0.contains("source validation") && $0.contains("\u{1B}[36m") })
        #expect(frames.last?.contains("trials in ") == true)
        #expect(frames.last?.contains("source validation") == false)
    }

    @Test("NO_COLOR is heard") func noColor() throws {
        let session = try session(["TERM": "xterm", "NO_COLOR": "1"])
        #expect(session.text.contains("source validation"))
        #expect(session.text.firstMatch(of: /\x1B\[[0-9;]*m/) == nil)
    }

    @Test("a dumb one gets plain lines") func dumb() throws {
        let session = try session(["TERM": "dumb"])
        #expect(session.code == 0)
        #expect(!session.text.contains("\u{1B}"))
        #expect(session.text.contains(" of "))
    }
}
