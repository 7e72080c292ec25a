import Configuration
import ModalityDropoutPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Modality dropout") struct ModalityDropoutTests {
    private let modalities: [Modality] = ["audio", "flow", "video"]

    @Test("a sample loses at most one modality, at the given rate, each as often") func rate() throws {
        let samples = 3000
        let changed = try make(0.6).changedEmbeddings(ones(samples), in: ForwardPass(pass()))
        let kept = modalities.map { changed[$0]?.pooled.slice(axis: 1, 0..<1).values ?? [] }
        for sample in 0..<samples { #expect(kept.reduce(0) { $0 + $1[sample] } >= 2) }
        for kept in kept { #expect(abs(kept.reduce(0, +) / Float(samples) - 0.8) < 0.03) }
    }

    @Test("whole rows are dropped, with their tokens") func rows() throws {
        let embedding = Embedding(pooled: Tensor.ones([40, 3]), tokens: Tensor.ones([40, 2, 3]))
        let changed = try make(1).changedEmbeddings(Embeddings(modalities.map { ($0, embedding) }), in: ForwardPass(pass()))
        #expect(changed.modalities == modalities)
        for (_, embedding) in changed {
            let sums = embedding.pooled.sum(axis: 1).values
            #expect(Set(sums) == [0, 3])
            #expect(embedding.tokens?.sum(axes: [1, 2]).values == sums.map { $0 * 2 })
        }
    }

    @Test("one modality can be named") func named() throws {
        let changed = try make(1, modality: "flow").changedEmbeddings(ones(5), in: ForwardPass(pass()))
        #expect(changed["flow"]?.pooled.sum().item == 0)
        #expect(changed["audio"]?.pooled.values == [Float](repeating: 1, count: 10))
        #expect(throws: OptionFault.self) { try make(1, modality: "sound") }
    }

    @Test("evaluation and a rate of 0 change nothing") func untouched() throws {
        #expect(try make(1).changedEmbeddings(ones(4), in: ForwardPass(.evaluation))["audio"]?.pooled.sum().item == 8)
        #expect(try make(0).changedEmbeddings(ones(4), in: ForwardPass(pass()))["audio"]?.pooled.sum().item == 8)
    }

    @Test("the same step drops the same, another step something else") func streams() throws {
        let plugin = try make(0.5)
        func dropped(_ step: Int) -> [[Float]] { plugin.changedEmbeddings(ones(30), in: ForwardPass(pass(step))).map(\.embedding.pooled.values) }
        #expect(dropped(1) == dropped(1))
        #expect(dropped(1) != dropped(2))
    }

    @Test("what is dropped gets no gradient, all else the whole") func slope() throws {
        let plugin = try make(1, modality: "flow")
        for (name, expected) in [("flow", Float(0)), ("video", 1)] {
            let slope = gradient(at: normal([3, 2])) { z in
                var embeddings = ones(3)
                embeddings[Modality(name)] = Embedding(pooled: z)
                return plugin.changedEmbeddings(embeddings, in: ForwardPass(pass()))[Modality(name)]?.pooled.sum() ?? Tensor(0)
            }
            #expect(slope.values == [Float](repeating: expected, count: 6))
        }
    }

    @Test("one modality is refused") func oneModality() {
        #expect(throws: OptionFault.self) {
            try ModalityDropout(options: .init(), context: .sample(["video"], instance: "modality-dropout"))
        }
    }

    private func ones(_ samples: Int) -> Embeddings {
        Embeddings(modalities.map { ($0, Embedding(pooled: Tensor.ones([samples, 2]))) })
    }

    private func make(_ rate: Double, modality: String? = nil) throws -> ModalityDropout {
        var options = ModalityDropout.Options()
        (options.rate, options.modality) = (rate, modality)
        return try ModalityDropout(options: options, context: .sample(modalities, instance: "modality-dropout"))
    }

    private func pass(_ step: Int = 0) -> Pass { Pass(isTraining: true, random: RandomSource(seed: 4), step: step) }
}
