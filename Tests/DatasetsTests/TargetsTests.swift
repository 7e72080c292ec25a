import Configuration
import Foundation
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets

@Suite("Labels and values of a user's own arrays")
struct TargetsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Four rows of two domains with a feature, an array `mood` of the given shape, and metadata.
    private func write(_ values: [Float], _ shape: [Int], metadata: [String: String] = [:], to name: String = "a.safetensors") throws {
        var writer = SafetensorsWriter(metadata: metadata)
        writer.add("video", (0..<8).map { Float($0) }, shape: [4, 2])
        writer.add("domains", [0, 0, 1, 1], shape: [4])
        writer.add("mood", values, shape: shape)
        try writer.write(to: folder(name))
    }

    private func open(_ targets: TargetKind, _ change: (inout Arrays.Options) -> Void = { _ in }) throws -> Arrays {
        var options = Arrays.Options()
        (options.path, options.modalities, options.labels, options.targets) = ([folder("a.safetensors")], ["video"], "mood", targets)
        change(&options)
        return try Arrays(options: options)
    }

    private func fault(_ targets: TargetKind, _ change: (inout Arrays.Options) -> Void = { _ in }) throws -> DatasetFault {
        do {
            _ = try open(targets, change)
        } catch let fault as DatasetFault {
            return fault
        }
        return DatasetFault(message: "none")
    }

    @Test("values are read row by row, one or several", arguments: [[4], [4, 1], [1, 4], [4, 3]])
    func values(_ shape: [Int]) throws {
        let values = (0..<shape.reduce(1, *)).map { Float($0) / 2 - 1 }
        try write(values, shape)
        let data = try open(.values)
        let names = shape == [4, 3] ? ["value-1", "value-2", "value-3"] : ["value"]
        #expect(data.facts.targets == TargetFacts(.values, names: names))
        #expect(data.targetValues == values)
        #expect(data.labels == [0, 0, 0, 0] && data.facts.classes.isEmpty)
        try data.checkRows()
    }

    @Test("labels are read, with names from the recipe or the file's metadata")
    func labels() throws {
        let values: [Float] = [1, 0, 0, 1, 1, 1, 0, 0]
        try write(values, [4, 2], metadata: ["labels": "happy, sad"])
        #expect(try open(.labels).facts.targets == TargetFacts(.labels, names: ["happy", "sad"]))
        #expect(try open(.labels) { $0.classNames = ["a", "b"] }.facts.targets.names == ["a", "b"])
        #expect(try open(.labels).targetValues == values)
        #expect(try fault(.labels) { $0.classNames = ["a"] }.message == "1 names are given for 2 labels")
    }

    @Test("rows without a value are refused, or left out and counted")
    func missing() throws {
        try write([1, .nan, 0, 0.5], [4])
        #expect(try fault(.values).message == "1 of 4 rows have no label (-1, NaN or empty; rows 1), the first is row 1")
        let data = try open(.values) { $0.unlabeled = .leaveOut }
        #expect(data.targetValues == [1, 0, 0.5])
        #expect(data.domains == [0, 1, 1])
        #expect(try data.inputs([1], modality: "video").values == [4, 5])
    }

    @Test("a number that is no label, an infinity, and an array of another shape are refused with their place")
    func faults() throws {
        try write([1, 0, 2, 0, 0, 1, 1, 0], [4, 2])
        #expect(try fault(.labels).message == "row 1 holds 2.0 in column 0")
        try write([1, .infinity, 2, 0], [4])
        #expect(try fault(.values).message == "the value of row 1 is inf")
        try write([1, 0, 2, 0, 0, 1], [6])
        let shape = try fault(.values)
        #expect(shape.option == "labels" && shape.message.contains("the array 'mood' of shape 6 cannot hold values"))
        #expect(shape.expected == "one number or several for each of 4 rows: 4 or 4×V")
        try write([1, 0, 2, 0], [4])
        #expect(try fault(.values) { $0.labels = "moood" }.suggestion == "mood")
    }

    @Test("files are joined where they have equally many values")
    func joined() throws {
        try write([1, 2, 3, 4], [4])
        try write([5, 6, 7, 8], [4], to: "b.safetensors")
        let paths = [folder("a.safetensors"), folder("b.safetensors")]
        #expect(try open(.values) { $0.path = paths }.targetValues == [1, 2, 3, 4, 5, 6, 7, 8])
        try write([5, 6, 7, 8, 5, 6, 7, 8], [4, 2], to: "b.safetensors")
        #expect(try fault(.values) { $0.path = paths }.message.hasSuffix("b.safetensors: the targets have 2 entries a row, those of the files before 1"))
    }

    @Test("a manifest gives values as numbers, and labels as names")
    func manifest() throws {
        try write([0, 0, 0, 0], [4])
        func table(_ cells: [String]) throws {
            let lines = ["label,domain,video"] + cells.enumerated().map { "\($0.element),d\($0.offset / 2),\($0.offset)" }
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: folder("m.csv")))
        }
        let manifest = folder("m.csv")
        try table(["0.5", "-2", "1e-1", "3"])
        #expect(try open(.values) { $0.manifest = manifest }.targetValues == [0.5, -2, 0.1, 3])
        try table(["sad", "happy; sad", "", "happy"])
        let data = try open(.labels) { $0.manifest = manifest }
        #expect(data.facts.targets.names == ["happy", "sad"])
        #expect(data.targetValues == [0, 1, 1, 1, 0, 0, 1, 0])
        #expect(try fault(.labels) { ($0.manifest, $0.classNames) = (manifest, ["happy", "angry"]) }.message.contains("m.csv:2: there is no label 'sad'"))
        try table(["0.5", "low", "1", "2"])
        #expect(try fault(.values) { $0.manifest = manifest }.message.hasSuffix("m.csv:3: 'low' is not a number"))
    }

    @Test("a check of the data says how often labels apply and how values lie")
    func check() throws {
        try write([1, 0, 0, 1, 1, 1, 0, 0], [4, 2], metadata: ["labels": "happy,sad"])
        let labels = try DataCheck(try open(.labels)).lines
        #expect(labels.first == "4 rows, 2 domains, 2 labels")
        #expect(labels.contains("happy: in 2 rows, 50.0 %") && labels.contains("sad: in 2 rows, 50.0 %"))
        try write([1, 0, -2, 0], [4])
        let values = try DataCheck(try open(.values)).lines
        #expect(values.first == "4 rows, 2 domains, 1 value")
        #expect(values.contains("value: from -2.0 to 1.0, mean -0.25, exactly 0 in 2 rows"))
    }

    @Test("somebody else's data set is held to its facts")
    func foreign() {
        func message(_ dataset: Foreign) -> String? {
            do throws(DatasetFault) {
                try dataset.checkRows()
                return nil
            } catch {
                return error.message
            }
        }
        #expect(message(Foreign(.values, [0, 0], [1, 2])) == nil)
        #expect(message(Foreign(.values, [0, 0], [1])) == "the data set has 1 target values")
        #expect(message(Foreign(.values, [0, 0], nil)) == "the data set has 0 target values")
        #expect(message(Foreign(.values, [0, 0], [1, .nan])) == "row 1 has nan for 'a'")
        #expect(message(Foreign(.labels, [0, 0], [1, 0.5])) == "row 1 has 0.5 for 'a'")
        #expect(message(Foreign(.classes, [0, 1], nil)) == "row 1 is of class number 1")
        #expect(message(Foreign(.classes, [0, 0], nil, domains: [0, 4])) == "row 1 is of domain number 4")
        #expect(message(Foreign(.classes, [0, 0], nil, domains: [0])) == "the data set has the domains of 1 rows and the labels of 2")
    }
}

private struct Foreign: Dataset {
    let facts: DatasetFacts
    let labels: [Int]
    let targetValues: [Float]?
    let domains: [Int]

    init(_ kind: TargetKind, _ labels: [Int], _ values: [Float]?, domains: [Int] = [0, 0]) {
        facts = DatasetFacts(
            modalities: [.init(name: "m", sampleShape: [1])], domains: ["d"], targets: TargetFacts(kind, names: ["a"]), samplesPerDomain: [2])
        (self.labels, targetValues, self.domains) = (labels, values, domains)
    }

    func inputs(_ rows: [Int], modality: String) throws -> Tensor { .zeros([rows.count, 1]) }
}
