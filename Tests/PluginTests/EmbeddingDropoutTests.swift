import DropoutPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Dropout on embeddings") struct EmbeddingDropoutTests {
    let embeddings: Embeddings = [
        "video": Embedding(pooled: Tensor.ones([200, 50]), tokens: Tensor.ones([200, 4, 50])),
        "audio": Embedding(pooled: Tensor.ones([200, 50])),
    ]

    @Test("the share of zeros is the rate, and what is kept is scaled up") func rate() throws {
        let values = try #require(dropped(rate: 0.3)["video"]).pooled.values
        let zeros = values.count { $0 == 0 }
        #expect(abs(Double(zeros) / Double(values.count) - 0.3) < 0.02)
        #expect(values.filter { $0 != 0 }.allSatisfy { abs($0 - 1 / 0.7) < 1e-6 })
    }

    @Test("evaluation and rate 0 change nothing") func untouched() {
        #expect(dropped(rate: 0.3, isTraining: false)["video"]?.pooled.values == embeddings["video"]?.pooled.values)
        #expect(dropped(rate: 0)["video"]?.pooled.values == embeddings["video"]?.pooled.values)
    }

    @Test("modalities, tokens, steps and instances draw masks of their own") func streams() throws {
        let first = dropped(rate: 0.5)
        let mask = try #require(first["video"]).pooled.values
        #expect(first["audio"]?.pooled.values != mask)
        #expect(try #require(first["video"]?.tokens).values.prefix(mask.count) != mask[...])
        #expect(dropped(rate: 0.5, step: 1)["video"]?.pooled.values != mask)
        #expect(dropped(rate: 0.5, instance: "other")["video"]?.pooled.values != mask)
        #expect(dropped(rate: 0.5)["video"]?.pooled.values == mask)
    }

    @Test("the gradient passes through the mask") func slope() throws {
        let z = Tensor.ones([6, 5])
        let slope = gradient(at: z) { z in
            plugin(rate: 0.5).changedEmbeddings(["video": Embedding(pooled: z)], in: ForwardPass(pass()))["video"]?.pooled.sum() ?? Tensor(0)
        }
        let output = plugin(rate: 0.5).changedEmbeddings(["video": Embedding(pooled: z)], in: ForwardPass(pass()))["video"]?.pooled.values
        #expect(slope.values == output)
    }

    private func dropped(rate: Double, isTraining: Bool = true, step: Int = 0, instance: String = "dropout") -> Embeddings {
        plugin(rate: rate).changedEmbeddings(
            embeddings, in: ForwardPass(pass(isTraining: isTraining, step: step), instance: instance))
    }

    private func plugin(rate: Double) -> EmbeddingDropout {
        var options = EmbeddingDropout.Options()
        options.rate = rate
        return EmbeddingDropout(options: options, context: .sample(instance: "dropout"))
    }

    private func pass(isTraining: Bool = true, step: Int = 0) -> Pass {
        Pass(isTraining: isTraining, random: RandomSource(seed: 4), step: step)
    }
}
