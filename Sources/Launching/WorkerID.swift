/// One worker of one array: what Slurm calls `123_4`.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
    /// The number of the array.
    package let job: Int
    /// The worker's number in it.
    package let worker: Int

    package init(job: Int, worker: Int) {
        self.job = job
        self.worker = worker
    }

    init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: "_", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let job = numbers[0], let worker = numbers[1] else { return nil }
        self.init(job: job, worker: worker)
    }

    package var description: String { "\(job)_\(worker)" }
}
