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

    @Test("no jobs are no work")
    func none() {
        WorkerPool(workers: 2, threadsPerWorker: 1).run([])
    }
}
