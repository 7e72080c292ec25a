import Configuration
import Foundation
import GoldenFixtures
import Persistence
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Datasets

@Suite("Conversion to one safetensors file")
struct ConversionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The converted data set, opened as its recipe says.
    private func converted(_ dataset: any Dataset) throws -> Arrays {
        let conversion = try SafetensorsConversion(dataset)
        try conversion.write(to: folder("out.safetensors"))
        let recipe = conversion.recipe(path: folder("out.safetensors"))
        var options = Arrays.Options()
        options.path = [folder("out.safetensors")]
        options.modalities = dataset.facts.modalityNames
        options.targets = dataset.facts.targets.kind
        #expect(recipe.contains("modalities: [\(options.modalities.joined(separator: ", "))]"))
        if recipe.contains("split: split") { options.split = "split" }
        if recipe.contains("groups: groups") { options.groups = "groups" }
        if recipe.contains("positions: positions") { options.positions = "positions" }
        if recipe.contains("lengths: [") { options.lengths = options.modalities.map { "\($0)=lengths.\($0)" } }
        return try Arrays(options: options)
    }

    private func expectEqual(_ one: any Dataset, _ other: any Dataset) throws {
        #expect(one.facts == other.facts)
        #expect(one.labels == other.labels && one.domains == other.domains && one.targetValues == other.targetValues)
        #expect(one.split == other.split && one.positions == other.positions)
        let rows = Array(one.labels.indices)
        for modality in one.facts.modalityNames {
            #expect(try one.inputs(rows, modality: modality).values.map(\.bitPattern) == other.inputs(rows, modality: modality).values.map(\.bitPattern))
            #expect(try one.presence(rows, modality: modality) == other.presence(rows, modality: modality))
        }
    }

    @Test("a bundled set comes back with the same bits, names, groups and places in time")
    func watch() throws {
        let watch = try Watch(options: Watch.Options())
        let back = try converted(watch)
        try expectEqual(watch, back)
        #expect(back.groups.map { Set($0).count } == 140)
    }

    @Test("pickles of padded sequences and values come back with their lengths and their split")
    func sentiment() throws {
        var options = Sentiment.Options()
        options.root = Fixtures.path("sentiment")
        let sentiment = try Sentiment(options: options)
        try expectEqual(sentiment, try converted(sentiment))
    }

    @Test("a split with rows that are held back comes back")
    func heldBack() throws {
        let digits = try Digits(options: Digits.Options())
        let back = try converted(digits)
        #expect(back.split == digits.split && back.split?.contains(.heldBack) == true)
    }

    @Test("bytes are counted while they are written")
    func progress() throws {
        let watch = try Watch(options: Watch.Options())
        let conversion = try SafetensorsConversion(watch)
        let seen = Seen()
        try conversion.write(to: folder("out.safetensors")) { seen.add($0) }
        #expect(conversion.byteCount == 2369 * 600 * 4)
        #expect(seen.all.last == conversion.byteCount && seen.all == seen.all.sorted())
    }

    @Test("what cannot be written leaves nothing behind")
    func fault() throws {
        let conversion = try SafetensorsConversion(Breaking())
        let fault = #expect(throws: FileFault.self) { try conversion.write(to: folder("out.safetensors")) }
        #expect(fault?.action == "convert" && fault?.path == "x")
        #expect(folder.names == [])
    }

    private final class Seen: Sendable {
        private let counts = Mutex<[Int]>([])
        func add(_ count: Int) { counts.withLock { $0.append(count) } }
        var all: [Int] { counts.withLock { $0 } }
    }

    /// A data set whose rows cannot be read.
    private struct Breaking: Dataset {
        let labels = [0, 1]
        let domains = [0, 1]
        var facts: DatasetFacts {
            DatasetFacts(modalities: [.init(name: "x", sampleShape: [2])], domains: ["a", "b"], classes: ["0", "1"], samplesPerDomain: [1, 1])
        }
        func inputs(_ rows: [Int], modality: String) throws -> Tensor { throw DatasetFault(message: "broken") }
    }
}
