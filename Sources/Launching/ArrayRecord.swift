import Foundation
import Persistence

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
            throw FileFault(action: "read", path: path, reason: "it is not the record of an array of workers")
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
