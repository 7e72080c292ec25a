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

/// What a run folder remembers of the workers that were submitted for it, so that any later process can follow them.
package struct ArrayRecord: Codable, Hashable, Sendable {
    /// A name for exactly the study that the workers train.
    package let study: String
    /// The workers, by number, from 1.
    package var workers: [Worker]
    /// A submission of which it is not yet known whether it took place.
    package var submission: Submission?
    /// Whether its results have been reported, or nothing more will come of it.
    package var isClosed = false

    package struct Worker: Codable, Hashable, Sendable {
        /// The array that it is currently in; nil before the first submission.
        package var job: Int?
        package var resubmissions = 0
        /// Why it is not submitted again; nil while it may be.
        package var loss: Loss?
    }

    /// Why a worker is not submitted again.
    package enum Loss: String, Codable, Sendable {
        case cancelled, failed
    }

    package struct Submission: Codable, Hashable, Sendable {
        /// The array's name, which no other submission has.
        package let name: String
        package let workers: [Int]
    }

    /// The arrays that workers are in, in order.
    package var jobs: [Int] { Set(workers.compactMap(\.job)).sorted() }

    /// Whether no worker is left, nor will be.
    package var isOver: Bool { submission == nil && workers.allSatisfy { $0.loss != nil } }

    /// The record of a folder; nil where there is none.
    ///
    /// - Throws: `FileFault` where it cannot be read.
    package static func read(_ path: String) throws(FileFault) -> ArrayRecord? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let data = try FileContents.copied(path)
        let record: ArrayRecord
        do { record = try JSONDecoder().decode(ArrayRecord.self, from: data) } catch {
            throw FileFault(action: "read", path: path, reason: "it is not the record of an array of workers (\(error))")
        }
        guard record.isPossible else {
            throw FileFault(action: "read", path: path, reason: "its numbers of workers, arrays or submissions are none that a run has written")
        }
        return record
    }

    /// Whether the numbers can be those of a run: they are counted on and used as places.
    private var isPossible: Bool {
        let places = 1...max(1, workers.count)
        return !workers.isEmpty && workers.allSatisfy { (0...1_000_000).contains($0.resubmissions) && ($0.job ?? 0) >= 0 }
            && (submission?.workers ?? []).allSatisfy(places.contains)
    }

    package func write(to path: String) throws(FileFault) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        guard let data = try? encoder.encode(self) else {
            throw FileFault(action: "write", path: path, reason: "it has no form as JSON")
        }
        try AtomicFile.write(data, to: path)
    }
}
