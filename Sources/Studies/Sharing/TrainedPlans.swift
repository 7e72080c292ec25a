import Foundation
import Persistence
import Results
import Synchronization
import Weights

/// Where the outcome of each plan lies, so that trials of equal plans are trained once.
///
/// Much of a sweep does not depend on what is swept: a baseline without regularizers is the same under every strength of another row, and two
/// selection rules often choose the same value. Such trials have equal plans, and equal plans end with the same model, to the bit.
final class TrainedPlans: Sendable {
    private let places = Mutex<[String: TrialKey]>([:])

    /// The trial that a plan was trained for first; nil where none is known to have finished.
    func place(of plan: String) -> TrialKey? { places.withLock { $0[plan] } }

    func add(_ result: TrialResult) {
        guard result.isFinished else { return }
        places.withLock { places in if places[result.plan] == nil { places[result.plan] = result.key } }
    }
}

extension RunStore {
    /// Gives a trial what another one of the same plan has left: metrics and checkpoint, in which the trial's name alone is another.
    ///
    /// - Returns: the other one's result, and the files that were written for this one; nil where they are not, or no longer, what was written
    ///   there.
    /// - Throws: `FileFault` where a file cannot be written.
    func copyOutcome(of plan: String, from other: TrialKey, to key: TrialKey) throws -> (result: TrialResult, files: [URL])? {
        guard other != key, let result = try? result(at: folder.result(other)), result.isFinished, result.plan == plan,
            let metrics = try? FileContents.copied(folder.metrics(other).path), let model = try? SafetensorsFile(folder.checkpoint(other).path)
        else { return nil }
        var metadata = model.metadata
        metadata[Self.trialKey] = key.description
        var checkpoint = SafetensorsWriter(metadata: metadata)
        for entry in model.entries { checkpoint.add(entry.name, entry.type, shape: entry.shape, bytes: try model.bytes(entry.name)) }
        try AtomicFile.write(metrics, to: folder.metrics(key).path, durability: .content)
        try checkpoint.write(to: folder.checkpoint(key).path, durability: .content)
        return (result, [folder.metrics(key), folder.checkpoint(key)])
    }

    /// Names the trial in a checkpoint's metadata.
    static let trialKey = "trial"
}
