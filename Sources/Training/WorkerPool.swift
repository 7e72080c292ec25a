import Foundation
import Processes
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
    /// The size of the stack of each thread, in bytes.
    var stack = 16 << 20

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
    /// - Parameter polling: wall time after which a waiting job is tried again. It is also tried soon after another job is done, since
    ///   that may be what it waits for.
    package func run(_ jobs: [@Sendable () -> JobOutcome], polling: Duration) {
        let queue = JobQueue(count: jobs.count, polling: polling)
        let finished = DispatchGroup()
        let work = { @Sendable in
            Threads.use(threadsPerWorker)
            while let job = queue.next() { queue.didRun(job, jobs[job]()) }
        }
        var started = 0
        for _ in 0..<min(workers, jobs.count) {
            finished.enter()
            let isStarted = OwnThread.start(stack: stack) {
                work()
                finished.leave()
            }
            if isStarted { started += 1 } else { finished.leave() }
        }
        if started == 0 {
            // The system refuses every thread: this one does what can be done.
            let before = Threads.current
            work()
            Threads.use(before)
        }
        finished.wait()
    }

    /// Hands out each job until it is done.
    private final class JobQueue: Sendable {
        private struct Waiting {
            let job: Int
            /// When it was last tried.
            let tried: ContinuousClock.Instant
            /// By a clock that nobody sets. Conditions wait by the wall clock: where that is set back by an
            /// hour, a worker would wait for an hour.
            var notBefore: ContinuousClock.Instant
        }

        private struct Jobs {
            /// Those that have not been tried yet, the first one last.
            var fresh: [Int]
            /// Those that have to be tried again, in the order in which they were tried.
            var waiting: [Waiting] = []
            /// How many jobs are done.
            var done = 0
            /// For each job that a worker has, how many were done when it took it.
            var taken: [Int: Int] = [:]

            mutating func take(_ job: Int) -> Int {
                taken[job] = done
                return job
            }
        }

        private let polling: Duration
        /// How long a waiting job is left alone, whatever is done meanwhile: of ten thousand that wait for other processes, not all are
        /// tried again for each one that is done.
        private let rest: Duration
        private let jobs: Mutex<Jobs>
        /// Microseconds for which a worker sleeps while all jobs wait.
        private static let pause: UInt32 = 10_000

        init(count: Int, polling: Duration) {
            self.polling = polling
            rest = min(polling / 20, .milliseconds(100))
            jobs = Mutex(Jobs(fresh: (0..<count).reversed()))
        }

        /// The next job, as soon as there is one to try; nil where only jobs are left that others are
        /// working on.
        func next() -> Int? {
            while true {
                let (job, isEmpty) = jobs.withLock { jobs -> (Int?, Bool) in
                    if let job = jobs.fresh.popLast() { return (jobs.take(job), false) }
                    let now = ContinuousClock.now
                    guard let place = jobs.waiting.firstIndex(where: { $0.notBefore <= now }) else { return (nil, jobs.waiting.isEmpty) }
                    return (jobs.take(jobs.waiting.remove(at: place).job), false)
                }
                if job != nil || isEmpty { return job }
                usleep(Self.pause)
            }
        }

        func didRun(_ job: Int, _ outcome: JobOutcome) {
            let now = ContinuousClock.now
            jobs.withLock { jobs in
                let before = jobs.taken.removeValue(forKey: job) ?? jobs.done
                switch outcome {
                case .done:
                    jobs.done += 1
                    for place in jobs.waiting.indices {
                        jobs.waiting[place].notBefore = min(jobs.waiting[place].notBefore, max(now, jobs.waiting[place].tried + rest))
                    }
                case .waiting:
                    // What it waits for may have been done while it looked.
                    jobs.waiting.append(Waiting(job: job, tried: now, notBefore: now + (jobs.done > before ? rest : polling)))
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
