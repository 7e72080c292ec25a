import Configuration
import Tensors
import Testing

@testable import Datasets

@Suite("Splits of source and target")
struct SourceSplitTests {
    private let random = RandomSource(seed: 1)

    private func split(
        _ dataset: SampleDataset, holdingOut targets: [Int], sources: [Int]? = nil, fraction: Double = 0.2, seed: UInt64 = 1
    ) throws -> SourceSplit {
        try SourceSplit(
            of: dataset, holdingOut: targets, sources: sources, validation: .fraction(fraction),
            random: RandomSource(seed: seed))
    }

    @Test("No row is in two parts, and held-out rows are in the target only", arguments: 0..<4)
    func separation(target: Int) throws {
        let dataset = SampleDataset.balanced(domains: 4, classes: 3, each: 10)
        let split = try split(dataset, holdingOut: [target])
        #expect(split.target.rows == dataset.domains.indices.filter { dataset.domains[$0] == target })
        #expect(split.training.rows.allSatisfy { dataset.domains[$0] != target })
        #expect(split.validation.rows.allSatisfy { dataset.domains[$0] != target })
        #expect((split.training.rows + split.validation.rows + split.target.rows).sorted() == Array(0..<dataset.count))
        #expect(split.targetDomains == [target])
        #expect(split.sourceDomains == (0..<4).filter { $0 != target })
    }

    @Test("A random split takes the fraction from every domain and class")
    func stratified() throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 4, each: 10)
        let split = try split(dataset, holdingOut: [1])
        for domain in [0, 2] {
            for label in 0..<4 {
                #expect(split.validation.rows.count { dataset.domains[$0] == domain && dataset.labels[$0] == label } == 2)
            }
        }
    }

    @Test("A random split is a function of the seed")
    func seeded() throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 4, each: 50)
        let first = try split(dataset, holdingOut: [0])
        #expect(try split(dataset, holdingOut: [0]).validation == first.validation)
        #expect(try split(dataset, holdingOut: [0], seed: 2).validation != first.validation)
    }

    @Test("Which domain is held out does not change how the others are divided")
    func independentOfTarget() throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 20)
        let first = try split(dataset, holdingOut: [0]).validation.rows.filter { dataset.domains[$0] == 2 }
        let second = try split(dataset, holdingOut: [1]).validation.rows.filter { dataset.domains[$0] == 2 }
        #expect(first == second)
    }

    @Test("Groups are never divided", arguments: 0..<10 as Range<UInt64>)
    func groups(seed: UInt64) throws {
        let groups = (0..<120).map { $0 / 4 }
        let dataset = SampleDataset(
            labels: groups.map { $0 % 3 }, domains: groups.map { $0 / 10 }, groups: groups)
        let split = try split(dataset, holdingOut: [2], fraction: 0.3, seed: seed)
        let training = Set(split.training.rows.map { groups[$0] })
        #expect(training.isDisjoint(with: split.validation.rows.map { groups[$0] }))
        #expect(!split.validation.rows.isEmpty)
    }

    @Test("Ordered rows give the last part of every recording, whatever their order in the file")
    func ordered() throws {
        // Two recordings of ten and five rows in domain 0, one of ten in domain 1; stored backwards.
        let groups = Array(repeating: 7, count: 10) + Array(repeating: 8, count: 5) + Array(repeating: 7, count: 10)
        let domains = Array(repeating: 0, count: 15) + Array(repeating: 1, count: 10)
        let positions = (0..<10).reversed() + (0..<5).reversed() + (0..<10).reversed()
        let dataset = SampleDataset(labels: domains, domains: domains, groups: groups, positions: positions)
        let split = try split(dataset, holdingOut: [1])
        #expect(split.validation.rows == [0, 1, 10])
        #expect(split.training.rows == Array(2..<10) + Array(11..<15))
    }

    @Test("A recording of one row is trained on, one of two gives one row")
    func shortRecordings() throws {
        let dataset = SampleDataset(
            labels: [0, 0, 0, 0], domains: [0, 0, 0, 1], groups: [0, 1, 1, 2], positions: [0, 0, 1, 0])
        let split = try split(dataset, holdingOut: [1], fraction: 0.01)
        #expect(split.training.rows == [0, 1])
        #expect(split.validation.rows == [2])
    }

    @Test("A prescribed split is kept")
    func prescribed() throws {
        let dataset = SampleDataset(
            labels: [0, 0, 0, 0, 0, 0], domains: [0, 0, 0, 1, 1, 1],
            split: [.train, .validation, .test, .train, .validation, .test])
        let split = try split(dataset, holdingOut: [1])
        #expect(split.training.rows == [0])
        #expect(split.validation.rows == [1])
        #expect(split.target.rows == [5])
    }

    @Test("A prescribed split without validation rows has its training rows divided")
    func prescribedWithoutValidation() throws {
        let dataset = SampleDataset(
            labels: Array(repeating: 0, count: 20), domains: Array(repeating: 0, count: 15) + Array(repeating: 1, count: 5),
            split: Array(repeating: .train, count: 10) + Array(repeating: .test, count: 5) + Array(repeating: .train, count: 5))
        let split = try split(dataset, holdingOut: [1])
        #expect(split.validation.count == 2)
        #expect(split.training.count == 8)
        #expect((split.training.rows + split.validation.rows).allSatisfy { $0 < 10 })
        #expect(split.target.rows == Array(15..<20))
    }

    @Test("One source domain can serve for validation as a whole")
    func validationDomain() throws {
        let dataset = SampleDataset.balanced(domains: 4, classes: 2, each: 3)
        let split = try SourceSplit(of: dataset, holdingOut: [0], validation: .domain(2), random: random)
        #expect(split.validation.rows == dataset.domains.indices.filter { dataset.domains[$0] == 2 })
        #expect(Set(split.training.rows.map { dataset.domains[$0] }) == [1, 3])
    }

    @Test("A single source leaves the other domains out or makes them targets")
    func singleSource() throws {
        let dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 5)
        let split = try split(dataset, holdingOut: [1, 2], sources: [0])
        #expect(Set(split.training.rows.map { dataset.domains[$0] }) == [0])
        #expect(Set(split.target.rows.map { dataset.domains[$0] }) == [1, 2])
        let one = try self.split(dataset, holdingOut: [1], sources: [0])
        #expect(Set(one.target.rows.map { dataset.domains[$0] }) == [1])
    }

    @Test("A number of rows of each class and source domain can serve for validation, whatever split is prescribed")
    func perClass() throws {
        var dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 10)
        dataset.split = (0..<60).map { $0 % 10 == 0 ? .validation : $0 % 10 == 1 ? .test : .train }
        let split = try SourceSplit(of: dataset, holdingOut: [0], validation: .perClass(3), random: random)
        for domain in [1, 2] {
            for label in 0..<2 {
                #expect(split.validation.rows.count { dataset.domains[$0] == domain && dataset.labels[$0] == label } == 3)
            }
        }
        #expect(split.training.count == 4 * 5)
        #expect((split.training.rows + split.validation.rows).allSatisfy { dataset.split?[$0] == .train })
        let fault = #expect(throws: DatasetFault.self) {
            try SourceSplit(of: dataset, holdingOut: [0], validation: .perClass(8), random: random)
        }
        #expect(fault?.message == "'domain-1' has 8 rows of class 'class-0', and 8 are for validation")
        dataset.groups = Array(0..<60)
        #expect(throws: DatasetFault.self) { try SourceSplit(of: dataset, holdingOut: [0], validation: .perClass(3), random: random) }
    }

    @Test("A domain that is trained on itself is reported on rows that nothing was trained or chosen by", arguments: [0, 1, 2])
    func trainedOnTarget(which: Int) throws {
        var dataset = SampleDataset.balanced(domains: 3, classes: 2, each: 10)
        let parts: [[SplitName]?] = [nil, [.train, .train, .validation, .test], [.train, .train, .train, .heldBack]]
        dataset.split = parts[which].map { names in (0..<60).map { names[$0 % names.count] } }
        func split(_ seed: UInt64) throws -> SourceSplit {
            try SourceSplit(of: dataset, trainingOnTarget: 1, validation: .fraction(0.25), random: RandomSource(seed: seed))
        }
        let first = try split(1)
        let rows = first.training.rows + first.validation.rows + first.target.rows
        #expect(Set(rows).count == rows.count && rows.allSatisfy { dataset.domains[$0] == 1 })
        #expect([first.training.count, first.validation.count, first.target.count] == [[12, 4, 4], [10, 5, 5], [11, 4, 5]][which])
        #expect(try split(2).target == first.target)
    }

    @Test("What cannot be divided is said in words")
    func faults() {
        let dataset = SampleDataset.balanced(domains: 2, classes: 2, each: 5)
        func message(_ dataset: SampleDataset, _ targets: [Int], _ sources: [Int]?, _ rule: ValidationRule) -> String? {
            #expect(throws: DatasetFault.self) {
                try SourceSplit(of: dataset, holdingOut: targets, sources: sources, validation: rule, random: random)
            }?.description
        }
        #expect(message(dataset, [5], nil, .fraction(0.2)) == "there is no domain number 5; expected 0 to 1")
        #expect(message(dataset, [0], [0, 1], .fraction(0.2)) == "the domain 'domain-0' cannot be both source and held out")
        #expect(
            message(dataset, [0], nil, .domain(1))
                == "the domain 'domain-1' cannot serve for validation; expected one of at least two source domains")
        #expect(message(dataset, [0, 1], nil, .fraction(0.2)) == "no rows are left to train on in the source domains ()")
        let single = SampleDataset(labels: [0, 1, 0], domains: [0, 0, 1])
        #expect(
            message(single, [1], nil, .fraction(0.2))
                == "no rows are left for validation in the source domains (domain-0); "
                + "expected more rows or groups a domain and class, or a larger validation fraction")
    }
}
