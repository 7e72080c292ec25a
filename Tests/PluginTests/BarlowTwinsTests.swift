import BarlowTwinsPlugin
import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Barlow Twins") struct BarlowTwinsTests {
    @Test("two modalities agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "barlow-twins"))
    func storedNumbers(fixture: GoldenFixture) throws {
        var options = BarlowTwins.Options()
        (options.lambda, options.epsilon) = (try fixture.params.number("lambd"), try fixture.params.number("bn_eps"))
        let variables = try ["z1", "z2"].map { try fixture.tensor($0).tracked() }
        let embeddings: Embeddings = ["z1": Embedding(pooled: variables[0]), "z2": Embedding(pooled: variables[1])]
        let penalty = try #require(BarlowTwins(options: options).penalty(.sample(embeddings: embeddings)))
        try fixture.expect(penalty.value.item, matches: "loss", mixed: true)
        try fixture.expect(penalty.reports[0].value, matches: "on_diag", mixed: true)
        try fixture.expect(penalty.reports[1].value, matches: "off_diag", mixed: true)
        let found = gradients(of: penalty.value, with: variables)
        try fixture.expect(try #require(found[0]), matches: "grad.z1", mixed: true)
        try fixture.expect(try #require(found[1]), matches: "grad.z2", mixed: true)
    }

    @Test("the gradient agrees with central differences", arguments: [[5, 9], [9, 3], [2, 4]]) func centralDifferences(shape: [Int]) {
        let others = [normal(Shape(shape), seed: 2), normal(Shape(shape), seed: 3)]
        var options = BarlowTwins.Options()
        (options.lambda, options.epsilon) = (0.3, 0.1)
        func loss(_ z: Tensor) -> CrossCorrelation { CrossCorrelation(of: [others[0], z, others[1]], options: options) }
        let z = normal(Shape(shape))
        let slope = gradient(at: z) { loss($0).value }
        let error = largestDirectionalError(of: slope, at: z) {
            let loss = loss($0)
            return loss.onDiagonal + 0.3 * loss.offDiagonal
        }
        #expect(error < 1e-4)
    }

    @Test("the order of the samples does not matter") func permutation() {
        let arrays = [normal([6, 4]), normal([6, 4], seed: 2)]
        let shuffled = arrays.map { $0.gathering(rows: [5, 1, 3, 0, 2, 4]) }
        #expect(abs(loss(of: arrays).item - loss(of: shuffled).item) < 1e-4)
    }

    @Test("all pairs are summed") func pairs() {
        let arrays = (0..<3).map { normal([5, 4], seed: UInt64($0)) }
        let expected = [(0, 1), (0, 2), (1, 2)].reduce(0) { $0 + loss(of: [arrays[$1.0], arrays[$1.1]]).item }
        #expect(abs(loss(of: arrays).item - expected) < 1e-4)
    }

    @Test("constant columns stay finite, and NaN comes out as not finite") func edges() {
        let z = Tensor.concatenated([Tensor.ones([5, 2]), normal([5, 2])], axis: 1)
        #expect(loss(of: [z, z]).item.isFinite)
        #expect(gradient(at: z) { loss(of: [$0, z]) }.values.allSatisfy { $0.isFinite })
        #expect(!loss(of: [z + Tensor(.nan), z]).item.isFinite)
    }

    @Test("one sample has no correlation") func oneSample() {
        let embedding = Embedding(pooled: Tensor.ones([1, 4]))
        #expect(BarlowTwins().penalty(.sample(embeddings: ["a": embedding, "b": embedding])) == nil)
        #expect(BarlowTwins.minimumBatch == 2)
    }

    @Test("modalities of different widths are refused") func differentWidths() {
        func make(_ widths: [Modality: Int]) throws {
            _ = try BarlowTwins(
                options: .init(),
                context: RegularizerContext(
                    modalities: widths.keys.sorted(), widths: widths, classes: 3, model: LinearModel(),
                    initializer: Initializer(seed: 1), instance: "b"))
        }
        let fault = #expect(throws: OptionFault.self) { try make(["video": 6, "audio": 4]) }
        #expect(fault?.found == "audio 4, video 6")
        #expect(throws: OptionFault.self) { try make(["video": 6]) }
        #expect(throws: Never.self) { try make(["video": 6, "audio": 6]) }
    }

    private func loss(of arrays: [Tensor]) -> Tensor {
        let names: [Modality] = ["a", "b", "c"]
        let embeddings = Embeddings(zip(names, arrays).map { ($0, Embedding(pooled: $1)) })
        return BarlowTwins().penalty(.sample(embeddings: embeddings))?.value ?? Tensor(.nan)
    }
}
