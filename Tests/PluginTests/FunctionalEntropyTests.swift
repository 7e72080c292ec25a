import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import FunctionalEntropyPlugin

@Suite("Functional entropy") struct FunctionalEntropyTests {
    @Test(
        "loss, scores and term agree with the stored numbers, and gradients to the precision of differences",
        arguments: GoldenFixtures.cases(kind: "functional-entropy"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let widths = try fixture.params.integers("D")
        let names = widths.indices.map { Modality("\($0)") }
        let parameters = try widths.indices.map { try fixture.tensor("weight_\($0)").tracked() } + [fixture.tensor("bias").tracked()]
        let embeddings = Embeddings(try names.enumerated().map { ($0.element, Embedding(pooled: try fixture.tensor("x_\($0.offset)"))) })
        let noise = try names.enumerated().map { (modality: $0.element, values: try fixture.tensor("noise_\($0.offset)")) }
        let measured = try #require(
            Sensitivity(embeddings, noise: noise, samples: try fixture.params.integer("S")) { embeddings in
                zip(embeddings, parameters).reduce(parameters[widths.count]) { $0 + $1.0.embedding.pooled.matmul($1.1, transposingRight: true) }
            })
        try fixture.expect(Float(measured.loss), matches: "loss")
        try fixture.expect(measured.scores.map { Float($0) }, matches: "scores")
        let term = try #require(measured.term) * (try fixture.params.float("delta"))
        try fixture.expect(term, matches: "term")
        let slopes = gradients(of: term, with: parameters)
        for (name, slope) in zip(widths.indices.map { "grad.weight_\($0)" } + ["grad.bias"], slopes) {
            let (found, wanted) = (try #require(slope).values, try fixture.tensor(name).values)
            let worst = zip(found, wanted).map { abs($0 - $1) }.max() ?? .nan
            #expect(worst < 5e-3 * (wanted.map(abs).max() ?? 0), "\(name)")
        }
    }

    @Test("a modality that the fusion ignores has a score of 0, and no penalty comes of it") func ignored() {
        let embeddings: Embeddings = ["a": Embedding(pooled: normal([4, 3])), "b": Embedding(pooled: normal([4, 2], seed: 2))]
        let weight = normal([3, 3], seed: 3).tracked()
        let noise: [(modality: Modality, values: Tensor)] = [("a", normal([8, 3], seed: 4)), ("b", normal([8, 2], seed: 5))]
        let measured = Sensitivity(embeddings, noise: noise, samples: 2) { embeddings in
            (embeddings["a"]?.pooled ?? Tensor(.nan)).matmul(weight) + (embeddings["b"]?.pooled.sum(axis: 1, keepingAxis: true) ?? Tensor(.nan)) * 0
        }
        #expect(measured?.scores[1] == 0)
        #expect(measured?.term == nil)
    }
}
