import Configuration
import Tensors
import Testing

@testable import Datasets

@Suite("Batches")
struct BatchSamplerTests {
    private let random = RandomSource(seed: 3).child("batches")

    private func sampler(
        _ dataset: SampleDataset, size: Int, _ order: BatchOrder, targets: [Int] = [0], random: RandomSource? = nil
    ) throws -> (sampler: BatchSampler, split: SourceSplit) {
        let split = try SourceSplit(of: dataset, holdingOut: targets, validation: .fraction(0.2), random: RandomSource(seed: 1))
        let sampler = try BatchSampler(
            split.training, of: dataset, batchSize: size, order: order, random: random ?? self.random)
        return (sampler, split)
    }

    @Test("Balanced batches have equally many rows of every source domain")
    func balanced() throws {
        let dataset = SampleDataset(
            labels: Array(repeating: 0, count: 170),
            domains: Array(repeating: 0, count: 10) + Array(repeating: 1, count: 100) + Array(repeating: 2, count: 60))
        let (sampler, split) = try sampler(dataset, size: 15, .domainBalanced)
        let batches = sampler.batches(epoch: 0)
        #expect(sampler.effectiveBatchSize == 14)
        #expect(batches.count == sampler.batchesPerEpoch)
        #expect(sampler.batchesPerEpoch == 48 / 7)
        for batch in batches {
            #expect(tally(batch.map { dataset.domains[$0] }, kinds: 3) == [0, 7, 7])
        }
        #expect(Set(batches.joined()).count == 14 * batches.count)
        #expect(Set(batches.joined()).isSubset(of: split.training.rows))
    }

    @Test("Shuffled batches cover all rows but the last incomplete batch")
    func shuffled() throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 25)
        let (sampler, split) = try sampler(dataset, size: 32, .shuffled)
        let batches = sampler.batches(epoch: 4)
        #expect(split.training.count == 80)
        #expect(batches.map(\.count) == [32, 32])
        #expect(Set(batches.joined()).count == 64)
        #expect(Set(batches.joined()).isSubset(of: split.training.rows))
    }

    @Test("An epoch of a number of steps goes on where the one before ended, through one pass after another", arguments: [1, 3, 5, 7])
    func steps(stepsPerEpoch: Int) throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 25)
        let split = try SourceSplit(of: dataset, holdingOut: [0], validation: .fraction(0.2), random: RandomSource(seed: 1))
        func sampler(_ steps: Int?) throws -> BatchSampler {
            try BatchSampler(split.training, of: dataset, batchSize: 16, order: .shuffled, stepsPerEpoch: steps, random: random)
        }
        let (passes, stepwise) = (try sampler(nil), try sampler(stepsPerEpoch))
        #expect(passes.batchesPerEpoch == 5 && stepwise.batchesPerEpoch == stepsPerEpoch)
        let all = (1...7).flatMap { passes.batches(epoch: $0) }
        let found = (1...4).flatMap { stepwise.batches(epoch: $0) }
        #expect(found == Array(all.prefix(4 * stepsPerEpoch)))
        // Whichever epoch was asked for before, as where a training is resumed.
        for epoch in [3, 1, 4, 4, 2] {
            #expect(stepwise.batches(epoch: epoch) == Array(all[(epoch - 1) * stepsPerEpoch..<epoch * stepsPerEpoch]))
        }
    }

    @Test("Batches are a function of source and epoch, and differ between epochs", arguments: BatchOrder.allCases)
    func pure(order: BatchOrder) throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 50)
        let first = try sampler(dataset, size: 16, order).sampler
        let again = try sampler(dataset, size: 16, order).sampler
        _ = again.batches(epoch: 7)
        #expect(first.batches(epoch: 2) == again.batches(epoch: 2))
        #expect(first.batches(epoch: 2) != first.batches(epoch: 3))
        let other = try sampler(dataset, size: 16, order, random: RandomSource(seed: 4)).sampler
        #expect(first.batches(epoch: 2) != other.batches(epoch: 2))
    }

    @Test("Over epochs every row is drawn", arguments: BatchOrder.allCases)
    func everyRow(order: BatchOrder) throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 11)
        let (sampler, split) = try sampler(dataset, size: 10, order)
        let drawn = Set((0..<40).flatMap { sampler.batches(epoch: $0).joined() })
        #expect(drawn == Set(split.training.rows))
    }

    @Test("Batches that cannot be filled are refused")
    func faults() {
        let dataset = SampleDataset.balanced(domains: 4, classes: 1, each: 10)
        func message(_ size: Int, _ order: BatchOrder) -> String? {
            #expect(throws: DatasetFault.self) { try sampler(dataset, size: size, order) }?.description
        }
        #expect(message(2, .domainBalanced) == "a batch of 2 cannot have rows of each of 3 source domains; expected a batch of at least 3")
        #expect(
            message(30, .domainBalanced)
                == "a batch of 30 needs 10 training rows, but the smallest source domain has 8; expected a batch of at most 24")
        #expect(
            message(25, .shuffled)
                == "a batch of 25 needs 25 training rows, but the source domains have 24; expected a batch of at most 24")
    }

    @Test("In order for evaluation, every row comes once and the last batch may be smaller")
    func inOrder() {
        #expect(BatchSampler.inOrder([5, 6, 7, 8, 9], batchSize: 2) == [[5, 6], [7, 8], [9]])
        #expect(BatchSampler.inOrder([], batchSize: 2) == [])
    }
}
