import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing
import VonNeumannEntropyPlugin

@Suite("Von Neumann entropy") struct VonNeumannEntropyTests {
    @Test("entropy and gradient agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "von-neumann-entropy"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let z = try fixture.tensor("z")
        try fixture.expect(SpectralEntropy(of: z).value.item, matches: "vne", mixed: true)
        try fixture.expect(gradient(at: z) { SpectralEntropy(of: $0).value }, matches: "grad.z", mixed: true)
    }

    @Test("the gradient agrees with central differences", arguments: [[5, 9], [9, 3], [2, 4], [4, 4]])
    func centralDifferences(shape: [Int]) {
        let z = normal(Shape(shape))
        let slope = gradient(at: z) { SpectralEntropy(of: $0).value }
        #expect(largestDirectionalError(of: slope, at: z) { Double(SpectralEntropy(of: $0).value.item) } < 2e-3)
    }

    @Test("it lies between one direction and all directions", arguments: [[6, 3], [3, 6]]) func bounds(shape: [Int]) {
        let direction = normal([1, shape[1]])
        let collapsed = SpectralEntropy(of: normal([shape[0], 1], seed: 2).matmul(direction)).value.item
        #expect(abs(collapsed) < 1e-5)
        let spread = Tensor.identity(3)
        #expect(abs(SpectralEntropy(of: spread).value.item - 1.0986123) < 1e-6)
        #expect(SpectralEntropy(of: normal(Shape(shape))).value.item < 1.0986123)
    }

    @Test("the order and the lengths of the samples do not matter") func invariance() {
        let z = normal([5, 8])
        let changed = z.gathering(rows: [3, 0, 4, 1, 2]) * Tensor([2, 0.5, 8, 1, 3], shape: [5, 1])
        #expect(abs(SpectralEntropy(of: z).value.item - SpectralEntropy(of: changed).value.item) < 1e-5)
    }

    @Test("the penalty is minus the sum over the modalities") func sum() throws {
        let embeddings: Embeddings = ["video": Embedding(pooled: normal([4, 6])), "audio": Embedding(pooled: normal([4, 3], seed: 2))]
        let penalty = try #require(VonNeumannEntropy().penalty(.sample(embeddings: embeddings)))
        #expect(penalty.reports.map(\.name) == ["video.entropy", "audio.entropy"])
        #expect(abs(penalty.value.item + penalty.reports.reduce(0) { $0 + $1.value }) < 1e-6)
    }

    @Test("equal rows, rows of 0 and constant columns stay finite") func degenerate() {
        let arrays = [
            Tensor.ones([4, 7]), Tensor.concatenated([Tensor.zeros([1, 3]), normal([3, 3])], axis: 0),
            Tensor.concatenated([Tensor.ones([5, 2]), normal([5, 2])], axis: 1), Tensor.zeros([3, 3]),
        ]
        for z in arrays {
            #expect(SpectralEntropy(of: z).value.item.isFinite)
            #expect(gradient(at: z) { SpectralEntropy(of: $0).value }.values.allSatisfy { $0.isFinite })
        }
    }

    @Test("NaN comes out as NaN", arguments: [[4, 6], [6, 4]]) func notFinite(shape: [Int]) {
        var values = normal(Shape(shape)).values
        values[3] = .nan
        let z = Tensor(values, shape: Shape(shape))
        #expect(SpectralEntropy(of: z).value.item.isNaN)
        #expect(gradient(at: z) { SpectralEntropy(of: $0).value }.values.contains { $0.isNaN })
    }
}
