import Results

/// How far a trial has come, as plain values.
struct TrialProgress: Hashable, Sendable {
    /// The epoch under way, counted from 1; one more than the last where all are done.
    var epoch = 1
    /// How many batches of that epoch are done.
    var batches = 0
    /// The sums of the loss and of every term over those batches, to the bit.
    var sums: [String: Double] = [:]
    /// Each term's share of the gradient, once the epoch's last batch is done.
    var gradientShares: [String: Double] = [:]
    /// The epochs that are done.
    var epochs: [EpochRecord] = []
    /// The epoch whose model would be reported if training ended here.
    var selectedEpoch: Int?
    /// Optimizer steps taken.
    var step = 0
    /// Seconds of wall time so far, over all the processes that have worked on the trial.
    var seconds = 0.0
    /// The part of them spent in penalties.
    var secondsInPenalties = 0.0
    /// How media files were read so far, over all processes; nil where none are.
    var loading: LoadingRecord?
    /// Whether each regularizer has changed anything so far.
    var effects: [TermEffect] = []
    /// When the trial began, and when each of its epochs ended.
    var times: TrialTimes?

    /// Whether the numbers fit each other and a plan.
    func isPossible(epochs total: Int, batchesPerEpoch: Int) -> Bool {
        guard (1...total).contains(epoch), (0...batchesPerEpoch).contains(batches) else { return false }
        return epochs.map(\.epoch) == Array(1..<epoch) && step == (epoch - 1) * batchesPerEpoch + batches
            && selectedEpoch.map { (1..<epoch).contains($0) } ?? true
    }
}

extension TrialProgress: Codable {
    private enum Key: String, CodingKey {
        case epoch, batches, sums, gradientShares, epochs, selectedEpoch, step, seconds, secondsInPenalties, loading, effects, times
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        epoch = try fields.decode(Int.self, forKey: .epoch)
        batches = try fields.decode(Int.self, forKey: .batches)
        sums = try fields.decode([String: UInt64].self, forKey: .sums).mapValues(Double.init(bitPattern:))
        gradientShares = try fields.decodeIfPresent([String: Double].self, forKey: .gradientShares) ?? [:]
        epochs = try fields.decode([EpochRecord].self, forKey: .epochs)
        selectedEpoch = try fields.decodeIfPresent(Int.self, forKey: .selectedEpoch)
        step = try fields.decode(Int.self, forKey: .step)
        seconds = try fields.decode(Double.self, forKey: .seconds)
        secondsInPenalties = try fields.decode(Double.self, forKey: .secondsInPenalties)
        loading = try fields.decodeIfPresent(LoadingRecord.self, forKey: .loading)
        effects = try fields.decodeIfPresent([TermEffect].self, forKey: .effects) ?? []
        times = try fields.decodeIfPresent(TrialTimes.self, forKey: .times)
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(epoch, forKey: .epoch)
        try fields.encode(batches, forKey: .batches)
        // A sum may be infinite or not a number, which JSON has no form for.
        try fields.encode(sums.mapValues(\.bitPattern), forKey: .sums)
        try fields.encode(gradientShares, forKey: .gradientShares)
        try fields.encode(epochs, forKey: .epochs)
        try fields.encodeIfPresent(selectedEpoch, forKey: .selectedEpoch)
        try fields.encode(step, forKey: .step)
        try fields.encode(seconds, forKey: .seconds)
        try fields.encode(secondsInPenalties, forKey: .secondsInPenalties)
        try fields.encodeIfPresent(loading, forKey: .loading)
        try fields.encode(effects, forKey: .effects)
        try fields.encodeIfPresent(times, forKey: .times)
    }
}
