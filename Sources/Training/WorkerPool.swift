import Foundation
import Synchronization
import Tensors

/// The outcome of a worker's attempt at a job.
package enum JobOutcome: Sendable {
    case done
    /// It cannot be done yet and has to be tried again later.
    case waiting
}

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
        run(
            jobs.map { job in
                {
                    job()
                    return .done
                }
            }, polling: .zero)
    }

    /// Runs all jobs, starting them in order, and returns when the last is done.
    ///
    /// - Parameter polling: wall time after which a waiting job is tried again. It is also tried when another job is done, since that
    ///   may be what it waits for.
    package func run(_ jobs: [@Sendable () -> JobOutcome], polling: Duration) {
        let queue = JobQueue(count: jobs.count, polling: polling)
        let finished = DispatchGroup()
        for _ in 0..<min(workers, jobs.count) {
            finished.enter()
            let thread = Thread {
                Threads.use(threadsPerWorker)
                while let job = queue.next() { queue.didRun(job, jobs[job]()) }
                finished.leave()
            }
            thread.stackSize = 16 << 20
            thread.start()
        }
        finished.wait()
    }

    /// Hands out each job until it is done.
    private final class JobQueue: Sendable {
        private struct Entry {
            let job: Int
            /// By a clock that nobody sets. Conditions wait by the wall clock: where that is set back by an
            /// hour, a worker would wait for an hour.
            var notBefore: ContinuousClock.Instant
        }

        private let polling: Duration
        private let entries: Mutex<[Entry]>
        /// Microseconds for which a worker sleeps while all jobs wait.
        private static let pause: UInt32 = 10_000

        init(count: Int, polling: Duration) {
            self.polling = polling
            let now = ContinuousClock.now
            entries = Mutex((0..<count).reversed().map { Entry(job: $0, notBefore: now) })
        }

        /// The next job, as soon as there is one to try; nil where only jobs are left that others are
        /// working on.
        func next() -> Int? {
            while true {
                let (job, isEmpty) = entries.withLock { entries -> (Int?, Bool) in
                    let now = ContinuousClock.now
                    guard let place = entries.lastIndex(where: { $0.notBefore <= now }) else { return (nil, entries.isEmpty) }
                    return (entries.remove(at: place).job, false)
                }
                if job != nil || isEmpty { return job }
                usleep(Self.pause)
            }
        }

        func didRun(_ job: Int, _ outcome: JobOutcome) {
            let now = ContinuousClock.now
            entries.withLock { entries in
                switch outcome {
                case .done: for place in entries.indices { entries[place].notBefore = now }
                case .waiting: entries.insert(Entry(job: job, notBefore: now + polling), at: 0)
                }
            }
        }
    }
}

/// Values that many threads store, each in its own slot.
package final class Slots<Value: Sendable>: Sendable {
    private let values: Mutex<[Value?]>

    package init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }

    /// - Returns: whether there was none yet.
    @discardableResult
    package func set(_ value: Value, at index: Int) -> Bool {
        values.withLock { values in
            defer { values[index] = value }
            return values[index] == nil
        }
    }

    /// The values that are there, in order.
    package var present: [Value] { values.withLock { $0.compactMap(\.self) } }

    /// All values; nil while one is missing.
    package var complete: [Value]? {
        let present = values.withLock { $0 }
        let values = present.compactMap(\.self)
        return values.count == present.count ? values : nil
    }
}
