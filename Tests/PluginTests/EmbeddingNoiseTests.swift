import Networks
import NoisePlugin
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Noise on embeddings") struct EmbeddingNoiseTests {
    @Test("absolute noise has the given deviation") func absolute() throws {
        let noise = try noise(on: Tensor.zeros([400, 30]), sigma: 0.25, scale: .absolute)
        #expect(abs(noise.mean().item) < 0.01)
        #expect(abs(noise.squared().mean().sqrt().item - 0.25) < 0.01)
    }

    @Test("relative noise is measured in each column's deviation") func relative() throws {
        let z = normal([4000, 2]) * Tensor([3, 0.1], shape: [2])
        let deviations = try noise(on: z, sigma: 0.5, scale: .relative).variance(axis: 0).sqrt().values
        #expect(abs(deviations[0] - 1.5) < 0.1)
        #expect(abs(deviations[1] - 0.05) < 0.004)
    }

    @Test("relative noise leaves constant columns and single samples alone") func constantColumns() throws {
        #expect(try noise(on: Tensor.ones([5, 3]), sigma: 1, scale: .relative).values.allSatisfy { $0 == 0 })
        #expect(try noise(on: Tensor.ones([1, 3]), sigma: 1, scale: .relative).values.allSatisfy { $0 == 0 })
    }

    @Test("tokens get noise of their own", arguments: EmbeddingNoise.Scale.allCases) func tokens(scale: EmbeddingNoise.Scale) throws {
        let embedding = Embedding(pooled: normal([6, 3]), tokens: normal([6, 4, 3], seed: 2))
        let changed = try #require(plugin(sigma: 0.5, scale: scale).changedEmbeddings(["video": embedding], in: ForwardPass(pass()))["video"])
        #expect(changed.tokens?.shape == [6, 4, 3])
        #expect(changed.tokens?.values != embedding.tokens?.values)
    }

    @Test("evaluation and σ = 0 change nothing") func untouched() throws {
        let z = normal([4, 3])
        let evaluated = plugin(sigma: 1, scale: .absolute).changedEmbeddings(["video": Embedding(pooled: z)], in: ForwardPass(.evaluation))
        #expect(evaluated["video"]?.pooled.values == z.values)
        #expect(try noise(on: z, sigma: 0, scale: .absolute).values.allSatisfy { $0 == 0 })
    }

    @Test("the gradient passes through unchanged", arguments: EmbeddingNoise.Scale.allCases) func slope(scale: EmbeddingNoise.Scale) {
        let slope = gradient(at: normal([5, 4])) { z in
            plugin(sigma: 0.5, scale: scale).changedEmbeddings(["video": Embedding(pooled: z)], in: ForwardPass(pass()))["video"]?.pooled.sum() ?? Tensor(0)
        }
        #expect(slope.values == [Float](repeating: 1, count: 20))
    }

    @Test("a term's weight scales the noise") func weight() throws {
        let z = Tensor.zeros([6, 4])
        let single = try noise(on: z, sigma: 0.5, scale: .absolute).values
        let term = RegularizerTerm(plugin(sigma: 0.5, scale: .absolute), instance: "noise", weight: 2)
        let double = try #require(try term.changedEmbeddings(["video": Embedding(pooled: z)], in: ForwardPass(pass()))["video"]).pooled.values
        for (single, double) in zip(single, double) { #expect(abs(double - 2 * single) < 1e-6) }
    }

    private func noise(on z: Tensor, sigma: Double, scale: EmbeddingNoise.Scale) throws -> Tensor {
        let changed = plugin(sigma: sigma, scale: scale).changedEmbeddings(
            ["video": Embedding(pooled: z)], in: ForwardPass(pass(), instance: "noise"))
        return try #require(changed["video"]).pooled - z
    }

    private func plugin(sigma: Double, scale: EmbeddingNoise.Scale) -> EmbeddingNoise {
        var options = EmbeddingNoise.Options()
        (options.sigma, options.scale) = (sigma, scale)
        return EmbeddingNoise(options: options, context: .sample(instance: "noise"))
    }

    private func pass() -> Pass { Pass(isTraining: true, random: RandomSource(seed: 4), step: 0) }
}
