import Foundation
import Persistence
import Processes

/// The folder inside a run folder that holds everything about submitted workers.
///
/// ```
/// worker.sh            the script of each worker
/// array.json           which workers were submitted: ArrayRecord
/// <array>_<worker>.log what a worker printed
/// <worker>.json        its progress
/// ```
package struct LaunchFolder: Hashable, Sendable {
    package let path: String

    package init(_ url: URL) { path = url.path }

    package var script: String { "\(path)/worker.sh" }
    package var record: String { "\(path)/array.json" }
    package func log(_ id: WorkerID) -> String { "\(path)/\(id).log" }
    package func progress(_ worker: Int) -> String { "\(path)/\(worker).json" }

    /// The last lines that a worker printed, indented; nil where it printed nothing.
    package func excerpt(_ id: WorkerID, lines count: Int = 4) -> String? {
        let lines = PrintedLines.last(count, ofFile: log(id))
        return lines.isEmpty ? nil : lines.map { "  \($0)" }.joined(separator: "\n")
    }
}

/// Why a scheduler cannot be used, or refuses a request.
package enum LaunchFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request itself is wrong: an option, a partition, a machine without Slurm.
    case refused(String)
    /// The scheduler does not answer; it may do so later.
    case unreachable(String)

    package var description: String {
        switch self {
        case .refused(let text), .unreachable(let text): text
        }
    }
}

/// One worker of one array, which Slurm calls `123_4`.
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
