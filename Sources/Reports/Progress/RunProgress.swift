import Results

/// A trial that is being trained.
package struct RunningTrial: Hashable, Sendable {
    package var key: TrialKey
    /// The part of its epochs that is done, in `0...1`.
    package var fraction: Double
    /// Whether this is a training for tuning only.
    package var isRehearsal: Bool
    /// The setting of the tuned values that it has; empty where nothing is tuned.
    package var values: [ChosenValue]
    /// How many epochs it will take; 0 where that is not known.
    package var epochCount: Int
    /// The epochs that are done, as far as they are known.
    package var epochs: [EpochRecord]

    package init(key: TrialKey, fraction: Double, isRehearsal: Bool = false, values: [ChosenValue] = [], epochCount: Int = 0, epochs: [EpochRecord] = []) {
        self.key = key
        self.fraction = fraction
        self.isRehearsal = isRehearsal
        self.values = values
        self.epochCount = epochCount
        self.epochs = epochs
    }
}

/// How far a run has come.
package struct RunProgress: Hashable, Sendable {
    /// Trials that have ended, failed and restored ones included.
    package var finished: Int
    package var total: Int
    package var running: [RunningTrial]
    /// Seconds since the run started.
    package var elapsed: Double
    /// How many of the finished trials failed.
    package var failed: Int
    /// How many of the finished trials were found in the run folder and took no time now.
    package var restored: Int

    package init(
        finished: Int, total: Int, running: [RunningTrial] = [], elapsed: Double, failed: Int = 0, restored: Int = 0
    ) {
        self.finished = finished
        self.total = total
        self.running = running
        self.elapsed = elapsed
        self.failed = failed
        self.restored = restored
    }

    /// The part of the run that is done, running trials counted in parts, in `0...1`.
    package var fraction: Double {
        total > 0 ? min(1, (Double(finished) + partial) / Double(total)) : 1
    }

    /// Seconds that the rest will take at the pace so far; nil while there is no pace to go by.
    package var secondsLeft: Double? {
        if finished >= total { return 0 }
        let done = Double(finished - restored) + partial
        guard done > 0, elapsed > 0 else { return nil }
        return elapsed / done * max(0, Double(total - finished) - partial)
    }

    private var partial: Double {
        running.reduce(0) { $0 + min(1, max(0, $1.fraction)) }
    }
}
