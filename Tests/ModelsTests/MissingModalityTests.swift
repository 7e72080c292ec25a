import Configuration
import GoldenFixtures
import Models
import Networks
import Regularization
import Tensors
import Testing

/// What a model makes of samples that lack a modality and of padded sequences.
@Suite struct MissingModalityTests {
    private static let fusions: [(fusion: String, options: [String: OptionValue])] = [
        ("late", ["hidden": .integer(16), "dropout": .number(0)]),
        ("cross-attention", ["width": .integer(8), "heads": .integer(2), "hidden": .integer(16), "dropout": .number(0)]),
        ("bottleneck", ["width": .integer(8), "heads": .integer(2), "layers": .integer(2), "dropout": .number(0)]),
        ("bottleneck-tokens", ["width": .integer(8), "dropout": .number(0)]),
        ("ensemble", ["hidden": .integer(8), "dropout": .number(0)]),
        ("sum", [:]),
        ("gated", ["width": .integer(6)]),
        ("low-rank-tensor", ["width": .integer(6)]),
        ("tensor", ["width": .integer(2), "hidden": .integer(8), "dropout": .number(0)]),
    ]

    private func model(_ which: Int, _ count: Int = 4) throws -> FusionModel {
        try ModelSamples.model(count, fusion: Self.fusions[which].fusion, options: Self.fusions[which].options)
    }

    private let samples = 6
    /// Sample 1 has no picture, sample 2 no motion and no state; the sequences of motion and audio differ in length.
    private let presences: [Modality: Presence] = [
        "picture": Presence(samples: [true, false, true, true, true, true]),
        "state": Presence(samples: [true, true, false, true, true, true]),
        "motion": Presence(samples: [true, true, false, true, true, true], lengths: [12, 5, 0, 7, 1, 12]),
        "audio": Presence(lengths: [3, 1, 2, 3, 2, 1]),
    ]

    /// The batch with `filler` wherever nothing is there, and `padding` more places in every sequence.
    private func inputs(filler: Float, padding: Int = 0) -> Inputs {
        var arrays = ModelSamples.batch(4, samples: samples)
        for (modality, array) in arrays {
            let presence = presences[modality] ?? .whole
            let places = array.rank == 3 ? array.shape[1] : 1
            let lengths = presence.lengths(of: samples, places: places)
            let width = array.elementCount / samples / places
            let more = presence.lengths == nil ? 0 : padding
            let values = array.values
            let filled = (0..<samples).flatMap { n in
                (0..<places + more).flatMap { t in (0..<width).map { t < lengths[n] ? values[(n * places + t) * width + $0] : filler } }
            }
            var shape = array.shape.dimensions
            if more > 0 { shape[1] += more }
            arrays[modality] = Tensor(filled, shape: Shape(shape))
        }
        return Inputs(arrays, presences: presences)
    }

    private func near(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
        areClose(a, b, within: tolerance)
    }

    @Test(arguments: Self.fusions.indices, [true, false])
    func `what stands in place of something missing changes no bit of a prediction or gradient`(which: Int, isTraining: Bool) throws {
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 1), step: 0)
        var results: [[Float]] = []
        for filler: Float in [0, 3, .nan] {
            let model = try model(which)
            let logits = model.fuse(model.encode(inputs(filler: filler), pass: pass), pass: pass).logits
            let slopes = gradients(of: logits.crossEntropy(labels: [0, 1, 2, 3, 0, 1]), with: model.namedParameters.map(\.parameter.value))
            results.append(logits.values + slopes.flatMap { $0?.values ?? [] } + model.namedBuffers.flatMap { $0.buffer.value.values })
        }
        #expect(results[0].allSatisfy { $0.isFinite })
        #expect(results[1] == results[0])
        #expect(results[2] == results[0])
    }

    @Test(arguments: Self.fusions.indices, [true, false])
    func `longer padding changes no prediction`(which: Int, isTraining: Bool) throws {
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 1), step: 0)
        func logits(_ padding: Int) throws -> [Float] {
            let model = try model(which)
            return model.fuse(model.encode(inputs(filler: 9, padding: padding), pass: pass), pass: pass).logits.values
        }
        let (short, long) = (try logits(0), try logits(5))
        #expect(near(short, long))
    }

    @Test(arguments: Self.fusions.indices)
    func `a sample is predicted as it is alone, without padding and without the modality`(which: Int) throws {
        let model = try model(which)
        let whole = model.fuse(model.encode(inputs(filler: 9), pass: .evaluation), pass: .evaluation).logits
        for row in 0..<samples {
            var alone = inputs(filler: 9).gathering(rows: [row])
            for modality in ["motion", "audio"] as [Modality] {
                guard let length = alone.presence(of: modality).lengths?.first, length > 0, let array = alone[modality] else { continue }
                alone[modality] = array.slice(axis: 1, 0..<length)
            }
            let single = model.fuse(model.encode(alone, pass: .evaluation), pass: .evaluation).logits
            #expect(near(single.values, whole[row..<row + 1].values), "sample \(row)")
        }
    }

    @Test(arguments: Self.fusions.indices)
    func `a modality that no sample has leaves everything finite and its encoder alone`(which: Int) throws {
        let model = try model(which)
        let batch = Inputs(ModelSamples.batch(4, samples: 4), presences: ["motion": Presence(samples: .init(repeating: false, count: 4))])
        let before = model.encoderParameters(of: "motion").map(\.value.values)
        let logits = model.fuse(model.encode(batch, pass: ModelSamples.training()), pass: ModelSamples.training()).logits
        let slopes = gradients(of: logits.crossEntropy(labels: [0, 1, 2, 3]), with: model.namedParameters.map(\.parameter.value))
        #expect(slopes.allSatisfy { $0?.values.allSatisfy(\.isFinite) ?? true })
        for (named, slope) in zip(model.namedParameters, slopes) where named.name.hasPrefix("encoders.motion.") {
            #expect(slope?.values.allSatisfy { $0 == 0 } ?? true, "\(named.name)")
        }
        #expect(model.encoderParameters(of: "motion").map(\.value.values) == before)
        let tracked = model.namedBuffers.filter { $0.name.hasPrefix("encoders.motion.") && $0.name.hasSuffix("num_batches_tracked") }
        #expect(!tracked.isEmpty && tracked.allSatisfy { $0.buffer.value.item == 0 })
    }

    @Test(arguments: Self.fusions.indices)
    func `the only modality of a sample is enough`(which: Int) throws {
        let model = try model(which, 2)
        let nothing = Presence(samples: [true, false, false])
        let batch = Inputs(ModelSamples.batch(2, samples: 3), presences: ["picture": nothing, "motion": Presence(samples: [true, true, false])])
        let logits = model.fuse(model.encode(batch, pass: .evaluation), pass: .evaluation).logits
        #expect(logits.values.allSatisfy { $0.isFinite })
    }

    @Test func `embeddings of a fusion that reads tokens say how many are real`() throws {
        let embeddings = try model(1).encode(inputs(filler: 9), pass: .evaluation)
        #expect(embeddings["audio"]?.presence.lengths == [3, 1, 2, 3, 2, 1])
        // The stem and the second stage of the series network halve the length.
        #expect(embeddings["motion"]?.presence.lengths == [3, 2, 0, 2, 1, 3])
        #expect(embeddings.completeRows == [0, 3, 4, 5])
    }
}
