import Configuration
import Media
import Synchronization
import Tensors
import Weights

/// How rows are combined into batches.
public enum BatchOrder: String, CaseIterable, Sendable {
    /// Every batch has the same number of rows of every source domain.
    case domainBalanced = "domain-balanced"
    /// All rows in one random order.
    case shuffled
}

/// Divides training rows into batches, anew for every epoch, as a pure function of the random source
/// and the epoch.
///
/// All batches have the same size, `effectiveBatchSize`. An epoch leaves out the rows that would make a
/// smaller batch, other ones in every epoch.
/// - `domainBalanced`: ⌊batch size ÷ domains⌋ rows of each domain; an epoch ends with the smallest
///   domain.
/// - `shuffled`: rows of any domain.
///
/// Where a number of steps is given, an epoch is that many steps of one pass over the rows after
/// another, wherever in a pass it ends.
///
/// Because nothing depends on earlier epochs, a training that is resumed in the middle draws the same
/// batches. With 3 domains, a batch size of 32 gives batches of 30.
public struct BatchSampler: Sendable {
    /// The number of rows in every batch: the batch size asked for or, where batches are balanced, the
    /// largest multiple of the number of domains within it.
    public let effectiveBatchSize: Int
    /// The number of batches in every epoch.
    public let batchesPerEpoch: Int

    /// Rows that are drawn from together: one pool per domain, or a single one.
    private let pools: [[Int]]
    /// The number of rows that each pool gives to a batch.
    private let share: Int
    /// The number of batches in one pass over the rows.
    private let batchesPerPass: Int
    private let random: RandomSource
    /// Of epochs that are shorter than a pass, many have the order of one pass.
    private let lastPass = LastPass()

    /// - Parameters:
    ///   - rows: the rows to train on.
    ///   - dataset: the data set that they belong to.
    ///   - batchSize: rows per batch, at least 1.
    ///   - order: how rows are combined.
    ///   - stepsPerEpoch: batches in an epoch; nil for one pass over the rows.
    ///   - random: where the order comes from; a child of the training's own.
    /// - Throws: `DatasetFault` where not even one batch can be filled.
    public init(
        _ rows: SourceIndices, of dataset: some Dataset, batchSize: Int, order: BatchOrder, stepsPerEpoch: Int? = nil, random: RandomSource
    ) throws(DatasetFault) {
        require(batchSize >= 1, "a batch cannot have \(batchSize) rows")
        require(stepsPerEpoch ?? 1 >= 1, "an epoch cannot have \(stepsPerEpoch ?? 0) steps")
        self.random = random
        switch order {
        case .shuffled:
            pools = [rows.rows]
        case .domainBalanced:
            let domains = dataset.domains
            var byDomain = [[Int]](repeating: [], count: dataset.facts.domains.count)
            for row in rows.rows { byDomain[domains[row]].append(row) }
            pools = byDomain.filter { !$0.isEmpty }
        }
        share = pools.isEmpty ? 0 : Self.effectiveBatchSize(batchSize, order, domains: pools.count) / pools.count
        guard share > 0 else {
            throw DatasetFault(
                message: "a batch of \(batchSize) cannot have rows of each of \(pools.count) source domains",
                expected: "a batch of at least \(pools.count)")
        }
        let smallest = pools.map(\.count).min() ?? 0
        batchesPerPass = smallest / share
        batchesPerEpoch = stepsPerEpoch ?? batchesPerPass
        effectiveBatchSize = share * pools.count
        guard batchesPerPass > 0 else {
            let place = order == .shuffled ? "the source domains have" : "the smallest source domain has"
            throw DatasetFault(
                message: "a batch of \(batchSize) needs \(share) training rows, but \(place) \(smallest)",
                expected: "a batch of at most \(smallest * pools.count)")
        }
    }

    /// The number of rows in every batch for a number of domains; 0 where not all of them fit.
    package static func effectiveBatchSize(_ batchSize: Int, _ order: BatchOrder, domains: Int) -> Int {
        order == .shuffled ? batchSize : batchSize / max(domains, 1) * domains
    }

    /// The batches of one epoch, counted from 1, each with the rows of one step.
    ///
    /// - Complexity: `O(n)` in the rows of its batches, and in all rows for each pass that it is the first to enter.
    public func batches(epoch: Int) -> [[Int]] {
        guard batchesPerEpoch != batchesPerPass else { return batches(0..<batchesPerPass, in: orders(pass: epoch)) }
        var batches: [[Int]] = []
        batches.reserveCapacity(batchesPerEpoch)
        var step = max(epoch - 1, 0) * batchesPerEpoch
        let end = step + batchesPerEpoch
        while step < end {
            let (pass, first) = step.quotientAndRemainder(dividingBy: batchesPerPass)
            let last = min(batchesPerPass, first + end - step)
            batches += self.batches(first..<last, in: lastPass.orders(pass + 1) { orders(pass: $0) })
            step += last - first
        }
        return batches
    }

    /// The order in which one pass goes through each pool.
    private func orders(pass: Int) -> [[Int]] {
        pools.enumerated().map { index, pool in
            var stream = random.stream("order-\(index)", step: pass)
            return stream.permutation(pool.count).map { pool[$0] }
        }
    }

    private func batches(_ places: Range<Int>, in orders: [[Int]]) -> [[Int]] {
        places.map { place in orders.flatMap { $0[place * share..<(place + 1) * share] } }
    }

    /// The orders of the pass that was asked for last. To draw them takes as long as there are rows, however few an epoch reads of them.
    private final class LastPass: Sendable {
        private let known = Mutex<(pass: Int, orders: [[Int]])?>(nil)

        func orders(_ pass: Int, _ draw: (Int) -> [[Int]]) -> [[Int]] {
            known.withLock { known in
                if let known, known.pass == pass { return known.orders }
                let orders = draw(pass)
                known = (pass, orders)
                return orders
            }
        }
    }

    /// All rows in order, in batches of `size` of which the last may be smaller: for evaluation.
    public static func inOrder(_ rows: [Int], batchSize size: Int) -> [[Int]] {
        stride(from: 0, to: rows.count, by: size).map { Array(rows[$0..<min($0 + size, rows.count)]) }
    }
}

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
        guard let decoder else {
            let disk = dataset as? any ReadsAhead
            let onDisk = modalities.filter { disk?.isOnDisk($0) ?? false }
            // Handing small samples over takes longer than reading them.
            let large = Set(
                dataset.facts.modalities.filter { $0.sampleShape.reduce(1, *) * MemoryLayout<Float>.size >= PackedRows.leastRead }.map(\.name))
            let queue = ReadingQueue(dataset, batches: batches, modalities: onDisk.filter(large.contains), view: view, scales: scales)
            defer { queue?.stop() }
            let own = queue == nil ? onDisk : onDisk.filter { !large.contains($0) }
            var waits = DiskWaits()
            let waitedBefore = report.secondsWaited
            for (place, rows) in batches.enumerated() {
                var inputs = try queue?.next() ?? [:]
                for modality in modalities where inputs[modality] == nil {
                    inputs[modality] = try dataset.scaledInputs(rows, modality: modality, view: view, scale: scales[modality])
                }
                report.samples += rows.count
                // What this thread reads, the disk brings while the step runs.
                if !own.isEmpty, waits.areFrequent(), place + 1 < batches.count {
                    for modality in own { disk?.readAhead(batches[place + 1], modality: modality) }
                }
                if let queue { report.secondsWaited = waitedBefore + queue.waited / .seconds(1) }
                countTime()
                try body(LoadedBatch(rows: rows, inputs: inputs))
            }
            return
        }
        let queue = DecodingQueue(
            decoder, rows: batches.flatMap { $0 }, modalities: modalities, view: view,
            workers: decoder.loading.workers ?? workers, capacity: capacity(of: decoder, view: view))
        defer { queue.stop() }
        let waitedBefore = report.secondsWaited
        for rows in batches {
            let loaded = try batch(rows, of: decoder, from: queue, view: view, allowsEmpty: allowsEmpty)
            report.secondsWaited = waitedBefore + queue.waited / .seconds(1)
            countTime()
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
