import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Embeddings") struct EmbeddingsTests {
    let embeddings: Embeddings = [
        "video": Embedding(pooled: normal([3, 4], seed: 1), tokens: normal([3, 2, 4], seed: 2)),
        "audio": Embedding(pooled: normal([3, 2], seed: 3)),
    ]

    @Test("the order is the one they were given in") func order() {
        #expect(embeddings.modalities == ["video", "audio"])
        #expect(embeddings.map(\.embedding.width) == [4, 2])
        #expect(embeddings.batchSize == 3)
    }

    @Test("assigning replaces in place and appends what is new") func assigning() {
        var changed = embeddings
        changed["video"] = Embedding(pooled: Tensor.zeros([3, 5]))
        changed["flow"] = Embedding(pooled: Tensor.zeros([3, 1]))
        #expect(changed.modalities == ["video", "audio", "flow"])
        #expect(changed["video"]?.width == 5)
        changed["audio"] = nil
        #expect(changed.modalities == ["video", "flow"])
    }

    @Test("selecting ignores names that are not there") func selecting() {
        #expect(embeddings.selecting(["flow", "audio"]).modalities == ["audio"])
    }

    @Test("replacing takes over only what both have") func replacing() {
        let replaced = embeddings.replacing(with: [
            "audio": Embedding(pooled: Tensor.zeros([3, 2])), "flow": Embedding(pooled: Tensor.zeros([3, 1])),
        ])
        #expect(replaced.modalities == ["video", "audio"])
        #expect(replaced["audio"]?.pooled.values == [Float](repeating: 0, count: 6))
        #expect(replaced["video"]?.pooled.values == embeddings["video"]?.pooled.values)
    }

    @Test("mapPooled leaves tokens as they are") func mapPooled() {
        let doubled = embeddings.mapPooled { _, pooled in pooled * 2 }
        #expect(doubled["video"]?.pooled.values == embeddings["video"]?.pooled.values.map { $0 * 2 })
        #expect(doubled["video"]?.tokens?.values == embeddings["video"]?.tokens?.values)
    }
}
