import Analysis
import Networks
import Regularization
import Tensors
import Testing

@testable import Training

@Suite("What held-back samples tell of each modality")
struct SourceProbesTests {
    private let labels = [0, 1, 0, 1]
    private let domains = [0, 0, 1, 1]

    /// Two batches of two samples; the first modality knows the class, the second the domain, around a mean of 10.
    private func probes(domains: [Int]? = nil, modalities: [Modality] = ["m1", "m2"], presence: [Bool]? = nil) -> SourceProbes {
        let values: [Modality: [Float]] = ["m1": [-1, 1, -1, 1], "m2": [8, 8, 12, 12]]
        var probes = SourceProbes(samples: 4)
        for rows in [0..<2, 2..<4] {
            let embeddings = Embeddings(
                modalities.map { modality in
                    let own = Array((values[modality] ?? [])[rows])
                    let samples = modality == "m2" ? presence.map { Array($0[rows]) } : nil
                    return (modality: modality, embedding: Embedding(pooled: Tensor(own, shape: [2, 1]), presence: Presence(samples: samples)))
                })
            let batch = Batch(
                inputs: Inputs([:]), targets: .classes(Array(labels[rows]), of: 2), domains: Array((domains ?? self.domains)[rows]), rows: Array(rows))
            probes.add(embeddings, batch)
        }
        return probes
    }

    /// Class 1 where the sum of the modalities is above 10.
    private func fuse(_ embeddings: Embeddings) -> Tensor {
        let values = embeddings.map(\.embedding.pooled.values)
        let sums = (0..<embeddings.batchSize).map { row in values.reduce(Float(-10)) { $0 + $1[row] } }
        return Tensor(sums.flatMap { [-$0, $0] }, shape: [sums.count, 2])
    }

    @Test("each modality alone meets the mean of the others, not nothing")
    func alone() {
        #expect(probes().alone(Classification(), fuse: fuse) == ["m1": 1, "m2": 0.5])
    }

    @Test("a sample counts for the modalities that it has, and the mean is that of those that have one")
    func missing() {
        // Without the last sample the mean of m2 is 28/3, so that m1 alone says class 1 above 2/3.
        let scores = probes(presence: [true, true, true, false]).alone(Classification(), fuse: fuse)
        #expect(scores["m1"] == 1)
        #expect(scores["m2"].map { abs($0 - 1.0 / 3) < 1e-6 } == true)
    }

    @Test("recombined pairs are of one class and of two domains")
    func recombined() {
        // With the domain's part of the other domain half of the samples change sides, whichever modality is exchanged.
        #expect(probes().recombined(Classification(), fuse: fuse) == 0.5)
        var pairs: [[Float]] = []
        _ = probes().recombined(Classification()) { embeddings in
            let values = embeddings.map(\.embedding.pooled.values)
            for row in 0..<embeddings.batchSize { pairs.append(values.map { $0[row] }) }
            return fuse(embeddings)
        }
        #expect(pairs == [[-1, 12], [1, 12], [-1, 8], [1, 8], [-1, 8], [1, 8], [-1, 12], [1, 12]])
    }

    @Test("one domain, or one modality, has nothing to recombine or to silence")
    func nothing() {
        #expect(probes(domains: [0, 0, 0, 0]).recombined(Classification(), fuse: fuse) == nil)
        #expect(probes(modalities: ["m1"]).alone(Classification(), fuse: fuse).isEmpty)
        #expect(probes(modalities: ["m1"]).recombined(Classification(), fuse: fuse) == nil)
    }
}
