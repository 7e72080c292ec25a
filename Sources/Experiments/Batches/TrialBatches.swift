import Configuration
import Datasets
import Regularization
import Results
import Tensors

/// Hands a trial its batches one by one: in training as training is shown them, in evaluation as evaluation is. Where they are decoded
/// from files, the next ones are decoded meanwhile.
///
/// Belongs to the thread that trains.
final class TrialBatches {
    private let data: any Dataset
    private let modalities: [Modality]
    private let standardization: Standardization
    private let augmentation: RandomSource
    private let minimum: MinimumBatch
    private let loader: BatchLoader

    /// - Parameters:
    ///   - data: as the experiment meets it that holds the target out.
    ///   - augmentation: where training draws how samples are shown.
    ///   - minimum: what a batch needs at least once rows have been left out.
    ///   - workers: threads that decode, where the data set's options leave it open.
    /// - Throws: `DatasetFault` for a modality that the data set lacks.
    init(
        of data: any Dataset, modalities: [Modality], standardization: Standardization, augmentation: RandomSource, minimum: MinimumBatch,
        workers: Int
    ) throws(DatasetFault) {
        self.data = data
        self.modalities = modalities
        self.standardization = standardization
        self.augmentation = augmentation
        self.minimum = minimum
        loader = try BatchLoader(data, modalities: modalities.map(\.name), workers: workers)
    }

    /// How media files have been read since this was made; nil where none are.
    var loading: LoadingRecord? { loader.decodes ? LoadingRecord(loader.report) : nil }

    /// Calls `body` with each batch of an epoch that is to be trained on, in order. Rows that cannot be read may be missing.
    ///
    /// - Throws: what `body` throws; `DatasetFault` where rows cannot be read, or too few of a batch are left.
    func train(on batches: [[Int]], epoch: Int, _ body: (Batch) throws -> Void) throws {
        var place = 0
        try loader.forEach(batches, view: .training(epoch: epoch, random: augmentation)) { loaded in
            try minimum.check(loaded.rows.count, of: batches[place].count)
            place += 1
            try body(batch(loaded))
        }
    }

    /// Rows that are evaluated at once: fewer where their inputs are large.
    var evaluationBatch: Int { loader.evaluationBatch(limit: 256) }

    /// Calls `body` with batches of rows to be evaluated, in order.
    ///
    /// - Throws: as `train(on:epoch:_:)`.
    func evaluate(_ rows: [Int], _ body: (Batch) throws -> Void) throws {
        let batches = BatchSampler.inOrder(rows, batchSize: evaluationBatch)
        try loader.forEach(batches, view: .evaluation) { try body(batch($0)) }
    }

    private func batch(_ loaded: LoadedBatch) -> Batch {
        var inputs: [Modality: Tensor] = [:]
        for modality in modalities {
            inputs[modality] = loaded.inputs[modality.name].map { standardization($0, modality: modality.name) }
        }
        return Batch(inputs: inputs, labels: loaded.rows.map { data.labels[$0] }, domains: loaded.rows.map { data.domains[$0] })
    }
}

/// The smallest batch that every regularizer of a plan is defined for.
struct MinimumBatch: Hashable, Sendable {
    /// Samples, at least 1.
    var samples = 1
    /// The term that needs so many; nil where any batch will do.
    var term: String?

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
