import Foundation
import Persistence
import Results
import Tensors
import Weights

/// Named values of a model, an optimizer or a regularizer.
package typealias NamedTensors = [(name: String, value: Tensor)]

/// Everything that a trial needs to go on as if nothing had interrupted it.
///
/// Random numbers are functions of seed, name and step, and the order of the batches one of seed and epoch: neither is here.
struct SavedTrial {
    var progress: TrialProgress
    /// What is trained, what regularizers own and what the optimizer remembers: see `Trainer.state()`.
    var trainer: NamedTensors
    /// The model of the selected epoch; empty before the first.
    var selected: NamedTensors
}

/// What a saved trial was made from. Continuing one of another origin would give other bits.
package struct SavedOrigin: Hashable, Sendable {
    /// The name of the training.
    let plan: String
    let threads: Int
    /// The processor type whose kernels are used.
    let core: String

    /// - Parameter training: the name of the training, where it is known; else it is worked out.
    package init(plan: TrialPlan, training: String? = nil) {
        self.init(plan: training ?? plan.training, threads: plan.threads, core: Threads.coreType)
    }

    init(plan: String, threads: Int, core: String) {
        self.plan = plan
        self.threads = threads
        self.core = core
    }
}

/// Why a saved trial cannot be used.
struct SavedTrialFault: Error, Hashable, CustomStringConvertible {
    let file: String
    let reason: String

    var description: String { "\(file): \(reason)" }
}

/// The form of a saved trial on disk: a safetensors file whose metadata says where it comes from and what its content amounts to.
extension SavedTrial {
    private static let selectedPrefix = "selected."

    /// - Throws: `FileFault`; the file is then absent or the old one.
    func write(to path: String, origin: SavedOrigin) throws {
        let progress = try ResultCoding.line(progress)
        var file = SafetensorsWriter()
        var manifest = Manifest(origin: origin, progress: progress)
        for (name, value) in trainer + selected.map({ (name: Self.selectedPrefix + $0.name, value: $0.value) }) {
            let bytes = value.values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
            manifest.add(name, shape: value.shape.dimensions, bytes: bytes)
            file.add(name, .float32, shape: value.shape.dimensions, bytes: bytes)
        }
        file.metadata = [
            "plan": origin.plan, "threads": "\(origin.threads)", "core": origin.core, "progress": progress, "sha256": manifest.digest,
        ]
        try file.write(to: path)
    }

    /// Reads a saved trial and verifies every byte of it.
    ///
    /// - Throws: `WeightsFault`, `DecodingError` or `SavedTrialFault` where it is damaged or of another origin.
    init(readingFrom path: String, origin: SavedOrigin) throws {
        let file = try SafetensorsFile(path)
        func fault(_ reason: String) -> SavedTrialFault { SavedTrialFault(file: path, reason: reason) }
        let found = (file.metadata["plan"], file.metadata["threads"], file.metadata["core"])
        guard found == (origin.plan, "\(origin.threads)", origin.core), let text = file.metadata["progress"] else {
            throw fault("saved by another plan, number of threads or type of processor")
        }
        var manifest = Manifest(origin: origin, progress: text)
        for entry in file.entries { manifest.add(entry.name, shape: entry.shape, bytes: try file.bytes(entry.name)) }
        guard file.metadata["sha256"] == manifest.digest else { throw fault("its content is not what was saved") }
        try self.init(contentOf: file, progress: text)
    }

    /// Reads what a file holds, whatever its digest and its origin.
    ///
    /// - Throws: `WeightsFault` or `DecodingError`.
    init(contentOf file: SafetensorsFile, progress text: String) throws {
        let tensors = try file.entries.map { (name: $0.name, value: try file.tensor($0.name)) }
        trainer = tensors.filter { !$0.name.hasPrefix(Self.selectedPrefix) }
        selected = tensors.filter { $0.name.hasPrefix(Self.selectedPrefix) }
            .map { (name: String($0.name.dropFirst(Self.selectedPrefix.count)), value: $0.value) }
        progress = try ResultCoding.value(TrialProgress.self, from: Data(text.utf8))
    }

    /// Lists what the digest vouches for: names, shapes and contents in any order, the progress and the origin.
    private struct Manifest {
        private let head: String
        private var lines: [String] = []

        init(origin: SavedOrigin, progress: String) {
            head = "\(origin.plan) \(origin.threads) \(origin.core)\n\(progress)"
        }

        mutating func add(_ name: String, shape: [Int], bytes: Data) {
            lines.append("\(name) \(shape) \(SHA256Digest(of: bytes))")
        }

        var digest: String { SHA256Digest(of: ([head] + lines.sorted()).joined(separator: "\n")).hex }
    }
}

/// How far one of the trials of a training has come.
struct TargetProgress: Hashable, Codable, Sendable {
    /// The domain that it measures.
    let domain: Int
    /// The epochs that are done; of a trial that failed, those before.
    var epochs: [EpochRecord] = []
    /// Whether its measuring has failed.
    var status = TrialStatus.finished

    /// - Parameter count: how many epochs the training has done.
    func isPossible(epochs count: Int) -> Bool {
        epochs.map(\.epoch) == Array(1..<epochs.count + 1) && (status == .finished ? epochs.count == count : epochs.count <= count)
    }
}

/// How far a training has come, as plain values.
struct TrialProgress: Hashable, Sendable {
    /// The epoch under way, counted from 1; one more than the last where all are done.
    var epoch = 1
    /// How many batches of that epoch are done.
    var batches = 0
    /// The sums of the loss and of every term over those batches, to the bit.
    var sums: [String: Double] = [:]
    /// Each term's share of the gradient, once the epoch's last batch is done.
    var gradientShares: [String: Double] = [:]
    /// What was measured on the source domains in the epochs that are done.
    var epochs: [EpochRecord] = []
    /// The same with what was measured on each target; empty for a rehearsal.
    var targets: [TargetProgress] = []
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
        return epochs.map(\.epoch) == Array(1..<epoch) && targets.allSatisfy { $0.isPossible(epochs: epoch - 1) }
            && step == (epoch - 1) * batchesPerEpoch + batches
            && selectedEpoch.map { (1..<epoch).contains($0) } ?? true
    }
}

extension TrialProgress: Codable {
    private enum Key: String, CodingKey {
        case epoch, batches, sums, gradientShares, epochs, targets, selectedEpoch, step, seconds, secondsInPenalties, loading, effects, times
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        epoch = try fields.decode(Int.self, forKey: .epoch)
        batches = try fields.decode(Int.self, forKey: .batches)
        sums = try fields.decode([String: UInt64].self, forKey: .sums).mapValues(Double.init(bitPattern:))
        gradientShares = try fields.decodeIfPresent([String: Double].self, forKey: .gradientShares) ?? [:]
        epochs = try fields.decode([EpochRecord].self, forKey: .epochs)
        targets = try fields.decode([TargetProgress].self, forKey: .targets)
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
        try fields.encode(targets, forKey: .targets)
        try fields.encodeIfPresent(selectedEpoch, forKey: .selectedEpoch)
        try fields.encode(step, forKey: .step)
        try fields.encode(seconds, forKey: .seconds)
        try fields.encode(secondsInPenalties, forKey: .secondsInPenalties)
        try fields.encodeIfPresent(loading, forKey: .loading)
        try fields.encode(effects, forKey: .effects)
        try fields.encodeIfPresent(times, forKey: .times)
    }
}
