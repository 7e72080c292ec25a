import Configuration
import Models
import Networks
import Regularization
import Tensors
import Testing

@Suite struct FeatureMapTests {
    private static let small = ModelSamples.kinds.prefix(2).map { (name: $0.encoder, options: $0.options, shape: $0.shape) }
    private static let staged = StagedSample.all.map { (name: $0.name, options: $0.options, shape: $0.shape) }

    private static func make(_ name: String, _ options: [String: OptionValue] = [:]) throws -> (encoder: any FeatureMapEncoder, batch: Tensor) {
        let kind = try #require((small + staged).first { $0.name == name })
        let encoder = try EncoderRegistry.standard().make(
            name, options: kind.options.merging(options) { $1 }, sampleShape: kind.shape, from: Initializer(seed: 1))
        var stream = RandomSource(seed: 7).stream("batch")
        return (try #require(encoder as? any FeatureMapEncoder), stream.normal(Shape([2] + kind.shape.dimensions)))
    }

    static let names = (small + staged).map(\.name)

    @Test(arguments: names) func `an encoder shows its maps at all of its points in their order, and leaves every bit where nothing changes`(name: String)
        throws
    {
        let (encoder, batch) = try Self.make(name)
        var seen: [String] = []
        let pass = ModelSamples.training()
        let shown = encoder(batch, lengths: nil, pass: pass) { map in
            if seen.last != map.point { seen.append(map.point) }
            #expect(map.values.shape.rank >= 3 && map.values.shape[0] == 2)
            return map.values
        }
        #expect(Set(seen) == Set(encoder.featureMapPoints.map(\.name)) && encoder.featureMapPoints.allSatisfy { !$0.isFrozen })
        let firsts = seen.enumerated().filter { seen.firstIndex(of: $1) == $0 }.map(\.element)
        #expect(firsts == encoder.featureMapPoints.map(\.name))
        #expect(shown.pooled.values == encoder(batch, pass: pass).pooled.values)
    }

    @Test(arguments: names) func `what is made of a map at any point reaches the embedding, with its gradient`(name: String) throws {
        let (encoder, batch) = try Self.make(name)
        for point in encoder.featureMapPoints.map(\.name) {
            let scale = Tensor(1.5).tracked()
            let embedding = encoder(batch, lengths: nil, pass: ModelSamples.training()) { $0.point == point ? $0.values * scale + 0.1 : $0.values }
            #expect(embedding.pooled.values != encoder(batch, pass: ModelSamples.training()).pooled.values, "\(point)")
            let slope = gradients(of: embedding.pooled.squared().sum(), with: [scale])[0]
            #expect(slope.map { $0.item.isFinite && $0.item != 0 } == true, "\(point)")
        }
    }

    @Test(arguments: StagedSample.all) func `of a frozen stem nothing is shown but what the last stage reads, whole or stored`(sample: StagedSample) throws {
        let encoder = try sample.make(["train": .string("last-stage")])
        #expect(encoder.featureMapPoints.filter(\.isFrozen).map(\.name) == ["conv1", "layer1", "layer2"])
        func seen(_ encoder: any FeatureMapEncoder, _ x: Tensor) -> [String] {
            var seen: [String] = []
            _ = encoder(x, lengths: nil, pass: ModelSamples.training()) { map in
                seen.append("\(map.point) \(map.pathway) \(map.values.shape)")
                return map.values
            }
            return seen
        }
        let whole = seen(encoder, sample.batch())
        #expect(!whole.isEmpty && whole.allSatisfy { $0.hasPrefix("layer3") || $0.hasPrefix("layer4") })
        let maps = withoutGradients { encoder.stem(sample.batch(), pass: .evaluation) }
        let rows = Tensor.concatenated(maps.map { $0.reshaped([2, $0.shape.elementCount / 2]) }, axis: 1)
        let stored = StoredStemEncoder(encoder, samples: [sample.shape])
        #expect(seen(stored, rows) == whole && stored.featureMapPoints == encoder.featureMapPoints)
    }

    @Test func `maps of padded series say how long each is`() throws {
        let (encoder, batch) = try Self.make("series-resnet")
        var lengths: [[Int]?] = []
        _ = encoder(batch, lengths: [12, 5], pass: ModelSamples.training()) { map in
            lengths.append(map.lengths)
            return map.values
        }
        #expect(lengths == [[6, 3], [6, 3], [3, 2]])
    }

    @Test func `a model shows the maps of its encoders under their modalities, of the samples that have them`() throws {
        let model = try ModelSamples.model(3)
        #expect(model.featureMapPoints.mapValues { $0.map(\.name) } == ["motion": ["conv1", "layer1", "layer2"], "picture": ["conv1", "conv2"]])
        var seen: [String] = []
        let inputs = Inputs(ModelSamples.batch(3, samples: 4), presences: ["picture": Presence(samples: [true, false, true, true])])
        _ = model.encode(inputs, pass: ModelSamples.training()) { modality, map in
            seen.append("\(modality) \(map.point) \(map.samples)")
            return map.values
        }
        #expect(seen == ["motion conv1 4", "motion layer1 4", "motion layer2 4", "picture conv1 3", "picture conv2 3"])
    }
}
