import Configuration
import Tensors
import Testing

@testable import Datasets

@Suite("Data divided without regard to their domains")
struct SampleDivisionTests {
    private func watch(_ division: SampleDivision?) throws -> any Dataset {
        try DatasetRegistry.standard().make("watch", options: division.map { [SampleDivision.option: $0.value] } ?? [:])
    }

    @Test("folds have whole groups, about equal sizes, and every sample once")
    func folds() throws {
        let (whole, divided) = (try watch(nil), try watch(.folds(count: 4, draw: 0)))
        #expect(divided.facts.domains == ["fold-1", "fold-2", "fold-3", "fold-4"] && divided.count == whole.count)
        #expect(divided.facts.samplesPerDomain.reduce(0, +) == whole.count)
        #expect(divided.facts.samplesPerDomain.allSatisfy { abs($0 - whole.count / 4) < whole.count / 8 }, "\(divided.facts.samplesPerDomain)")
        let groups = try #require(divided.groups)
        let folds = Dictionary(grouping: divided.domains.indices) { groups[$0] }.values.map { rows in Set(rows.map { divided.domains[$0] }).count }
        #expect(folds.allSatisfy { $0 == 1 })
        let classes = (0..<4).map { fold in Set(divided.labels.indices.filter { divided.domains[$0] == fold }.map { divided.labels[$0] }).count }
        #expect(classes == [7, 7, 7, 7])
        #expect(try divided.inputs([3, 5], modality: "gyroscope").values == whole.inputs([3, 5], modality: "gyroscope").values)
    }

    @Test("a draw is a function of its number, and of nothing else")
    func draws() throws {
        let domains = try [0, 0, 1].map { try watch(.folds(count: 3, draw: $0)).domains }
        #expect(domains[0] == domains[1] && domains[0] != domains[2])
    }

    @Test("a share of the samples is for the test, in whole groups")
    func test() throws {
        let divided = try watch(.test(share: 0.25, draw: 0))
        #expect(divided.facts.domains == ["train", "test"])
        let share = Double(divided.facts.samplesPerDomain[1]) / Double(divided.count)
        #expect(abs(share - 0.25) < 0.1, "\(share)")
        let groups = try #require(divided.groups)
        let train = Set(divided.domains.indices.filter { divided.domains[$0] == 0 }.map { groups[$0] })
        let test = Set(divided.domains.indices.filter { divided.domains[$0] == 1 }.map { groups[$0] })
        #expect(train.isDisjoint(with: test))
        let split = try SourceSplit(of: divided, holdingOut: [1], validation: .fraction(0.2), random: RandomSource(seed: 1))
        #expect(split.target.count == divided.facts.samplesPerDomain[1] && split.validation.count > 0)
    }

    @Test("test samples that the data set prescribes are the ones that are held out, and its validation samples stay what they are")
    func prescribed() throws {
        let base = Prescribed()
        let parts = try SampleDivision.test(share: 0.5, draw: 0).applied(to: base)
        #expect(parts.domains == [0, 0, 0, 1, 1, 0])
        let split = try SourceSplit(of: parts, holdingOut: [1], validation: .fraction(0.5), random: RandomSource(seed: 1))
        #expect(split.training.rows == [0, 1] && split.validation.rows == [2, 5] && split.target.rows == [3, 4])
    }

    @Test("more folds than groups, and what no plan keeps, are refused")
    func faults() throws {
        #expect(throws: DatasetFault.self) { try SampleDivision.folds(count: 7, draw: 0).applied(to: Prescribed()) }
        for value in [
            OptionValue.null, .string("folds"), .list([.string("folds"), .integer(1), .integer(0)]), .list([.string("test"), .number(1), .integer(0)]),
        ] {
            #expect(throws: DatasetFault.self) { try DatasetRegistry.standard().make("watch", options: [SampleDivision.option: value]) }
        }
    }

    /// Six rows of two domains with a split of their own.
    private struct Prescribed: Dataset {
        let facts = DatasetFacts(
            modalities: [.init(name: "signal", sampleShape: [1])], domains: ["a", "b"], classes: ["x", "y"], samplesPerDomain: [3, 3])
        let labels = [0, 1, 0, 1, 0, 1]
        let domains = [0, 0, 0, 1, 1, 1]
        let split: [SplitName]? = [.train, .train, .validation, .test, .test, .heldBack]
        func inputs(_ rows: [Int], modality: String) throws -> Tensor { Tensor(rows.map(Float.init), shape: [rows.count, 1]) }
    }
}
