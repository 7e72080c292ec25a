import Configuration
import Foundation
import GoldenFixtures
import Models
import Networks
import Tensors
import Testing
import Weights

/// One row of a published state dict.
struct PublishedKey: Equatable {
    let name: String
    let shape: [Int]
    let isInteger: Bool
}

/// The list of a published checkpoint's keys, and the encoder that they are for.
struct PublishedCheckpoint: Sendable, CustomTestStringConvertible {
    let file: String
    let encoder: String
    let options: [String: OptionValue]
    let sampleShape: Shape
    let prefix: String
    /// What the checkpoint's classifier begins with.
    let head: String

    var testDescription: String { file }

    static let all = [
        video("keys_slowfast_r101_8x8x1", "slowfast", [:], channels: 3),
        video("keys_slowfast_r50_8x8x1", "slowfast", ["depth": .integer(50)], channels: 3),
        video(
            "keys_slowfast_r50_4x16x1", "slowfast",
            [
                "depth": .integer(50), "resample-rate": .integer(8), "speed-ratio": .integer(8), "lateral-kernel": .integer(5),
            ], channels: 3),
        video("keys_slowonly_r50_8x8x1_flow", "slowonly", [:], channels: 2),
        PublishedCheckpoint(
            file: "keys_vggsound_avenet_resnet18", encoder: "resnet18", options: [:], sampleShape: [257, 1004, 1], prefix: "audnet.",
            head: "audnet.fc."),
    ]

    private static func video(_ file: String, _ encoder: String, _ options: [String: OptionValue], channels: Int) -> Self {
        Self(
            file: file, encoder: encoder, options: options, sampleShape: [32, 224, 224, channels], prefix: "backbone.", head: "cls_head.")
    }

    /// The rows in the order in which PyTorch saves them.
    func keys() throws -> [PublishedKey] {
        let path = GoldenFixtures.folder + "/keys/\(file).json"
        let rows = try #require(JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: path)))["keys"]?.elements)
        return try rows.map { row in
            let columns = try #require(row.elements)
            return PublishedKey(
                name: try #require(columns[0].text), shape: try #require(columns[1].elements).compactMap(\.whole),
                isInteger: columns[2].text == "int64")
        }
    }

    func make(_ more: [String: OptionValue] = [:]) throws -> any Encoder {
        try EncoderRegistry.standard().make(
            encoder, options: options.merging(more) { $1 }, sampleShape: sampleShape, from: Initializer(seed: 1))
    }
}

@Suite struct PublishedKeyTests {
    @Test(arguments: PublishedCheckpoint.all)
    func `names, shapes, types and order are those of the published checkpoint`(checkpoint: PublishedCheckpoint) throws {
        let expected = try checkpoint.keys().filter { !$0.name.hasPrefix(checkpoint.head) }
        let found = try checkpoint.make().contents.entries.map { name, entry in
            var isCount = false
            if case .buffer(let buffer) = entry { isCount = buffer.isCount }
            return PublishedKey(name: checkpoint.prefix + name, shape: entry.value.shape.dimensions, isInteger: isCount)
        }
        #expect(expected.count > 100)
        #expect(found == expected)
    }
}
