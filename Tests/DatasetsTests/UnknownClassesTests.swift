import Configuration
import Networks
import Tensors
import Testing

@testable import Datasets

@Suite("Classes that training does not know")
struct UnknownClassesTests {
    private func watch(_ names: [String], division: SampleDivision? = nil) throws -> any Dataset {
        var options: [String: OptionValue] = [UnknownClasses.option: UnknownClasses(names).value]
        options[SampleDivision.option] = division?.value
        return try DatasetRegistry.standard().make("watch", options: options)
    }

    @Test("they are no classes of the data, and their samples are counted nowhere")
    func facts() throws {
        let (whole, left) = (try DatasetRegistry.standard().make("watch"), try watch(["pendulum", "upright-row"]))
        #expect(left.facts.classes == whole.facts.classes.filter { !["pendulum", "upright-row"].contains($0) })
        #expect(left.count == whole.count && left.rowsOfUnknownClasses.count == 73 + 94 + 72 + 81 + 109 + 132)
        #expect(left.facts.samplesPerDomain == [714 - 73 - 94, 641 - 72 - 81, 1014 - 109 - 132])
        let unknown = Set(left.rowsOfUnknownClasses)
        for row in whole.labels.indices {
            let name = whole.facts.classes[whole.labels[row]]
            #expect(unknown.contains(row) == ["pendulum", "upright-row"].contains(name))
            if !unknown.contains(row) { #expect(left.facts.classes[left.labels[row]] == name) }
        }
        #expect(try left.inputs([3, 5], modality: "gyroscope").values == whole.inputs([3, 5], modality: "gyroscope").values)
    }

    @Test("nothing is trained on them, chosen by them or scored on them; those of held-out domains stand apart")
    func split() throws {
        let data = try watch(["pendulum"])
        let unknown = Set(data.rowsOfUnknownClasses)
        let split = try SourceSplit(of: data, holdingOut: [2], validation: .fraction(0.2), random: RandomSource(seed: 1))
        for rows in [split.training.rows, split.validation.rows, split.target.rows] { #expect(unknown.isDisjoint(with: rows) && !rows.isEmpty) }
        #expect(split.unknown.rows == data.rowsOfUnknownClasses.filter { data.domains[$0] == 2 } && split.unknown.count == 109)
        let reference = try SourceSplit(of: data, trainingOnTarget: 2, validation: .fraction(0.2), random: RandomSource(seed: 1))
        #expect(unknown.isDisjoint(with: reference.training.rows + reference.validation.rows + reference.target.rows))
        #expect(reference.unknown == split.unknown)
    }

    @Test("data can be divided into folds as well, by the classes that they have")
    func folds() throws {
        let data = try watch(["pendulum"], division: .folds(count: 4, draw: 0))
        #expect(data.facts.domains.count == 4 && data.facts.classes.count == 6)
        #expect(data.facts.samplesPerDomain.reduce(0, +) + data.rowsOfUnknownClasses.count == data.count)
    }

    @Test("a world that shows held-out domains differently does so without them too")
    func world() throws {
        let options: [String: OptionValue] = ["classes": .integer(4), "samples": .integer(12)]
        let name = "co-occurrence"
        let whole = try DatasetRegistry.standard().make(name, options: options)
        let left = try DatasetRegistry.standard().make(
            name, options: options.merging([UnknownClasses.option: .list([.string(whole.facts.classes[1])])]) { $1 })
        let rows = Array(whole.labels.indices)
        #expect(try left.holdingOut([1]).inputs(rows, modality: "m1").values == whole.holdingOut([1]).inputs(rows, modality: "m1").values)
        #expect(left.holdingOut([1]).rowsOfUnknownClasses == left.rowsOfUnknownClasses)
    }

    @Test("a class that there is not, and too few that are left, are refused with what there is")
    func faults() throws {
        let fault = try #require(throws: DatasetFault.self) { try watch(["pendulm"]) }
        #expect(fault.option == "unknown-classes" && fault.suggestion == "pendulum")
        let all = try DatasetRegistry.standard().make("watch").facts.classes
        #expect(try #require(throws: DatasetFault.self) { try watch(Array(all.dropLast())) }.message == "1 of 7 classes would be left to learn")
        let sentiment = #expect(throws: DatasetFault.self) { try UnknownClasses(["a"]).applied(to: Values()) }
        #expect(sentiment?.message == "these data have no classes that could be unknown")
    }

    private struct Values: Dataset {
        let facts = DatasetFacts(modalities: [], domains: ["d"], targets: TargetFacts(.values, names: ["v"]), samplesPerDomain: [0])
        let labels: [Int] = []
        let domains: [Int] = []
        func inputs(_ rows: [Int], modality: String) throws -> Tensor { .zeros([rows.count, 1]) }
    }
}
