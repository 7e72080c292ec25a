import Foundation
import Testing

@testable import Processes

@Suite("Programs that are run to their end")
struct ChildProcessTests {
    private func shell(_ script: String, environment: [String: String] = [:], hiding hidden: [String] = [], limit: Double = 60) throws
        -> ChildProcess
    {
        try ChildProcess.run("/bin/sh", ["-c", script], environment: environment, hiding: hidden, limit: limit)
    }

    @Test("what a program writes is kept apart by stream, with the code that it ends with")
    func output() throws {
        let child = try shell("echo out; echo err >&2; exit 7")
        #expect(child.end == .code(7) && child.output == "out\n" && child.messages == "err\n")
    }

    @Test("more output than a pipe holds stops neither side")
    func longOutput() throws {
        let child = try shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; echo x >&2; i=$((i+1)); done")
        #expect(child.end == .code(0) && child.output.utf8.count == 3000 * 41 && child.messages.utf8.count == 6000)
    }

    @Test("the signal that ended a program is told")
    func signal() throws {
        #expect(try shell("kill -KILL $$").end == .signal(SIGKILL))
    }

    @Test("a program that runs for too long is killed, also where a grandchild holds its output open")
    func timeout() throws {
        let late = try shell("sleep 300 & echo $!; wait", limit: 0.5)
        #expect(late.end == .timeout)
        // What it started has ended with it.
        let grandchild = try #require(pid_t(late.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        var isAlive = true
        for _ in 0..<100 where isAlive {
            let state = (try? String(contentsOfFile: "/proc/\(grandchild)/stat", encoding: .utf8)) ?? ""
            isAlive = !(state.isEmpty || state.contains(") Z "))
            if isAlive { usleep(20_000) }
        }
        #expect(!isAlive)
        #expect(try shell("sleep 30 & echo early; exit 3", limit: 20).output == "early\n")
    }

    @Test("variables are added to the environment, and those with a hidden beginning are not handed down")
    func environment() throws {
        setenv("REGULUS_TEST_HIDDEN_ONE", "seen", 1)
        defer { unsetenv("REGULUS_TEST_HIDDEN_ONE") }
        let script = "echo \"[$REGULUS_TEST_HIDDEN_ONE][$ADDED]\""
        #expect(try shell(script, environment: ["ADDED": "a b"]).output == "[seen][a b]\n")
        #expect(try shell(script, hiding: ["REGULUS_TEST_HIDDEN"]).output == "[][]\n")
    }

    @Test("no file that this process has open is handed down, and no signal is blocked")
    func inheritance() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        // 3 is the folder that is being listed.
        #expect(try shell("ls /proc/self/fd").output == "0\n1\n2\n3\n")
        #expect(try shell("grep SigBlk /proc/self/status").output.split(separator: "\t").last == "0000000000000000\n")
    }

    @Test("standard input is empty, and a program that is not there throws")
    func edges() throws {
        #expect(try shell("cat").output == "")
        #expect(throws: (any Error).self) { try ChildProcess.run("/nonexistent/program", [], limit: 1) }
    }
}

@Suite("Where programs are looked for")
struct SearchPathTests {
    @Test("the first folder that holds an executable file of the name wins; folders and plain files do not count")
    func order() throws {
        let base = FileManager.default.temporaryDirectory.appendingPathComponent("regulus-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: base) }
        for folder in ["plain", "folder/tool", "good", "later"] {
            try FileManager.default.createDirectory(atPath: "\(base)/\(folder)", withIntermediateDirectories: true)
        }
        for (folder, mode) in [("plain", 0o644), ("good", 0o755), ("later", 0o755)] {
            #expect(FileManager.default.createFile(atPath: "\(base)/\(folder)/tool", contents: Data(), attributes: [.posixPermissions: mode]))
        }
        let path = "\(base)/none::\(base)/plain:\(base)/folder:\(base)/good:\(base)/later"
        #expect(SearchPath.executable("tool", in: path) == "\(base)/good/tool")
        #expect(SearchPath.executable("other", in: path) == nil)
        #expect(SearchPath.executable("tool", in: "") == nil)
    }
}
