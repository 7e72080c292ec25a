import Regulus
import TensorFusion
import Testing

@Suite struct TensorFusionNetworkTests {
    private func model(_ modalities: Int, embedding: Int = 3) throws -> TensorFusionNetwork {
        var options = TensorFusionNetwork.Options()
        options.embedding = embedding
        let samples = (0..<modalities).map { (modality: Modality("m\($0)"), shape: Shape([20, 2])) }
        return try TensorFusionNetwork(options: options, context: ModelContext(samples: samples, classes: 4, from: Initializer(seed: 1)))
    }

    @Test(arguments: 1...4)
    func `any number of modalities is encoded and fused`(modalities: Int) throws {
        let model = try model(modalities)
        let inputs = Dictionary(uniqueKeysWithValues: model.modalities.map { ($0, Tensor.ones([5, 20, 2])) })
        let embeddings = model.encode(inputs, pass: .evaluation)
        #expect(embeddings.modalities == model.modalities)
        #expect(model.fuse(embeddings, pass: .evaluation).logits.shape == [5, 4])
    }

    @Test func `the fusion sees products of embeddings, and each alone`() throws {
        let model = try model(2, embedding: 1)
        func logits(_ a: Float, _ b: Float) -> [Float] {
            let embeddings: Embeddings = ["m0": Embedding(pooled: Tensor([a], shape: [1, 1])), "m1": Embedding(pooled: Tensor([b], shape: [1, 1]))]
            return model.fuse(embeddings, pass: .evaluation).representation?.values ?? []
        }
        // Where no unit of the hidden layer is cut off, the mixed difference is that of the product a·b alone.
        let mixed = zip(zip(logits(1, 1), logits(0, 1)), zip(logits(1, 0), logits(0, 0))).map { $0.0 - $0.1 - $1.0 + $1.1 }
        #expect(mixed.contains { abs($0) > 1e-3 })
    }

    @Test func `an outer product without end is refused`() {
        #expect(throws: OptionFault.self) { try model(6, embedding: 100) }
    }
}
