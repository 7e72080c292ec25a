import Configuration
import Datasets
import Networks
import Processes
import Regularization
import Results
import Tensors

/// Supplies the batches of a trial: in training as training is shown them, in evaluation as evaluation
/// is. Where samples are decoded from files, the next ones are decoded in the background; where the
/// outputs of a stem are stored, they take the place of the inputs.
///
/// It belongs to the thread that trains.
package final class TrialBatches {
    private let data: any Dataset
    private let plan: TrialPlan
    /// The modalities that are loaded: all but those whose stems are stored.
    private let modalities: [Modality]
    private let stems: StemCache?
    private let minimum: MinimumBatch
    private let loader: BatchLoader
    /// The number of rows that are evaluated at once; smaller where their inputs are large.
    package let evaluationBatch: Int
    /// Rows whose stems cannot be computed because they cannot be read.
    private var unreadable: Set<Int> = []

    /// - Parameters:
    ///   - data: as the trial that holds the target out meets it.
    ///   - modalities: those that the model reads.
    ///   - standardization: the scales that its inputs are brought to.
    ///   - stems: the stored stems; nil where there are none.
    ///   - minimum: what a batch needs at least once rows have been left out.
    /// - Throws: `DatasetFault` for a modality that the data set lacks.
    init(
        of data: any Dataset, plan: TrialPlan, modalities: [Modality], standardization: Standardization, stems: StemCache?,
        minimum: MinimumBatch
    ) throws(DatasetFault) {
        self.data = data
        self.plan = plan
        self.stems = stems
        self.minimum = minimum
        let stored = stems?.modalities ?? []
        self.modalities = modalities.filter { !stored.contains($0) }
        loader = try BatchLoader(data, modalities: self.modalities.map(\.name), standardization: standardization, workers: plan.threads)
        evaluationBatch = try BatchLoader(data, modalities: modalities.map(\.name)).evaluationBatch(limit: 256)
    }

    /// The modalities of which a frozen stem's stored output is handed over in place of the inputs.
    var storedStems: Set<Modality> { Set(stems?.modalities ?? []) }

    /// How media files have been read since this was made; nil where none are.
    var loading: LoadingRecord? {
        guard loader.decodes else { return nil }
        let record = LoadingRecord(loader.report)
        return stems.map { record + $0.loading } ?? record
    }

    /// Calls `body` with each batch of an epoch that is to be trained on, in order. Rows that cannot be read may be missing.
    ///
    /// - Parameter pause: called now and then while there is no batch yet; may throw to end it.
    /// - Throws: what `pause` and `body` throw; `DatasetFault` where rows cannot be read, or too few of a batch are left; `FileFault` where
    ///   stems cannot be stored.
    package func train(on batches: [[Int]], epoch: Int, pause: () throws -> Void, _ body: (Batch) throws -> Void) throws {
        let view = plan.trainingView(epoch: epoch)
        unreadable =
            try stems?.fill(
                batches.flatMap { $0 }, view: stemView(view),
                pause: {
                    CallTrace.beat()
                    try pause()
                }) ?? []
        try forEach(batches, view: view) { batch, asked in
            try minimum.check(batch.targets.count, of: asked)
            try body(batch)
        }
    }

    /// Makes rows ready for evaluation.
    ///
    /// - Throws: as `train(on:epoch:pause:_:)`.
    func prepare(_ rows: [Int], pause: () throws -> Void) throws {
        unreadable =
            try stems?.fill(
                rows, view: .evaluation,
                pause: {
                    CallTrace.beat()
                    try pause()
                }) ?? []
    }

    /// Calls `body` with batches of rows to be evaluated, in order.
    ///
    /// - Throws: as `train(on:epoch:pause:_:)`.
    func evaluate(_ rows: [Int], _ body: (Batch) throws -> Void) throws {
        try forEach(BatchSampler.inOrder(rows, batchSize: evaluationBatch), view: .evaluation) { batch, _ in try body(batch) }
    }

    /// Data that are in memory look the same in training and evaluation, and are stored once.
    private func stemView(_ view: SampleView) -> SampleView { loader.decodes ? view : .evaluation }

    private func forEach(_ batches: [[Int]], view: SampleView, _ body: (Batch, _ asked: Int) throws -> Void) throws {
        guard let stems else {
            var asked = batches.makeIterator()
            return try loader.forEach(batches, view: view) { loaded in
                try body(try batch(loaded.rows, inputs: loaded.inputs, stored: [:]), asked.next()?.count ?? 0)
            }
        }
        func withStems(_ loaded: LoadedBatch, asked: Int) throws {
            let (rows, stored) = try stems.read(loaded.rows, view: stemView(view))
            guard !rows.isEmpty else { throw DatasetFault(message: "none of the \(asked) rows of a batch can be read") }
            let places = loaded.rows.indices.filter { rows.contains(loaded.rows[$0]) }
            let inputs = rows == loaded.rows ? loaded.inputs : loaded.inputs.mapValues { $0.gathering(rows: places) }
            try body(try batch(rows, inputs: inputs, stored: stored), asked)
        }
        let readable = batches.map { rows in rows.filter { !unreadable.contains($0) } }
        if modalities.isEmpty {
            for (rows, all) in zip(readable, batches) { try withStems(LoadedBatch(rows: rows, inputs: [:]), asked: all.count) }
            return
        }
        var asked = batches.makeIterator()
        try loader.forEach(readable, view: view, allowsEmpty: true) { try withStems($0, asked: asked.next()?.count ?? 0) }
    }

    private func batch(_ rows: [Int], inputs: [String: Tensor], stored: [Modality: Tensor]) throws -> Batch {
        var all = stored
        for modality in modalities { all[modality] = inputs[modality.name] }
        var presences: [Modality: Presence] = [:]
        for modality in all.keys { presences[modality] = try data.presence(rows, modality: modality.name) }
        let domains = data.domains
        return Batch(inputs: Inputs(all, presences: presences), targets: data.targets(of: rows), domains: rows.map { domains[$0] }, rows: rows)
    }
}

extension Dataset {
    /// What is to be learned of some rows.
    package func targets(of rows: [Int]) -> Targets {
        let targets = facts.targets
        func array(_ values: [Float]) -> Tensor {
            Tensor(rows.flatMap { values[$0 * targets.width..<($0 + 1) * targets.width] }, shape: [rows.count, targets.width])
        }
        let labels = labels
        return switch (targets.kind, targetValues) {
        case (.labels, let values?): .labels(array(values))
        case (.values, let values?): .values(array(values))
        default: .classes(rows.map { labels[$0] }, of: targets.width)
        }
    }
}

/// The smallest batch that every regularizer of a plan is defined for.
package struct MinimumBatch: Hashable, Sendable {
    /// Samples, at least 1.
    package var samples = 1
    /// The term that needs that many; nil where a batch of any size will do.
    package var term: String?

    /// - Parameters:
    ///   - count: the rows that are left of a batch.
    ///   - asked: those that it should have had.
    /// - Throws: `DatasetFault` where they are too few. A whole batch is large enough: that was checked with the recipe.
    func check(_ count: Int, of asked: Int) throws(DatasetFault) {
        guard count < asked, count < samples, let term else { return }
        throw DatasetFault(
            message: "\(count) of the \(asked) rows of a batch can be read, and the regularizer '\(term)' needs \(samples)",
            expected: "readable files, or a larger batch")
    }
}

extension LoadingRecord {
    init(_ report: LoadingReport) {
        self.init(
            samples: report.samples, seconds: report.seconds, secondsWaited: report.secondsWaited,
            leftOut: report.skipped.map { LeftOut(row: $0.row, path: $0.path, reason: $0.reason, times: $0.times) })
    }
}
