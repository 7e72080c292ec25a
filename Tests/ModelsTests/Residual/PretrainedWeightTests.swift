import Configuration
import GoldenFixtures
import Networks
import Tensors
import TestSupport
import Testing
import Weights

@testable import Models

@Suite struct PretrainedWeightTests {
    private let folder: TemporaryFolder
    private let sample = StagedSample.all[2]

    init() throws { folder = try TemporaryFolder() }

    /// Writes the state of an encoder, changed as wanted.
    private func write(_ entries: [(name: String, value: Tensor)]) throws -> String {
        var writer = SafetensorsWriter()
        for (name, value) in entries { writer.add(name, value) }
        let path = folder("weights.safetensors")
        try writer.write(to: path)
        return path
    }

    private func fault(_ options: [String: OptionValue]) throws -> OptionFault {
        try #require(throws: OptionFault.self) { try sample.make(options) }
    }

    /// Every tensor of a published list, each filled with a value of its own.
    @Test(.serialized, arguments: PublishedCheckpoint.all.filter { !$0.file.contains("r50_4x16") && !$0.file.contains("slowfast_r50") })
    func `a file with the keys of a published checkpoint fills every parameter`(checkpoint: PublishedCheckpoint) throws {
        var writer = SafetensorsWriter()
        let keys = try checkpoint.keys()
        var expected: [String: Float] = [:]
        for (index, key) in keys.enumerated() {
            let count = key.shape.reduce(1, *)
            if key.isInteger {
                writer.add(key.name, [Int](repeating: index + 1, count: count), shape: key.shape)
            } else {
                writer.add(key.name, [Float](repeating: Float(index + 1), count: count), shape: key.shape)
            }
            expected[key.name] = Float(index + 1)
        }
        let path = folder(checkpoint.file)
        try writer.write(to: path)
        let encoder = try #require(try checkpoint.make(["weights": .string(path)]) as? any StagedEncoder)
        for (name, entry) in encoder.contents.entries {
            let want = try #require(expected[checkpoint.prefix + name])
            #expect(entry.value.withUnsafeValues { values in values.allSatisfy { $0 == want } }, "\(name)")
        }
        let report = try #require(StartingWeights.report(of: encoder, options: ["weights": .string(path)], modality: nil)).report
        #expect(report.matched.count == encoder.contents.entries.count)
        #expect(report.missing.isEmpty && report.misshaped.isEmpty)
        #expect(report.unexpected.count == 2)
    }

    @Test(arguments: StagedSample.all)
    func `what is saved is loaded with the same outputs, counts as 64-bit integers`(sample: StagedSample) throws {
        let encoder = try sample.make()
        _ = encoder(sample.batch(), pass: ModelSamples.training())
        var writer = SafetensorsWriter()
        writer.add(encoder.parts)
        let path = folder("saved.safetensors")
        try writer.write(to: path)
        let counts = try WeightsFile(path).entries.filter { $0.name.hasSuffix("num_batches_tracked") }
        #expect(!counts.isEmpty && counts.allSatisfy { $0.type == .int64 && $0.shape.isEmpty })
        let loaded = try sample.make(["weights": .string(path)], seed: 2)
        for (mine, other) in zip(encoder.state(), loaded.state()) { #expect(mine.value.values == other.value.values, "\(mine.name)") }
        let x = sample.batch()
        #expect(loaded(x, pass: .evaluation).pooled.values == encoder(x, pass: .evaluation).pooled.values)
    }

    @Test func `a missing, an unexpected and a mis-shaped tensor are named at once`() throws {
        var entries = try sample.make().state().map { (name: $0.name, value: $0.value) }
        entries.removeAll { $0.name == "layer3.0.bn1.bias" }
        entries.append((name: "extra.weight", value: .zeros([2])))
        if let index = entries.firstIndex(where: { $0.name == "bn1.weight" }) { entries[index].value = .zeros([9]) }
        let path = try write(entries)
        let fault = try fault(["weights": .string(path)])
        #expect(fault.option == "weights")
        #expect(
            fault.found == """
                \(path): the saved state does not fit: \(entries.count - 2) matched, 1 missing, 1 unexpected, 1 mis-shaped
                  missing: layer3.0.bn1.bias
                  unexpected: extra.weight
                  mis-shaped: bn1.weight: expected 6, found 9
                """)
    }

    @Test func `what allow-missing names, with everything below it, keeps its initial values`() throws {
        let source = try sample.make(seed: 3)
        var entries = source.state().map { (name: $0.name, value: $0.value) }
        entries.removeAll { $0.name.hasPrefix("layer4.") }
        entries.append((name: "head.weight", value: .zeros([2])))
        let path = try write(entries)
        _ = try fault(["weights": .string(path), "allow-missing": .list([.string("layer4")])])
        let options: [String: OptionValue] = ["weights": .string(path), "allow-missing": .list([.string("layer4"), .string("head.*")])]
        let encoder = try sample.make(options)
        let fresh = try EncoderRegistry.standard().make(
            sample.name, options: sample.options, sampleShape: sample.shape, from: Initializer(seed: 1))
        for (index, entry) in encoder.state().enumerated() {
            let expected = entry.name.hasPrefix("layer4.") ? fresh.state()[index] : source.state()[index]
            #expect(entry.value.values == expected.value.values, "\(entry.name)")
        }
        let report = try #require(StartingWeights.report(of: encoder, options: options, modality: nil)).report
        #expect(!report.missing.isEmpty && report.missing.allSatisfy { $0.hasPrefix("layer4.") })
    }

    @Test func `a file of which nothing fits is refused, whatever is allowed`() throws {
        let path = try write(sample.make().state().map { (name: "other." + $0.name, value: $0.value) })
        let fault = try fault(["weights": .string(path), "allow-missing": .list([.string("*")])])
        #expect(fault.found.contains("nothing of the saved state fits: 0 matched"))
    }

    @Test func `a prefix that a recipe gives is taken off, and must be there`() throws {
        let source = try sample.make(seed: 3)
        let path = try write(source.state().map { (name: "net.audio." + $0.name, value: $0.value) })
        let encoder = try sample.make(["weights": .string(path), "key-prefix": .string("net.audio.")])
        #expect(encoder.state()[0].value.values == source.state()[0].value.values)
        #expect(
            try fault(["weights": .string(path), "key-prefix": .string("net.video.")]).found
                == "\(path): no key begins with the prefix 'net.video.'")
    }

    @Test func `a file that is not there is named`() throws {
        #expect(try fault(["weights": .string("/nowhere/a.pth")]).found == "/nowhere/a.pth: cannot read: No such file or directory")
    }

    @Test(arguments: ["mmaction_zip.pth", "mmaction_legacy.pth", "module_prefix_zip.pth"])
    func `the dictionary and the prefix of PyTorch's training programs are found`(name: String) throws {
        let file = try WeightsFile(GoldenFixtures.folder + "/checkpoints/" + name)
        let mapping = PublishedKeys.mmaction.mapping(for: file, prefix: nil)
        let names = try file.taken(by: mapping).map(\.name)
        #expect(names.contains("conv.weight") && names.contains("bn.num_batches_tracked"))
    }
}
