import Configuration
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Weights

@testable import Datasets

@Suite("Inputs that are brought to their scale while they are loaded")
struct ScaledInputsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func scale(_ channels: Int) -> Standardization.Scale {
        Standardization.Scale(means: (0..<channels).map { Float($0) / 7 - 1 }, deviations: (0..<channels).map { 0.3 + Float($0) / 3 })
    }

    /// What a scale makes of inputs that were read as they are.
    private func scaled(_ inputs: Tensor, _ scale: Standardization.Scale?) -> [UInt32] {
        guard let scale else { return inputs.values.map(\.bitPattern) }
        let (channels, factors) = (scale.means.count, scale.deviations.map { 1 / $0 })
        return inputs.values.enumerated().map { (($0.element - scale.means[$0.offset % channels]) * factors[$0.offset % channels]).bitPattern }
    }

    /// Compares what a loader returns with what the data set does once it has been brought to the scale, bit for bit.
    private func check(_ data: any Dataset, _ modality: String, channels: Int?, _ batches: [[Int]]) throws {
        let scale = channels.map(scale)
        let standardization = Standardization(scales: scale.map { [modality: $0] } ?? [:])
        var loaded: [[UInt32]] = []
        try BatchLoader(data, modalities: [modality], standardization: standardization).forEach(batches, view: .evaluation) { batch in
            loaded.append(try #require(batch.inputs[modality]).values.map(\.bitPattern))
        }
        let read = try batches.map { try data.inputs($0, modality: modality) }
        #expect(loaded == read.map { scaled($0, scale) }, "\(modality), \(channels ?? 0) channels")
        #expect(read.map { standardization($0, modality: modality).values.map(\.bitPattern) } == loaded)
    }

    /// Recordings `x` of 10×3 and vectors `v` of 300, of which some are said not to be there.
    private func arrays(_ change: (inout Arrays.Options) -> Void = { _ in }) throws -> Arrays {
        var writer = SafetensorsWriter()
        // What follows three bytes begins at no multiple of four.
        writer.add("odd", .uint8, shape: [3], bytes: Data(count: 3))
        writer.add("x", (0..<6 * 30).map { Float($0).squareRoot() }, shape: [6, 10, 3])
        writer.add("v", (0..<6 * 300).map { Float($0) / 9 }, shape: [6, 300])
        writer.add("there", [1, 0, 1, 1, 0, 1], shape: [6])
        writer.add("labels", [0, 1, 1, 0, 1, 0] as [Int32], shape: [6])
        writer.add("domains", [3, 3, 3, 8, 8, 8], shape: [6])
        try writer.write(to: folder("a.safetensors"))
        var options = Arrays.Options()
        (options.path, options.modalities) = ([folder("a.safetensors")], ["x", "v"])
        change(&options)
        return try Arrays(options: options)
    }

    @Test("Rows in memory have the bits of rows that are read first: one scale, one of each channel, and none", arguments: [nil, 1, 3, 300])
    func held(channels: Int?) throws {
        let batches = [[5, 0, 0, 3], [1], [2, 4, 1, 0, 5, 3, 3, 2, 1, 4, 0]]
        for data in [try arrays(), try arrays { $0.present = ["x=there"] }] {
            if channels != 300 { try check(data, "x", channels: channels, batches) }
            try check(data, "v", channels: channels, batches)
        }
    }

    @Test("A row that lacks a modality holds what the scale makes of zeros")
    func missing() throws {
        let data = try arrays { $0.present = ["x=there"] }
        let found = try data.inputs([4, 0], modality: "x", view: .evaluation, scale: ChannelScale(means: [2], factors: [0.5])).values
        #expect(Array(found[..<30]) == Array(repeating: -1, count: 30))
        #expect(Array(found[30...]) == (0..<30).map { (Float($0).squareRoot() - 2) * 0.5 })
    }

    @Test("Windows of rows in memory have the bits of windows that are read first, also where their recording lacks the modality", arguments: [nil, 1, 3])
    func windows(channels: Int?) throws {
        let whole = try arrays { ($0.modalities, $0.window, $0.every) = (["x"], 4, 3) }
        #expect(whole.count == 18)
        try check(whole, "x", channels: channels, [[17, 0, 1, 1], [4], Array(0..<18)])
        let lacking = try arrays { ($0.window, $0.every, $0.present) = (4, 3, ["x=there"]) }
        let without = try #require(lacking.presence(Array(0..<lacking.count), modality: "x").samples?.firstIndex(of: false))
        try check(lacking, "x", channels: channels, [[without, 0], Array(0..<lacking.count)])
        try check(lacking, "v", channels: channels, [[without, 0], Array(0..<lacking.count)])
    }

    /// The inputs of some samples out of memory, and those out of the file when they are read for the first time and again.
    private func inputs(of key: String, _ samples: [Int], _ change: (inout ArrayModality) throws -> Void = { _ in }) throws -> [[UInt32]] {
        let file = try ArrayFile(folder("a.safetensors"))
        let scale = try #require(Standardization(scales: [key: scale(3)]).channelScale(of: key))
        return try [1 << 20, 0].flatMap { limit in
            var modality = try ArrayModality(key, try file.array(key), layout: .channelsLast)
            try change(&modality)
            _ = try modality.holdIfSmall(limit: limit)
            #expect(modality.isOnDisk == (limit == 0))
            return try (0..<2).flatMap { _ in try [scale, nil].map { try modality.inputs(samples, scale: $0).values.map(\.bitPattern) } }
        }
    }

    /// Whether inputs are the same wherever they come from, with a scale and without.
    private func areEqual(_ found: [[UInt32]]) -> Bool { found.count == 8 && (2..<8).allSatisfy { found[$0] == found[$0 % 2] } && found[0] != found[1] }

    @Test("Rows on disk have the bits of those in memory, when they are read for the first time and again")
    func onDisk() throws {
        _ = try arrays()
        for key in ["x", "v"] { #expect(areEqual(try inputs(of: key, [5, 0, 3, 3, 1, 2, 4])), "\(key)") }
        let lacking = try inputs(of: "x", [5, 4, 0, 1]) { $0.lack(except: [true, false, true, true, false, true]) }
        #expect(areEqual(lacking))
        #expect(lacking[1][30..<60].allSatisfy { $0 == 0 } && lacking[1][90...].allSatisfy { $0 == 0 })
        let kept = try inputs(of: "x", [0, 2]) { $0 = $0.keeping([4, 0, 1]) }
        #expect(areEqual(kept) && kept[1] == (120..<150).map { Float($0).squareRoot().bitPattern } + (30..<60).map { Float($0).squareRoot().bitPattern })
    }

    @Test("Windows of rows on disk have the bits of those in memory")
    func windowsOnDisk() throws {
        _ = try arrays()
        var options = Arrays.Options()
        (options.window, options.every) = (4, 6)
        let windows = try #require(try RowWindows(options))
        let found = try inputs(of: "x", [5, 0, 1, 1]) { $0 = $0.cut(into: try windows.places(in: [$0], skipsShort: false) { "\($0)" }) }
        #expect(areEqual(found))
        // The second window of the third row begins with its seventh step.
        #expect(Array(found[1][..<12]) == (78..<90).map { Float($0).squareRoot().bitPattern })
    }

    @Test("Whatever a data set is, a loader brings its inputs to their scale: blocks in memory, divisions of them, clips, and data sets that know no scales")
    func others() throws {
        var options = CoOccurrence.Options()
        options.samples = 20
        let world = try CoOccurrence(options: options)
        let modality = try #require(world.facts.modalities.first)
        let width = try #require(modality.sampleShape.last)
        for data in [world, try SampleDivision.folds(count: 2, draw: 0).applied(to: world)] as [any Dataset] {
            for channels in [nil, 1, width] { try check(data, modality.name, channels: channels, [[19, 3, 3], [0]]) }
        }
        try check(SampleDataset.balanced(domains: 2, classes: 2, each: 5), "x", channels: 2, [[19, 3, 3], [0]])
        try check(CountingDataset(), "x", channels: 1, [[39, 3, 3], [0]])
    }

    @Test("A modality that a data set lacks is refused on a scale as without one")
    func unknown() throws {
        let scale = ChannelScale(means: [0], factors: [1])
        #expect(throws: DatasetFault.self) { try arrays().inputs([0], modality: "y", view: .evaluation, scale: scale) }
        #expect(throws: DatasetFault.self) { try Watch(options: .init()).inputs([0], modality: "y", view: .evaluation, scale: scale) }
    }
}
