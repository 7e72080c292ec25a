import Dispatch
import Foundation
import Processes
import Synchronization
import Testing

@Suite("Threads of this process") struct OwnThreadTests {
    @Test("A thread does its work and ends")
    func work() {
        let hasRun = DispatchSemaphore(value: 0)
        #expect(OwnThread.start(stack: 1 << 16) { hasRun.signal() })
        hasRun.wait()
    }

    @Test("A further thread is granted here, and none is left of asking")
    func granted() throws {
        func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count }
        let before = try count()
        for _ in 0..<100 { #expect(OwnThread.isGranted) }
        // Other tests start threads meanwhile, but not a hundred.
        #expect(try count() < before + 100)
    }

    @Test("Where the system refuses a thread, whoever asked is told, and nothing runs or is kept")
    func refusal() {
        final class Kept: Sendable {}
        let runs = Mutex(0)
        weak var kept: Kept?
        do {
            let held = Kept()
            kept = held
            // No machine has room for such a stack.
            #expect(!OwnThread.start(stack: 1 << 60) { runs.withLock { $0 += withExtendedLifetime(held) { 1 } } })
        }
        #expect(kept == nil && runs.withLock { $0 } == 0)
    }
}
