import Dispatch
import Processes
import Synchronization
import Testing

@Suite("What is done by a clock") struct PeriodicTaskTests {
    @Test("it is done again and again, and not once more after it was canceled") func again() {
        let (queue, turns) = (DispatchQueue(label: "regulus.tests"), DispatchSemaphore(value: 0))
        let task = PeriodicTask(on: queue, every: .milliseconds(1)) { turns.signal() }
        for _ in 0..<3 { turns.wait() }
        queue.sync { task.cancel() }
        while turns.wait(timeout: .now()) == .success {}
        #expect(turns.wait(timeout: .now() + .milliseconds(30)) == .timedOut)
    }

    @Test("it ends with the last one who holds it") func letGo() {
        final class Witness: Sendable {
            let end: DispatchSemaphore
            init(_ end: DispatchSemaphore) { self.end = end }
            deinit { end.signal() }
        }
        let end = DispatchSemaphore(value: 0)
        var task: PeriodicTask? = {
            let witness = Witness(end)
            return PeriodicTask("regulus.tests", every: .seconds(3600), after: .seconds(3600)) { withExtendedLifetime(witness) {} }
        }()
        #expect(end.wait(timeout: .now()) == .timedOut && task != nil)
        task = nil
        #expect(end.wait(timeout: .now() + .seconds(60)) == .success)
    }
}
