import Foundation
import Testing

@testable import Processes

@Suite("What is below a process") struct DescendantsTests {
    @Test("ends with it, though other threads go on starting programs until then")
    func endWithThisProcess() async throws {
        await #expect(processExitsWith: .exitCode(7)) {
            // Threads that block every signal are among those that have to be held up: those of Swift's own pool do.
            Descendants.adopt()
            for _ in 0..<3 {
                Thread.detachNewThread {
                    while true {
                        // Out of its session and its process group, as programs go that mean to stay; but not for ever, should this test fail.
                        if let shell = popen("setsid sleep 61.7 >/dev/null 2>&1 </dev/null &", "r") { pclose(shell) }
                    }
                }
            }
            while Descendants.children.isEmpty { usleep(1_000) }
            Descendants.endWithThisProcess(code: 7)
        }
        let left = try ChildProcess.run("/usr/bin/env", ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 61[.]7'"], limit: 20)
        #expect(left.output == "0\n", "\(left.messages)")
    }

    @Test("is found, whatever its name is")
    func children() throws {
        let child = try ProgramStart(program: "/bin/sh", arguments: ["-c", "exec sleep 100"], environment: [:]).begin()
        #expect(Descendants.children.contains(child))
        kill(child, SIGKILL)
        #expect(try ProcessEnd.of(child, waiting: true) == .signal(SIGKILL))
        #expect(!Descendants.children.contains(child))
    }
}
