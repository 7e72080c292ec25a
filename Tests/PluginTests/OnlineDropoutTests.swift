import Configuration
import GoldenFixtures
import Networks
@testable import OnlineDropoutPlugin
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("On-the-fly dropout of embeddings") struct OnlineDropoutTests {
    @Test("rates, cleaned embeddings and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "opm"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let labels = try fixture.integers("labels")
        let logits = try [0, 1].map { try fixture.tensor("logits_\($0)") }
        let scores = logits.map { Double($0.softmax().picking(labels).sum().item) }
        let rates = OnlineDropout.rates(scores: scores, base: try fixture.params.number("q_base"), growth: try fixture.params.number("lam"))
        for index in 0...1 {
            try fixture.expect(Float(scores[index]), matches: "score_\(index)")
            try fixture.expect(Float(rates[index]), matches: "drop_\(index)")
        }
        let kept = try [0, 1].map { try fixture.converted("keep_\($0)").values.map { $0 != 0 } }
        let rows = try fixture.integers("kept_rows")
        let z = try [0, 1].map { try fixture.tensor("z_\($0)").tracked() }
        let embeddings: Embeddings = ["0": Embedding(pooled: z[0]), "1": Embedding(pooled: z[1])]
        let cleaned = OnlineDropout.cleaned(embeddings, kept: kept, rates: rates)
        var weighted = Tensor(0)
        for (index, (_, embedding)) in cleaned.enumerated() {
            let remaining = embedding.pooled.gathering(rows: rows)
            try fixture.expect(remaining, matches: "cleaned_\(index)")
            weighted += (remaining * (try fixture.tensor("upstream_\(index)").gathering(rows: rows))).sum()
        }
        for (index, slope) in gradients(of: weighted, with: z).enumerated() { try fixture.expect(try #require(slope), matches: "grad.z_\(index)") }
    }

    @Test("about the rate of the samples lose the modality that leads, and no sample loses all", arguments: [2, 3, 4])
    func shares(count: Int) throws {
        let model = ByNameModel(["audio", "flow", "touch", "video"].dropLast(4 - count))
        var options = OnlineDropout.Options()
        (options.share, options.base) = (1, 0.6)
        let plugin = try OnlineDropout(options: options, context: model.context())
        let step = model.step(samples: 2000)
        let forward = ForwardPass(step.pass, targets: step.targets, domains: step.domains)
        let changed = plugin.changedEmbeddings(step.embeddings, in: forward)
        let alone = UnimodalPredictions(step.embeddings, model: model, pass: .evaluation).probabilities(of: step.labels)
        let rates = OnlineDropout.rates(scores: alone, base: 0.6, growth: 0.5)
        #expect(rates.contains { $0 > 0 } && rates.contains { $0 == 0 })
        let isDropped = changed.map { $0.embedding.pooled.norm(axis: 1).values.map { $0 == 0 } }
        for (dropped, rate) in zip(isDropped, rates) { #expect(abs(Double(dropped.count { $0 }) / 2000 - rate) < 0.04) }
        #expect((0..<2000).allSatisfy { row in isDropped.contains { !$0[row] } })
    }

    @Test("some batches are left alone, and all in evaluation") func untouched() throws {
        let model = ByNameModel(["audio", "video"])
        var options = OnlineDropout.Options()
        options.share = 0
        let step = model.step()
        let forward = ForwardPass(step.pass, targets: step.targets)
        func values(_ embeddings: Embeddings) -> [[Float]] { embeddings.map { $0.embedding.pooled.values } }
        let never = try OnlineDropout(options: options, context: model.context())
        #expect(values(never.changedEmbeddings(step.embeddings, in: forward)) == values(step.embeddings))
        options.share = 1
        let always = try OnlineDropout(options: options, context: model.context())
        #expect(values(always.changedEmbeddings(step.embeddings, in: forward)) != values(step.embeddings))
        #expect(values(always.changedEmbeddings(step.embeddings, in: ForwardPass(.evaluation))) == values(step.embeddings))
    }
}
