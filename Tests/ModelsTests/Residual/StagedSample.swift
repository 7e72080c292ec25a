import Configuration
import Models
import Networks
import Regularization
import Tensors
import Testing

/// Small versions of the encoders with a stem and a last stage, with statistics as after some training.
struct StagedSample: Sendable, CustomTestStringConvertible {
    let name: String
    let options: [String: OptionValue]
    let shape: Shape

    var testDescription: String { name }

    static let all = [
        StagedSample(
            name: "slowfast",
            options: [
                "blocks": .list([.integer(1), .integer(2), .integer(1), .integer(2)]), "width": .integer(8), "channel-ratio": .integer(4),
                "lateral-kernel": .integer(5),
            ], shape: [8, 33, 32, 3]),
        StagedSample(
            name: "slowonly",
            options: ["blocks": .list([.integer(2), .integer(1), .integer(1), .integer(2)]), "width": .integer(6)],
            shape: [3, 32, 33, 2]),
        StagedSample(
            name: "resnet18", options: ["width": .integer(6), "blocks": .list([.integer(2), .integer(1), .integer(1), .integer(2)])],
            shape: [40, 33, 1]),
    ]

    /// An encoder whose normalizations differ from their initial values, the same for the same seed.
    func make(_ more: [String: OptionValue] = [:], seed: UInt64 = 1) throws -> any StagedEncoder {
        let encoder = try EncoderRegistry.standard().make(
            name, options: options.merging(more) { $1 }, sampleShape: shape, from: Initializer(seed: seed))
        if more["weights"] == nil {
            for (name, entry) in encoder.contents.entries where entry.value.rank == 1 {
                var stream = RandomSource(seed: seed).stream(name)
                let drawn = stream.uniform(entry.value.shape, in: 0.5..<1.5)
                switch entry {
                case .parameter(let parameter): parameter.value = drawn
                case .buffer(let buffer): buffer.value = drawn
                }
            }
        }
        return try #require(encoder as? any StagedEncoder)
    }

    func batch(_ samples: Int = 2, seed: UInt64 = 5) -> Tensor {
        var stream = RandomSource(seed: seed).stream("x")
        return stream.normal(Shape([samples] + shape.dimensions))
    }
}

extension Tensor {
    /// The largest difference to another tensor, relative to that tensor's largest entry.
    func deviation(from other: Tensor) -> Float {
        guard shape == other.shape else { return .infinity }
        let largest = other.values.reduce(Float.leastNormalMagnitude) { max($0, abs($1)) }
        return zip(values, other.values).reduce(0) { max($0, ($1.0 - $1.1).isNaN ? .infinity : abs($1.0 - $1.1)) } / largest
    }
}
