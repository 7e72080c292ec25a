import Configuration
import Synchronization
import Tensors

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
