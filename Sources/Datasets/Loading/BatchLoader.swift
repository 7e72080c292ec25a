import Configuration
import Media
import Tensors

/// One loaded batch.
public struct LoadedBatch {
    /// The rows that it holds: those asked for, without those that were skipped.
    public let rows: [Int]
    /// The inputs by the modality's name, each N×(sample shape), on the scale that the loader was given.
    public let inputs: [String: Tensor]

    /// A batch that was made elsewhere.
    package init(rows: [Int], inputs: [String: Tensor]) {
        self.rows = rows
        self.inputs = inputs
    }
}

/// Returns batch after batch of a data set. Where inputs are decoded from files, or lie in arrays on disk, the next batches are
/// decoded or read in the background.
///
/// Batches are the same whatever the number of workers. A loader belongs to the thread that uses it.
public final class BatchLoader {
    /// What has been loaded and skipped since the loader was made.
    public private(set) var report = LoadingReport()

    private let dataset: any Dataset
    /// What decodes its samples; nil where they are arrays.
    private let decoder: (any SampleDecoder)?
    private let modalities: [String]
    /// What inputs are brought to, by the modality's name.
    private let scales: [String: ChannelScale]
    private let workers: Int

    /// - Parameters:
    ///   - dataset: the data set.
    ///   - modalities: the names of those to load.
    ///   - standardization: the scales that inputs are brought to; by default none. Rows in memory are brought there while they are copied, which is faster
    ///     than to do it with what is loaded, and gives the same bits.
    ///   - workers: the number of decoding threads where the data set's options leave it open; nil for
    ///     one per processor.
    /// - Throws: `DatasetFault` for a modality that the data set lacks.
    public init(
        _ dataset: any Dataset, modalities: [String], standardization: Standardization = .none, workers: Int? = nil
    ) throws(DatasetFault) {
        if let unknown = modalities.first(where: { !dataset.facts.modalityNames.contains($0) }) {
            throw dataset.unknownModality(unknown)
        }
        self.dataset = dataset
        decoder = dataset.decoder
        self.modalities = modalities
        scales = modalities.reduce(into: [:]) { $0[$1] = standardization.channelScale(of: $1) }
        self.workers = workers ?? Threads.available
    }

    /// Whether inputs are decoded from files.
    public var decodes: Bool { decoder != nil }

    /// The largest size of the inputs of an evaluation batch. It is a constant because the division of
    /// rows into batches decides how sums are rounded, which must not depend on the machine's memory.
    static let evaluationBytes = 256 << 20

    /// The inputs of an evaluation batch of arrays: what is computed from so many stays in a processor's cache.
    private static let cachedBytes = 2 << 20
    /// The number of rows of arrays that are evaluated at once however large they are.
    private static let leastRows = 64

    /// The number of rows of an evaluation batch: `limit`, or fewer where their decoded inputs would
    /// take more than 256 MiB. Of arrays, no more than 64 where more would not stay in a processor's cache.
    public func evaluationBatch(limit: Int) -> Int {
        guard let decoder else {
            let values = dataset.facts.modalities.reduce(0) { modalities.contains($1.name) ? $0 + $1.sampleShape.reduce(1, *) : $0 }
            return min(limit, max(Self.leastRows, Self.cachedBytes / max(1, values * MemoryLayout<Float>.stride)))
        }
        let values = modalities.reduce(0) { sum, name in
            sum + (decoder.sampleShape(name, view: .evaluation)?.reduce(1, *) ?? 0)
        }
        return max(1, min(limit, Self.evaluationBytes / max(1, values * MemoryLayout<Float>.stride)))
    }

    /// Calls `body` with each batch, in order.
    ///
    /// - Parameters:
    ///   - batches: the rows of each batch.
    ///   - view: as training or evaluation is shown them.
    ///   - allowsEmpty: whether a batch of which every row was skipped is passed on without rows.
    ///   - body: is called on the calling thread.
    /// - Throws: what `body` throws; `DatasetFault` where the data set cannot be read: with
    ///   `on-bad-sample: stop` at the first damaged row, with `skip` where all rows of a batch are
    ///   damaged.
    public func forEach(_ batches: [[Int]], view: SampleView, allowsEmpty: Bool = false, _ body: (LoadedBatch) throws -> Void) throws {
        var counted = ContinuousClock.now
        // A report that is read within `body` includes the time up to then.
        func countTime() {
            let now = ContinuousClock.now
            report.seconds += counted.duration(to: now) / .seconds(1)
            counted = now
        }
        defer { countTime() }
        func handOver(_ batch: LoadedBatch) throws {
            countTime()
            try body(batch)
        }
        if let decoder {
            try decode(batches, with: decoder, view: view, allowsEmpty: allowsEmpty, handOver)
        } else {
            try read(batches, view: view, handOver)
        }
    }

    /// Hands over batches of arrays.
    private func read(_ batches: [[Int]], view: SampleView, _ body: (LoadedBatch) throws -> Void) throws {
        let queue = ReadingQueue(dataset, batches: batches, modalities: modalities, view: view, scales: scales)
        defer { queue?.stop() }
        var own = OwnReads(dataset, modalities: modalities.filter { queue?.modalities.contains($0) != true })
        let waitedBefore = report.secondsWaited
        for (place, rows) in batches.enumerated() {
            var inputs = try queue?.next() ?? [:]
            for modality in modalities where inputs[modality] == nil {
                inputs[modality] = try dataset.scaledInputs(rows, modality: modality, view: view, scale: scales[modality])
            }
            report.samples += rows.count
            if place + 1 < batches.count { own.prepare(batches[place + 1]) }
            if let queue { report.secondsWaited = waitedBefore + queue.waited / .seconds(1) }
            try body(LoadedBatch(rows: rows, inputs: inputs))
        }
    }

    /// Hands over batches of samples that are decoded.
    private func decode(
        _ batches: [[Int]], with decoder: any SampleDecoder, view: SampleView, allowsEmpty: Bool, _ body: (LoadedBatch) throws -> Void
    ) throws {
        let queue = DecodingQueue(
            decoder, rows: batches.flatMap { $0 }, modalities: modalities, view: view,
            workers: decoder.loading.workers ?? workers, capacity: capacity(of: decoder, view: view))
        defer { queue.stop() }
        let waitedBefore = report.secondsWaited
        for rows in batches {
            let loaded = try batch(rows, of: decoder, from: queue, view: view, allowsEmpty: allowsEmpty)
            report.secondsWaited = waitedBefore + queue.waited / .seconds(1)
            try body(loaded)
        }
    }

    private func batch(
        _ asked: [Int], of decoder: any SampleDecoder, from queue: DecodingQueue, view: SampleView, allowsEmpty: Bool
    ) throws(DatasetFault) -> LoadedBatch {
        var rows: [Int] = []
        var samples: [[DecodedSample]] = []
        var lastFault: MediaFault?
        for _ in asked {
            guard let (row, outcome) = queue.next() else { break }
            switch outcome {
            case .success(let decoded):
                rows.append(row)
                samples.append(decoded)
            case .failure(let fault):
                guard decoder.loading.onBadSample == .skip else {
                    throw DatasetFault(
                        message: "row \(row) cannot be read: \(fault)", expected: "a readable file, or the option on-bad-sample: skip")
                }
                report.skip(row, path: fault.path, reason: fault.reason)
                lastFault = fault
            }
        }
        if rows.isEmpty, !allowsEmpty, let lastFault {
            throw DatasetFault(message: "none of the \(asked.count) rows of a batch can be read; the last: \(lastFault)")
        }
        report.samples += rows.count
        var inputs: [String: Tensor] = [:]
        for (place, modality) in modalities.enumerated() {
            let shape = decoder.sampleShape(modality, view: view) ?? []
            let stacked = DecodedSample.stack(samples.map { $0[place] }, shape: shape)
            inputs[modality] = scales[modality].map(stacked.standardized) ?? stacked
        }
        return LoadedBatch(rows: rows, inputs: inputs)
    }

    /// The number of rows that may be decoded ahead within the memory allowed. Pictures wait as bytes.
    private func capacity(of decoder: any SampleDecoder, view: SampleView) -> Int {
        let bytes = modalities.reduce(0) { sum, name in
            let values = decoder.sampleShape(name, view: view)?.reduce(1, *) ?? 0
            return sum + values * decoder.bytesOfValue(name)
        }
        return max(1, (decoder.loading.memory << 20) / max(1, bytes))
    }
}
