import Foundation
import Persistence
import Results

/// The trials, or the rehearsal, that a worker is training: enough to record that they failed when the
/// worker no longer can.
package struct BegunTrial: Codable, Hashable, Sendable {
    /// One trial of those that the training serves.
    package struct Trial: Codable, Hashable, Sendable {
        package let key: TrialKey
        /// What its result is of: the plan's hash, or the training's name for a rehearsal.
        package let plan: String

        package init(key: TrialKey, plan: String) {
            self.key = key
            self.plan = plan
        }
    }

    /// At least one.
    package let trials: [Trial]
    package let isRehearsal: Bool
    /// Whether a rehearsal measures the target for the report.
    package let measuresTarget: Bool

    package init(trials: [Trial], isRehearsal: Bool, measuresTarget: Bool = false) {
        self.trials = trials
        self.isRehearsal = isRehearsal
        self.measuresTarget = measuresTarget
    }

    /// Writes a failed result for each trial, unless the worker has got as far as writing its own.
    ///
    /// - Parameters:
    ///   - term: the component that was called last; `process` where none was.
    ///   - epochs: those that a trial had done before.
    /// - Returns: the trials that had no result.
    /// - Throws: `FileFault` where a result cannot be read or written.
    package func fail(term: String, step: Int, message: String, epochs: (TrialKey) -> [EpochRecord], in folder: RunFolder) throws -> [TrialKey] {
        var failed: [TrialKey] = []
        for trial in trials {
            let file = isRehearsal ? folder.rehearsal(trial.plan, measuresTarget: measuresTarget) : folder.result(trial.key)
            let store = RunStore(folder)
            if let found = try store.usableResult(at: file), found.plan == trial.plan { continue }
            let status = TrialStatus.failed(term: term, step: step, message: message)
            let result = TrialResult(key: trial.key, plan: trial.plan, status: status, epochs: epochs(trial.key))
            try Folder.create(file.deletingLastPathComponent().path)
            try store.write(result, to: file)
            failed.append(trial.key)
        }
        return failed
    }
}
