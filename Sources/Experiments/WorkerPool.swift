import Foundation
import Synchronization
import Tensors

/// Runs independent jobs on a fixed number of threads, each with its share of the cores.
///
/// Small models gain more from several trials side by side, each on one core, than from one trial on several cores. Jobs get
/// threads of their own, because the number of threads that the libraries below may use belongs to the calling thread.
package struct WorkerPool: Sendable {
    package let workers: Int
    package let threadsPerWorker: Int

    package init(workers: Int, threadsPerWorker: Int) {
        require(workers >= 1 && threadsPerWorker >= 1, "\(workers) workers with \(threadsPerWorker) threads cannot work")
        self.workers = workers
        self.threadsPerWorker = threadsPerWorker
    }

    /// Runs all jobs, starting them in order, and returns when the last has ended.
    package func run(_ jobs: [@Sendable () -> Void]) {
        let queue = JobQueue(jobs)
        let finished = DispatchGroup()
        for _ in 0..<min(workers, jobs.count) {
            finished.enter()
            let thread = Thread {
                Threads.use(threadsPerWorker)
                while let job = queue.next() { job() }
                finished.leave()
            }
            thread.stackSize = 16 << 20
            thread.start()
        }
        finished.wait()
    }

    /// Hands out each job once.
    private final class JobQueue: Sendable {
        private let jobs: [@Sendable () -> Void]
        private let position = Mutex(0)

        init(_ jobs: [@Sendable () -> Void]) { self.jobs = jobs }

        func next() -> (@Sendable () -> Void)? {
            position.withLock { position in
                guard position < jobs.count else { return nil }
                defer { position += 1 }
                return jobs[position]
            }
        }
    }
}
