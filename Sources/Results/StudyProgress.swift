/// A trial or rehearsal that is being trained. Trials that share a training are trained at once, each with its own epochs.
package struct RunningTraining: Codable, Hashable, Sendable {
    /// The trial; for a rehearsal, the row, target and seed that it belongs to.
    package let key: TrialKey
    /// Whether this is a training for tuning only.
    package let isRehearsal: Bool
    /// The setting of the tuned values that it has; empty where nothing is tuned.
    package let values: [ChosenValue]
    /// How many epochs it will take.
    package let epochCount: Int
    /// The epochs that are done.
    package var epochs: [EpochRecord]
    /// What the epochs' scores are.
    package let score: ScoreDescription
    /// The name of the training, where it serves other trials too: each of them is told of, and all come to the same model.
    package let training: String?
    /// When the training began here and its epochs were told of; those of an earlier process are told of again at the start.
    package var times: TrialTimes?

    package init(
        _ key: TrialKey, isRehearsal: Bool = false, values: [ChosenValue] = [], epochCount: Int, epochs: [EpochRecord] = [],
        score: ScoreDescription = .accuracy, training: String? = nil, times: TrialTimes? = nil
    ) {
        self.key = key
        self.isRehearsal = isRehearsal
        self.values = values
        self.epochCount = epochCount
        self.epochs = epochs
        self.score = score
        self.training = training
        self.times = times
    }

    /// The share of its epochs that is done, in `0...1`.
    package var fraction: Double { epochCount > 0 ? min(1, Double(epochs.count) / Double(epochCount)) : 0 }
}

/// How far a study has come; trainings for tuning count as trials here, and are also counted by themselves.
package struct StudyProgress: Hashable, Sendable {
    /// Trials that have ended, failed and restored ones included.
    package var finished: Int
    package var total: Int
    /// How many of the finished trials failed.
    package var failed: Int
    /// How many of the finished trials were found in the run folder and took no time now.
    package var restored: Int
    /// What is being trained, in the order in which it began.
    package var running: [RunningTraining]
    /// Seconds of wall time since the study started.
    package var elapsed: Double
    /// How many of the total are trainings for tuning.
    package var rehearsals: Int
    /// How many of those have ended.
    package var finishedRehearsals: Int

    package init(
        finished: Int = 0, total: Int, running: [RunningTraining] = [], elapsed: Double = 0, failed: Int = 0, restored: Int = 0,
        rehearsals: Int = 0, finishedRehearsals: Int = 0
    ) {
        self.finished = finished
        self.total = total
        self.running = running
        self.elapsed = elapsed
        self.failed = failed
        self.restored = restored
        self.rehearsals = rehearsals
        self.finishedRehearsals = finishedRehearsals
    }

    /// The part of the study that is done, running trials counted in parts, in `0...1`.
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

    /// What is being trained, each training once, with the trials that it serves.
    package var trainings: [(training: RunningTraining, keys: [TrialKey])] {
        var trainings: [(training: RunningTraining, keys: [TrialKey])] = []
        for trial in running {
            if let name = trial.training, let place = trainings.firstIndex(where: { $0.training.training == name }) {
                trainings[place].keys.append(trial.key)
            } else {
                trainings.append((trial, [trial.key]))
            }
        }
        return trainings
    }

    /// Running trials, each counted by the share of it that is done.
    private var partial: Double {
        running.reduce(0) { $0 + $1.fraction }
    }
}
