import Foundation
import Synchronization
import Testing

@testable import Training
@testable import TrainingSupport

@Suite("Jobs side by side")
struct WorkerPoolTests {
    @Test("every job runs once, whatever the number of workers", arguments: [1, 2, 7])
    func once(_ workers: Int) {
        let runs = Mutex([Int](repeating: 0, count: 20))
        WorkerPool(workers: workers, threadsPerWorker: 1).run((0..<20).map { job in { runs.withLock { $0[job] += 1 } } })
        #expect(runs.withLock(\.self) == Array(repeating: 1, count: 20))
    }

    @Test("where the system refuses every thread, the calling one does all jobs")
    func refused() {
        let runs = Mutex([Int](repeating: 0, count: 5))
        var pool = WorkerPool(workers: 3, threadsPerWorker: 1)
        // No machine has room for such stacks.
        pool.stack = 1 << 60
        pool.run((0..<5).map { job in { runs.withLock { $0[job] += 1 } } })
        #expect(runs.withLock(\.self) == Array(repeating: 1, count: 5))
    }

    @Test("no jobs are no work")
    func none() {
        WorkerPool(workers: 2, threadsPerWorker: 1).run([])
    }

    @Test("a job that waits for another is tried again once that is done, however rarely others are looked at", arguments: [1, 3])
    func waiting(_ workers: Int) {
        let isReady = Mutex(false)
        let tries = Mutex(0)
        WorkerPool(workers: workers, threadsPerWorker: 1).run(
            [
                {
                    tries.withLock { $0 += 1 }
                    return isReady.withLock(\.self) ? .done : .waiting
                },
                {
                    while tries.withLock(\.self) == 0 { usleep(1_000) }
                    isReady.withLock { $0 = true }
                    return .done
                },
            ], polling: .seconds(86_400))
        #expect(tries.withLock(\.self) == 2)
    }
}
