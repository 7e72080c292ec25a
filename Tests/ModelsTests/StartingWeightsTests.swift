import Configuration
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Weights

@testable import Models

@Suite("What encoders start from")
struct StartingWeightsTests {
    private let folder: TemporaryFolder
    private let registry: EncoderRegistry

    init() throws {
        folder = try TemporaryFolder()
        registry = try EncoderRegistry.standard()
    }

    /// Small encoders that have parameters and no published weights.
    static let plain: [(name: String, options: [String: OptionValue], shape: Shape)] = [
        ("series-resnet", ["width": .integer(4), "blocks": .list([.integer(1)]), "embedding": .integer(6)], [12, 3]),
        ("series-cnn", [:], [64, 3]), ("sequence-transformer", [:], [8, 5]), ("image-cnn", ["width": .integer(3)], [8, 8, 1]),
        ("vector-mlp", ["hidden": .list([.integer(7)]), "embedding": .integer(4)], [9]),
    ]

    /// The checkpoint of a run whose model has encoders of the first kind for two modalities.
    private func checkpoint(
        _ encoders: String? = #"{"gyroscope": {"use": "vector-mlp", "options": {"embedding": 4}}, "audio": {"use": "vector-mlp", "options": {}}}"#
    ) throws -> (path: String, gyroscope: any Encoder) {
        let (name, options, shape) = Self.plain[4]
        var writer = SafetensorsWriter()
        writer.metadata["model"] = encoders.map { #"{"version": 2, "encoders": \#($0)}"# } ?? #"{"version": 2, "whole": {"use": "own", "options": {}}}"#
        let gyroscope = try registry.make(name, options: options, sampleShape: shape, from: Initializer(seed: 5))
        writer.add(gyroscope.parts, prefix: "encoders.gyroscope.")
        writer.add(try registry.make(name, options: options, sampleShape: shape, from: Initializer(seed: 6)).parts, prefix: "encoders.audio.")
        writer.add("fusion.weight", Tensor.zeros([2, 8]))
        let path = folder("checkpoint.safetensors")
        try writer.write(to: path)
        return (path, gyroscope)
    }

    private func make(_ more: [String: OptionValue], of modality: String?) throws -> any Encoder {
        let (name, options, shape) = Self.plain[4]
        return try registry.make(
            name, options: options.merging(more) { $1 }, sampleShape: shape, from: Initializer(seed: 1), modality: modality)
    }

    @Test("every encoder with parameters starts from a file of its own names", arguments: plain.indices)
    func own(index: Int) throws {
        let (name, options, shape) = Self.plain[index]
        let source = try registry.make(name, options: options, sampleShape: shape, from: Initializer(seed: 5))
        var writer = SafetensorsWriter()
        writer.add(source.parts)
        let path = folder("own.safetensors")
        try writer.write(to: path)
        let started = try registry.make(
            name, options: options.merging(["weights": .string(path)]) { $1 }, sampleShape: shape, from: Initializer(seed: 1))
        #expect(!source.state().isEmpty)
        for (mine, theirs) in zip(started.state(), source.state()) { #expect(mine.value.values == theirs.value.values, "\(mine.name)") }
    }

    @Test("of a checkpoint the encoder of the same modality is taken, or of the one that weights-of names")
    func checkpoints() throws {
        let (path, gyroscope) = try checkpoint()
        let expected = gyroscope.state().map(\.value.values)
        #expect(try make(["weights": .string(path)], of: "gyroscope").state().map(\.value.values) == expected)
        #expect(try make(["weights": .string(path)], of: "audio").state().map(\.value.values) != expected)
        let options: [String: OptionValue] = ["weights": .string(path), "weights-of": .string("gyroscope")]
        let other = try make(options, of: "accelerometer")
        #expect(other.state().map(\.value.values) == expected)
        let report = try #require(StartingWeights.report(of: other, options: options, modality: "accelerometer")).report
        #expect(report.summary == "4 matched, 0 missing, 0 unexpected, 0 mis-shaped")
        #expect(StartingWeights.report(of: other, options: [:], modality: nil) == nil)
    }

    @Test("a modality that a checkpoint does not have is refused with those that it has")
    func unknownModality() throws {
        let path = try checkpoint().path
        let named = try #require(throws: OptionFault.self) { try make(["weights": .string(path), "weights-of": .string("gyroscpe")], of: "audio") }
        #expect(named.option == "weights-of" && named.expected == "a modality of \(path): audio, gyroscope" && named.suggestion == "gyroscope")
        let own = try #require(throws: OptionFault.self) { try make(["weights": .string(path)], of: "video") }
        #expect(own.option == "weights-of" && own.found == "video")
    }

    @Test("a checkpoint that does not fit is refused with what differs and how its encoder was made")
    func misfit() throws {
        let path = try checkpoint().path
        let fault = try #require(throws: OptionFault.self) { try make(["weights": .string(path), "embedding": .integer(5)], of: "gyroscope") }
        #expect(fault.option == "weights")
        #expect(fault.expected.hasSuffix("; the encoder of gyroscope there is {use: vector-mlp, embedding: 4}"))
        #expect(fault.found.contains("mis-shaped: 2.weight: expected 5×7, found 4×7"))
    }

    @Test("what has no encoders to take, and what takes no weights, is refused")
    func nothingToTake() throws {
        let whole = try #require(throws: OptionFault.self) { try make(["weights": .string(checkpoint(nil).path)], of: "audio") }
        #expect(whole.option == "weights" && whole.expected == "a checkpoint of encoders and a fusion")
        let path = try checkpoint().path
        let idle = try #require(throws: OptionFault.self) {
            try registry.make("features", options: ["weights": .string(path)], sampleShape: [4], from: Initializer(seed: 1), modality: "audio")
        }
        #expect(idle.expected == "no weights, as this encoder has no parameters")
        var writer = SafetensorsWriter()
        writer.add(try make([:], of: nil).parts)
        let plain = folder("plain.safetensors")
        try writer.write(to: plain)
        let named = try #require(throws: OptionFault.self) { try make(["weights": .string(plain), "weights-of": .string("audio")], of: "audio") }
        #expect(named.option == "weights-of" && named.expected == "null, as \(plain) is no checkpoint of a run")
    }

    @Test("for a run folder its first checkpoint is proposed")
    func folderOfRun() throws {
        let path = try checkpoint().path
        let place = folder.url.appendingPathComponent("run/trials/Fusion/d3/1")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: path, toPath: place.appendingPathComponent("checkpoint.safetensors").path)
        let fault = try #require(throws: OptionFault.self) { try make(["weights": .string(folder("run"))], of: "audio") }
        #expect(fault.suggestion == folder("run") + "/trials/Fusion/d3/1/checkpoint.safetensors")
    }
}
