import Foundation
import Persistence
import Results

/// A trial or rehearsal that a worker has begun: enough to record its failure where the worker can no
/// longer do so.
package struct BegunTrial: Codable, Hashable, Sendable {
    package let key: TrialKey
    /// The hash of its plan.
    package let plan: String
    package let isRehearsal: Bool

    /// Writes a failed result, unless the worker has got as far as writing its own.
    ///
    /// - Parameters:
    ///   - term: the component that was called last; `process` where none was.
    ///   - epochs: those that were done before.
    /// - Returns: false where there is a result already.
    /// - Throws: `FileFault` where the result cannot be written.
    package func fail(term: String, step: Int, message: String, epochs: [EpochRecord], in folder: RunFolder) throws -> Bool {
        let file = isRehearsal ? folder.rehearsal(plan) : folder.result(key)
        if let data = try? Data(contentsOf: file), let found = try? ResultCoding.value(TrialResult.self, from: data), found.plan == plan {
            return false
        }
        let result = TrialResult(key: key, plan: plan, status: .failed(term: term, step: step, message: message), epochs: epochs)
        try Folder.create(file.deletingLastPathComponent().path)
        try AtomicFile.write(ResultCoding.document(result), to: file.path)
        return true
    }
}
