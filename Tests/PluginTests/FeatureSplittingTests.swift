import Configuration
import FeatureSplittingPlugin
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Feature splitting") struct FeatureSplittingTests {
    @Test("all modalities agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "simmmdg"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let names = try fixture.params.texts("modalities")
        let variables = try names.map { try fixture.tensor("emb_\($0)").tracked() }
        let embeddings = Embeddings(zip(names, variables).map { (Modality($0), Embedding(pooled: $1)) })
        let penalty = try #require(FeatureSplitting().penalty(.sample(embeddings: embeddings)))
        try fixture.expect(penalty.value.item, matches: "loss_split", mixed: true)
        for (name, report) in zip(names, penalty.reports) { try fixture.expect(-report.value, matches: "split_\(name)", mixed: true) }
        for (name, gradient) in zip(names, gradients(of: penalty.value, with: variables)) {
            try fixture.expect(try #require(gradient), matches: "grad_split.emb_\(name)", mixed: true)
        }
    }

    @Test("the gradient agrees with central differences", arguments: [[5, 8], [8, 5], [2, 2]]) func centralDifferences(shape: [Int]) {
        let z = normal(Shape(shape))
        let slope = gradient(at: z) { loss(of: $0) }
        #expect(largestDirectionalError(of: slope, at: z) { Double(loss(of: $0).item) } < 1e-3)
    }

    @Test("the order of the samples does not matter") func permutation() {
        let z = normal([5, 6])
        #expect(abs(loss(of: z).item - loss(of: z.gathering(rows: [4, 1, 3, 0, 2])).item) < 1e-6)
    }

    @Test("equal halves give 0, an odd last entry counts for nothing") func halves() {
        #expect(loss(of: Tensor([1, 2, 1, 2], shape: [1, 4])).item == 0)
        #expect(loss(of: Tensor([1, 2, 1, 4, 9], shape: [1, 5])).item == -2)
    }

    @Test("NaN comes out as not finite, and embeddings without halves are refused") func edges() {
        #expect(!loss(of: Tensor.full(.nan, [2, 4])).item.isFinite)
        #expect(throws: OptionFault.self) {
            try FeatureSplitting(
                options: .init(),
                context: RegularizerContext(
                    modalities: ["a"], widths: ["a": 1], classes: 2, model: LinearModel(), initializer: Initializer(seed: 1), instance: "f"))
        }
    }

    private func loss(of z: Tensor) -> Tensor {
        FeatureSplitting().penalty(.sample(embeddings: ["a": Embedding(pooled: z)]))?.value ?? Tensor(.nan)
    }
}
