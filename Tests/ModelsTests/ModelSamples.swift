import Configuration
import Models
import Networks
import Regularization
import Tensors

/// Small models and batches for the tests.
enum ModelSamples {
    /// A series, an image, a vector and a sequence of features, in this order.
    static let kinds: [(modality: Modality, encoder: String, options: [String: OptionValue], shape: Shape)] = [
        (
            "motion", "series-resnet",
            ["width": .integer(4), "blocks": .list([.integer(1), .integer(1)]), "embedding": .integer(6)], [12, 3]
        ),
        ("picture", "image-cnn", ["width": .integer(3), "stages": .integer(2), "embedding": .integer(5)], [6, 5, 2]),
        ("state", "vector-mlp", ["hidden": .list([.integer(7)]), "embedding": .integer(4)], [9]),
        ("audio", "features", [:], [3, 8]),
    ]

    /// A model of the first `count` kinds.
    static func model(
        _ count: Int, fusion: String = "late", options: [String: OptionValue] = ["hidden": .integer(16)],
        classes: Int = 4, seed: UInt64 = 1
    ) throws -> FusionModel {
        let initializer = Initializer(seed: seed)
        let registry = try EncoderRegistry.standard()
        var encoders: [Modality: any Encoder] = [:]
        for kind in kinds.prefix(count) {
            encoders[kind.modality] = try registry.make(
                kind.encoder, options: kind.options, sampleShape: kind.shape,
                from: initializer["encoders"][kind.modality.name])
        }
        return FusionModel(
            encoders: encoders,
            fusion: try FusionRegistry.standard().make(
                fusion, options: options,
                context: FusionContext(encoders: encoders, classes: classes, from: initializer["fusion"])))
    }

    /// One batch for a model of the first `count` kinds.
    static func batch(_ count: Int, samples: Int, seed: UInt64 = 7) -> [Modality: Tensor] {
        var inputs: [Modality: Tensor] = [:]
        for kind in kinds.prefix(count) {
            var stream = RandomSource(seed: seed).stream(kind.modality.name)
            inputs[kind.modality] = stream.normal(Shape([samples] + kind.shape.dimensions))
        }
        return inputs
    }

    static func training(step: Int = 0) -> Pass {
        Pass(isTraining: true, random: RandomSource(seed: 1), step: step)
    }
}

extension FusionModel {
    /// Encodes and fuses.
    func predict(_ inputs: [Modality: Tensor], pass: Pass) -> Prediction {
        fuse(encode(inputs, pass: pass), pass: pass)
    }
}
