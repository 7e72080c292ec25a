import Foundation
import Persistence
import Weights

/// The folder that holds one trial's saves while it is trained: `<step>.safetensors`, the last two of
/// them.
///
/// A symbolic link in its place is never followed, because its target belongs to somebody else.
package struct ResumeFolder: Sendable {
    let path: String
    let origin: SavedOrigin

    private static let suffix = ".safetensors"
    private static let kept = 2

    package init(_ url: URL, origin: SavedOrigin) {
        path = url.path
        self.origin = origin
    }

    /// Adds a save, and removes those that are no longer needed.
    ///
    /// - Throws: `FileFault`; the saves before are then untouched.
    func write(_ trial: SavedTrial) throws {
        try Folder.createReplacingLink(path)
        try trial.write(to: file(trial.progress.step), origin: origin)
        for step in steps.filter({ $0 != trial.progress.step }).dropFirst(Self.kept - 1) {
            // A save that stays costs disk space and nothing else.
            unlink(file(step))
        }
    }

    /// Gives `body` the newest save that can be read, then the ones before until it accepts one.
    ///
    /// - Returns: what `body` made of it; nil where there is none left, and the trial begins anew.
    func newest<Value>(_ body: (SavedTrial) throws -> Value) -> Value? {
        for step in steps {
            if let trial = try? SavedTrial(readingFrom: file(step), origin: origin), trial.progress.step == step,
                let value = try? body(trial)
            {
                return value
            }
        }
        return nil
    }

    /// Whether there is a save from which a trial of this origin would continue; its content is not
    /// verified.
    package var isOfOrigin: Bool {
        steps.contains { step in (try? SafetensorsFile(file(step)))?.metadata["plan"] == origin.plan }
    }

    /// Removes what processes left that were killed while they saved.
    package func removeTemporaries() {
        if !Folder.isLink(path) { AtomicFile.removeTemporaries(in: path) }
    }

    /// Removes the folder with everything in it.
    package func remove() {
        Folder.remove(path)
    }

    /// The steps of all saves, the latest first.
    var steps: [Int] {
        guard !Folder.isLink(path) else { return [] }
        let names = (try? Folder.names(in: path)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.compactMap { Int($0.dropLast(Self.suffix.count)) }.sorted(by: >)
    }

    private func file(_ step: Int) -> String { "\(path)/\(step)\(Self.suffix)" }
}

/// When and where a trial saves what it needs to go on.
package struct TrialSaving: Sendable {
    package let folder: ResumeFolder
    /// Wall time from one save to the next; zero to save every step.
    let interval: Duration
    /// Asked after every step: whether to save and end.
    let shouldStop: @Sendable () -> Bool
    /// Asked before every save: whether the trial is still this worker's.
    let isOwned: @Sendable () -> Bool

    package init(
        folder: ResumeFolder, interval: Duration, shouldStop: @escaping @Sendable () -> Bool, isOwned: @escaping @Sendable () -> Bool
    ) {
        self.folder = folder
        self.interval = interval
        self.shouldStop = shouldStop
        self.isOwned = isOwned
    }
}

/// A trial was asked to stop and has saved its state.
package struct TrialInterrupted: Error {
    package init() {}
}

/// Saves one trial from time to time while it is trained.
struct TrialSaver {
    private let saving: TrialSaving
    private var last = ContinuousClock.now

    init(_ saving: TrialSaving) { self.saving = saving }

    /// To be called after every step.
    ///
    /// - Throws: `TrialInterrupted` where the trial is to stop; `FileFault` where it cannot be saved.
    mutating func didStep(_ trial: () -> SavedTrial) throws {
        let isAsked = saving.shouldStop()
        guard isAsked || last.duration(to: .now) >= saving.interval else { return }
        guard saving.isOwned() else { throw TrialInterrupted() }
        try saving.folder.write(trial())
        last = .now
        if isAsked { throw TrialInterrupted() }
    }

    /// To be called now and then while no step is taken.
    ///
    /// - Throws: as `didStep`.
    func didPause(_ trial: () -> SavedTrial) throws {
        let isOwned = saving.isOwned()
        guard saving.shouldStop() || !isOwned else { return }
        if isOwned { try saving.folder.write(trial()) }
        throw TrialInterrupted()
    }
}
