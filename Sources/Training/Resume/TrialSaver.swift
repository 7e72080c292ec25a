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

/// A trial was asked to stop and has saved where it stands.
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
