import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import VICRegPlugin

@Suite("VICReg") struct VICRegTests {
    @Test("two modalities agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "vicreg"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let (x, y) = (try fixture.tensor("x"), try fixture.tensor("y"))
        let weights = try ["sim_coeff", "std_coeff", "cov_coeff"].map(fixture.params.number)
        let outputs: [(name: String, weights: [Double])] = [
            ("inv", [1, 0, 0]), ("var", [0, 1, 0]), ("cov", [0, 0, 1]), ("total", weights),
        ]
        for (name, weights) in outputs {
            var options = VICReg.Options()
            (options.invariance, options.variance, options.covariance) = (weights[0], weights[1], weights[2])
            (options.gamma, options.epsilon) = (try fixture.params.number("gamma"), try fixture.params.number("eps"))
            let variables = [x.tracked(), y.tracked()]
            let embeddings: Embeddings = ["x": Embedding(pooled: variables[0]), "y": Embedding(pooled: variables[1])]
            let penalty = try #require(VICReg(options: options).penalty(.sample(embeddings: embeddings)))
            try fixture.expect(penalty.value.item, matches: name, mixed: true)
            let found = gradients(of: penalty.value, with: variables)
            try fixture.expect(try #require(found[0]), matches: "grad_\(name).x", mixed: true)
            try fixture.expect(try #require(found[1]), matches: "grad_\(name).y", mixed: true)
            for report in penalty.reports where report.name != "invariance" {
                let parts = report.name.split(separator: ".")
                try fixture.expect(report.value, matches: "\(parts[1].prefix(3))_\(parts[0])", mixed: true)
            }
        }
    }

    @Test("the gradient agrees with central differences", arguments: [[5, 14], [14, 5], [2, 3]]) func centralDifferences(shape: [Int]) {
        let z = normal(Shape(shape)) * 0.5
        let slope = gradient(at: z) { loss(of: ["video": Embedding(pooled: $0)]) }
        let error = largestDirectionalError(of: slope, at: z) {
            let spread = VICReg().spread(of: $0)
            return 25 * spread.hinge / 2 + spread.covariance
        }
        #expect(error < 1e-4)
    }

    @Test("the order of the samples does not matter") func permutation() {
        let z = normal([6, 9])
        let plain = loss(of: ["video": Embedding(pooled: z)]).item
        let shuffled = loss(of: ["video": Embedding(pooled: z.gathering(rows: [5, 1, 3, 0, 2, 4]))]).item
        #expect(abs(plain - shuffled) < 1e-5 * abs(plain))
    }

    @Test("invariance is the mean over all pairs of modalities") func pairs() throws {
        var options = VICReg.Options()
        (options.invariance, options.variance, options.covariance) = (1, 0, 0)
        let arrays = (0..<3).map { normal([4, 3], seed: UInt64($0)) }
        let embeddings = Embeddings(zip(["a", "b", "c"], arrays).map { (Modality($0), Embedding(pooled: $1)) })
        let found = try #require(VICReg(options: options).penalty(.sample(embeddings: embeddings))).value.item
        let pairs = [(0, 1), (0, 2), (1, 2)].map { (arrays[$0] - arrays[$1]).squared().mean().item }
        #expect(abs(found - pairs.reduce(0, +) / 3) < 1e-6)
    }

    @Test("invariance over modalities of different widths is refused") func differentWidths() {
        let fault = #expect(throws: OptionFault.self) { try make(["video": 6, "audio": 4]) }
        #expect(
            fault?.description == "invariance: expected 0, or at least two modalities of equal width "
                + "(`at: projection` makes the widths equal), found 25.0 with audio 4, video 6")
        #expect(throws: OptionFault.self) { try make(["video": 6]) }
        #expect(throws: Never.self) { try make(["video": 6, "audio": 6]) }
    }

    @Test("constant columns stay finite, and NaN comes out as not finite") func edges() {
        let z = Tensor.concatenated([Tensor.ones([5, 2]), normal([5, 7])], axis: 1)
        #expect(loss(of: ["video": Embedding(pooled: z)]).item.isFinite)
        #expect(gradient(at: z) { loss(of: ["video": Embedding(pooled: $0)]) }.values.allSatisfy { $0.isFinite })
        let broken = z + Tensor(.nan)
        #expect(!loss(of: ["video": Embedding(pooled: broken)]).item.isFinite)
    }

    @Test("one sample has neither variance nor covariance") func oneSample() {
        #expect(VICReg().penalty(.sample(embeddings: ["video": Embedding(pooled: Tensor.ones([1, 4]))])) == nil)
        #expect(VICReg.minimumBatch == 2)
    }

    private func loss(of embeddings: Embeddings) -> Tensor {
        VICReg().penalty(.sample(embeddings: embeddings))?.value ?? Tensor(.nan)
    }

    @discardableResult
    private func make(_ widths: [Modality: Int]) throws -> VICReg {
        var options = VICReg.Options()
        options.invariance = 25
        return try VICReg(
            options: options,
            context: RegularizerContext(
                modalities: widths.keys.sorted(), widths: widths, classes: 3, model: LinearModel(),
                initializer: Initializer(seed: 1), instance: "vicreg"))
    }
}
