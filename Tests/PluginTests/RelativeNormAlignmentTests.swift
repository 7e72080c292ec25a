import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import RelativeNormAlignmentPlugin
import Tensors
import Testing

@Suite("Relative norm alignment") struct RelativeNormAlignmentTests {
    @Test("two and three modalities agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "relative-norm-alignment"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let weight = try fixture.params.number("lam")
        for (names, weight, value, slopes) in [
            (["v", "a"], 1, "rna", "grad"), (["v", "a"], weight, "weighted", "grad_weighted"), (["v", "a", "f"], 1, "rna3", "grad_rna3"),
        ] {
            let variables = try names.map { try fixture.tensor($0).tracked() }
            let embeddings = Embeddings(zip(names, variables).map { (Modality($0), Embedding(pooled: $1)) })
            let term = RegularizerTerm(RelativeNormAlignment(), instance: "rna", weight: weight)
            let penalty = try #require(try term.penalty(.sample(embeddings: embeddings)))
            try fixture.expect(penalty.value.item, matches: value, mixed: true)
            for (name, gradient) in zip(names, gradients(of: penalty.value, with: variables)) {
                try fixture.expect(try #require(gradient), matches: "\(slopes).\(name)", mixed: true)
            }
            for report in penalty.reports where report.name == "rna.v.norm" || report.name == "rna.a.norm" {
                try fixture.expect(report.value, matches: "mean_norm_\(report.name.split(separator: ".")[1])", mixed: true)
            }
        }
    }

    @Test("the gradient agrees with central differences", arguments: [[5, 9], [9, 3], [2, 4]]) func centralDifferences(shape: [Int]) {
        let z = normal(Shape(shape))
        for other in [true, false] {
            let fixed = normal([shape[0], 6], seed: 3)
            func loss(_ z: Tensor) -> Tensor { alignment(other ? (z, fixed) : (fixed, z)) }
            let slope = gradient(at: z) { loss($0) }
            #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 1e-3)
        }
    }

    @Test("the order of the samples does not matter") func permutation() {
        let (a, b) = (normal([5, 3]), normal([5, 7], seed: 2))
        #expect(abs(alignment((a, b)).item - alignment((a.gathering(rows: [4, 1, 3, 0, 2]), b)).item) < 1e-6)
    }

    @Test("equal mean lengths have no penalty, and twice the length has 1") func values() {
        let z = normal([4, 3])
        #expect(alignment((z, z * -1)).item == 0)
        #expect(abs(alignment((z * 2, z)).item - 1) < 1e-6)
        #expect(abs(alignment((z, z * 2)).item - 0.25) < 1e-6)
    }

    @Test("the order of the modalities can be given") func order() throws {
        let embeddings: Embeddings = ["audio": Embedding(pooled: Tensor.ones([2, 1])), "video": Embedding(pooled: Tensor.ones([2, 1]) * 3)]
        #expect(RelativeNormAlignment().penalty(.sample(embeddings: embeddings)).map { abs($0.value.item - 4.0 / 9) < 1e-6 } == true)
        #expect(try make(["video", "audio"]).penalty(.sample(embeddings: embeddings))?.value.item == 4)
        #expect(throws: OptionFault.self) { try make(["video"]) }
        #expect(throws: OptionFault.self) { try make(["video", "flow"]) }
    }

    @Test("rows of 0 stay finite, and NaN comes out as not finite") func edges() {
        let z = Tensor.concatenated([Tensor.zeros([1, 3]), normal([3, 3])], axis: 0)
        let slope = gradient(at: z) { alignment(($0, normal([4, 2]))) }
        #expect(slope.values.allSatisfy { $0.isFinite })
        #expect(slope.values.prefix(3).allSatisfy { $0 == 0 })
        #expect(!alignment((z + Tensor(.nan), z)).item.isFinite)
    }

    @Test("one modality is refused") func oneModality() {
        #expect(throws: OptionFault.self) {
            try RelativeNormAlignment(options: .init(), context: .sample(["video"], instance: "rna"))
        }
    }

    private func alignment(_ arrays: (Tensor, Tensor)) -> Tensor {
        let embeddings: Embeddings = ["a": Embedding(pooled: arrays.0), "b": Embedding(pooled: arrays.1)]
        return RelativeNormAlignment().penalty(.sample(embeddings: embeddings))?.value ?? Tensor(.nan)
    }

    private func make(_ order: [String]) throws -> RelativeNormAlignment {
        var options = RelativeNormAlignment.Options()
        options.order = order
        return try RelativeNormAlignment(options: options, context: .sample(["audio", "video"], instance: "rna"))
    }
}
