import Configuration
import Tensors

/// How rows are put into batches.
public enum BatchOrder: String, CaseIterable, Sendable {
    /// Every batch has equally many rows of every source domain.
    case domainBalanced = "domain-balanced"
    /// All rows in one random order.
    case shuffled
}

/// Divides training rows into batches, anew for every epoch: a pure function of the random source and the epoch.
///
/// All batches have the same size, `effectiveBatchSize`; an epoch leaves out the rows that would make a smaller one,
/// other ones in every epoch.
/// - `domainBalanced`: ⌊batch size ÷ domains⌋ rows of each domain; an epoch ends with the smallest domain.
/// - `shuffled`: batch-size rows of all.
public struct BatchSampler: Sendable {
    /// Rows in every batch: the batch size asked for, or the largest multiple of the number of domains below it.
    public let effectiveBatchSize: Int
    /// Batches in every epoch.
    public let batchesPerEpoch: Int

    /// Rows that are drawn from together: one pool a domain, or one of all.
    private let pools: [[Int]]
    private let share: Int
    private let random: RandomSource

    /// - Parameters:
    ///   - rows: what to train on.
    ///   - dataset: what the rows belong to.
    ///   - batchSize: rows a batch, at least 1.
    ///   - random: where the order comes from; use a child of its own.
    /// - Throws: `DatasetFault` where not even one batch can be filled.
    public init(
        _ rows: SourceIndices, of dataset: some Dataset, batchSize: Int, order: BatchOrder, random: RandomSource
    ) throws(DatasetFault) {
        require(batchSize >= 1, "a batch cannot have \(batchSize) rows")
        self.random = random
        switch order {
        case .shuffled:
            pools = [rows.rows]
        case .domainBalanced:
            let domains = dataset.domains
            let byDomain = Dictionary(grouping: rows.rows) { domains[$0] }
            pools = byDomain.sorted { $0.key < $1.key }.map(\.value)
        }
        share = pools.isEmpty ? 0 : Self.effectiveBatchSize(batchSize, order, domains: pools.count) / pools.count
        guard share > 0 else {
            throw DatasetFault(
                message: "a batch of \(batchSize) cannot have rows of each of \(pools.count) source domains",
                expected: "a batch of at least \(pools.count)")
        }
        let smallest = pools.map(\.count).min() ?? 0
        batchesPerEpoch = smallest / share
        effectiveBatchSize = share * pools.count
        guard batchesPerEpoch > 0 else {
            let place = order == .shuffled ? "the source domains have" : "the smallest source domain has"
            throw DatasetFault(
                message: "a batch of \(batchSize) needs \(share) training rows where \(place) \(smallest)",
                expected: "a batch of at most \(smallest * pools.count)")
        }
    }

    /// Rows in every batch of an order that draws from so many domains; 0 where there is no room for all of them.
    package static func effectiveBatchSize(_ batchSize: Int, _ order: BatchOrder, domains: Int) -> Int {
        order == .shuffled ? batchSize : batchSize / max(domains, 1) * domains
    }

    /// The batches of one epoch, each the rows of one step.
    public func batches(epoch: Int) -> [[Int]] {
        let orders = pools.enumerated().map { index, pool in
            var stream = random.stream("order-\(index)", step: epoch)
            return stream.permutation(pool.count).map { pool[$0] }
        }
        return (0..<batchesPerEpoch).map { batch in
            orders.flatMap { $0[batch * share..<(batch + 1) * share] }
        }
    }

    /// All of `rows` in order, in batches of `size`, the last one smaller where they do not divide: for evaluation.
    public static func inOrder(_ rows: [Int], batchSize size: Int) -> [[Int]] {
        stride(from: 0, to: rows.count, by: size).map { Array(rows[$0..<min($0 + size, rows.count)]) }
    }
}
