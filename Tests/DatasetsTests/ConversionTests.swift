import Configuration
import Foundation
import GoldenFixtures
import MediaSupport
import Persistence
import Synchronization
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets
@testable import Media

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
        func marked(_ option: String) -> [String] { options.modalities.map { "\($0)=\(option).\($0)" }.filter(recipe.contains) }
        (options.lengths, options.present) = (marked("lengths"), marked("present"))
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

    @Test("windows of recordings come back as rows, with their groups and places in time", arguments: [4, 3])
    func windows(every: Int) throws {
        var writer = SafetensorsWriter()
        writer.add("x", (0..<60).map { Float($0) }, shape: [3, 10, 2])
        writer.add("v", [1, 2, 3] as [Float], shape: [3])
        writer.add("labels", [0, 1, 1] as [Int32], shape: [3])
        writer.add("domains", [0, 0, 1], shape: [3])
        writer.add("real", [10, 4, 8], shape: [3])
        writer.add("there", [1, 0, 1], shape: [3])
        try writer.write(to: folder("recordings.safetensors"))
        var options = Arrays.Options()
        (options.path, options.modalities) = ([folder("recordings.safetensors")], ["x", "v"])
        (options.window, options.every, options.lengths, options.present) = (4, every, ["x=real"], ["v=there"])
        let data = try Arrays(options: options)
        let back = try converted(data)
        try expectEqual(data, back)
        #expect(back.groups == data.groups && (back.positions == nil) == (every == 3))
    }

    @Test("pickles of padded sequences and values come back with their lengths and their split")
    func sentiment() throws {
        var options = Sentiment.Options()
        options.root = Fixtures.path("sentiment")
        let sentiment = try Sentiment(options: options)
        try expectEqual(sentiment, try converted(sentiment))
    }

    @Test("rows without a modality come back as samples without it, and are counted and standardized alike")
    func missing() throws {
        // Sequences of 3 steps at most, and vectors of two numbers; what is stored where nothing is may be anything.
        var writer = SafetensorsWriter()
        writer.add("steps", (0..<36).map { Float($0) / 7 }, shape: [6, 3, 2])
        writer.add("vector", [1, 2, .nan, 4, 5, .infinity, 7, 9, 0.5, 3, 2, 8] as [Float], shape: [6, 2])
        writer.add("length", [3, 0, 2, 1, 3, 2], shape: [6])
        writer.add("has-vector", [1, 0, 0, 1, 1, 1], shape: [6])
        writer.add("labels", [0, 1, 1, 0, 1, 0], shape: [6])
        writer.add("domains", [0, 0, 1, 1, 1, 1], shape: [6])
        writer.add("split", [0, 0, 0, 3, 0, 0], shape: [6])
        try writer.write(to: folder("in.safetensors"))
        var options = Arrays.Options()
        (options.path, options.modalities, options.split) = ([folder("in.safetensors")], ["steps", "vector"], "split")
        (options.lengths, options.present) = (["steps=length"], ["vector=has-vector"])
        let original = try Arrays(options: options)
        #expect(original.count == 5, "the second row has neither")
        #expect(
            original.remarks.contains { $0.contains("2 of 6 rows lack a modality, the first row 1 (steps): steps in 1, vector in 2") }, "\(original.remarks)")
        let back = try converted(original)
        try expectEqual(original, back)
        #expect(try back.presence([0, 1, 2], modality: "vector").samples == [true, false, true])
        #expect(try back.presence([0, 1, 2, 3, 4], modality: "steps").lengths == [3, 2, 1, 3, 2])
        // Notes tell what was left out on the way here, and are the only difference.
        let reports = try [original, back].map { try DataCheck($0, depth: .presence).lines.filter { !$0.hasPrefix("note: ") } }
        #expect(reports[0] == reports[1] && reports[0].contains("vector: 1 of 5 rows lack it (1 1)"), "\(reports[0])")
        // The rows of the second domain are learned from, one of them without the vector.
        for rule in [StandardizationRule.scale, .channel] {
            let scales = try [original, back].map { dataset in
                try Standardization(
                    rule, of: dataset,
                    rows: SourceSplit(of: dataset, holdingOut: [0], validation: .fraction(0.25), random: RandomSource(seed: 0)).training)
            }
            #expect(scales[0] == scales[1] && scales[0].scales.count == 2)
        }
    }

    @Test("a modality whose name the file needs for something else is refused", arguments: ["labels", "split", "lengths.video", "present.video"])
    func names(name: String) throws {
        var writer = SafetensorsWriter()
        writer.add("x", [1, 2] as [Float], shape: [2, 1])
        writer.add("labels", [0, 1], shape: [2])
        writer.add("domains", [0, 1], shape: [2])
        try writer.write(to: folder("in.safetensors"))
        var options = Arrays.Options()
        (options.path, options.modalities) = ([folder("in.safetensors")], ["\(name)=x"])
        let dataset = try Arrays(options: options)
        let fault = #expect(throws: DatasetFault.self) { _ = try SafetensorsConversion(dataset) }
        #expect(fault?.message == "a modality is called '\(name)'")
    }

    @Test("a split with rows that are held back comes back")
    func heldBack() throws {
        let digits = try Digits(options: Digits.Options())
        let back = try converted(digits)
        #expect(back.split == digits.split && back.split?.contains(.heldBack) == true)
    }

    #if REGULUS_FFMPEG
        @Test("films, flow and sound come back as evaluation sees them: clips by a table")
        func clips() throws {
            let media = try MediaFolder()
            for name in ["one", "two"] {
                try MediaWriter.video(
                    (0..<20).map { MediaWriter.picture(width: 64, height: 48, time: $0 + name.count, isGray: false) },
                    to: try media.file("\(name).mp4"))
                _ = try media.write(MediaWriter.wav(MediaWriter.tone(16_000, frequency: 300)), to: "\(name).wav")
            }
            var options = Clips.Options()
            let table = "label,domain,split,video,audio,start,stop\na,x,train,one.mp4,one.wav,0,0.5\nb,y,test,two.mp4,two.wav,,\na,y,test,two.mp4,,,\n"
            options.manifest = try media.write(Data(table.utf8), to: "clips.csv")
            options.clip = .small(frames: 4)
            let clips = try Clips(options: options)
            let back = try converted(clips)
            try expectEqual(clips, back)
            #expect(try back.presence([0, 1, 2], modality: "audio").samples == [true, true, false], "the third clip has no sound")
            withExtendedLifetime(media) {}
        }

        @Test("EPIC-Kitchens comes back")
        func epic() throws {
            let media = try MediaFolder()
            try MediaLayouts.epicFilms(in: media)
            var options = EpicKitchens.Options()
            options.root = media.path
            options.clip = .small(frames: 4, flowEvaluationCrop: 24)
            let epic = try EpicKitchens(options: options)
            let back = try converted(epic)
            try expectEqual(epic, back)
            #expect(back.split?.contains(.heldBack) == true)
            withExtendedLifetime(media) {}
        }

        @Test("HAC comes back, with flow as evaluation crops it")
        func hac() throws {
            let media = try MediaFolder()
            try MediaLayouts.hac(in: media)
            var options = HAC.Options()
            options.root = media.path
            options.clip = .small(frames: 4)
            let hac = try HAC(options: options)
            let back = try converted(hac)
            #expect(back.facts.modalities.first { $0.name == "flow" }?.sampleShape == [2, 32, 32, 2])
            #expect(back.labels == hac.labels && back.domains == hac.domains && back.split == hac.split)
            for modality in ["video", "audio", "flow"] {
                let rows = Array(hac.labels.indices)
                #expect(
                    try hac.inputs(rows, modality: modality, view: .evaluation).values.map(\.bitPattern)
                        == back.inputs(rows, modality: modality).values.map(\.bitPattern))
            }
            withExtendedLifetime(media) {}
        }
    #endif

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
