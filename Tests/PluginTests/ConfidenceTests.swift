@testable import ConfidencePlugin
import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Calibrated confidence") struct ConfidenceTests {
    @Test("values and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "cml"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let labels = try fixture.integers("labels")
        let chain = try (0...(try fixture.params.integer("chain"))).map { try fixture.tensor("logits_\($0)") }
        for (name, form) in [("per_sample", Confidence.Form.samples), ("batch", .batch)] {
            try fixture.expect(Confidence.excess(chain, labels: labels, form: form), matches: name)
            let tracked = chain.map { $0.tracked() }
            let slopes = gradients(of: Confidence.excess(tracked, labels: labels, form: form) + tracked.reduce(Tensor(0)) { $0 + $1.sum() * 0 }, with: tracked)
            for (index, slope) in slopes.enumerated() { try fixture.expect(try #require(slope), matches: "grad_\(name).logits_\(index)") }
        }
        // Beside the mean cross-entropy of all sets it is BalanceBenchmark's whole loss.
        let excess = Confidence.excess(chain, labels: labels, form: .batch) * (try fixture.params.float("lam"))
        let losses = chain.map { $0.crossEntropy(labels: labels) }.reduce(Tensor(0), +) / Float(chain.count)
        try fixture.expect(losses, matches: "ce")
        try fixture.expect(losses + excess, matches: "total")
    }

    @Test("a chain has every set once, from all modalities down to one", arguments: [2, 3, 4]) func chain(count: Int) throws {
        let model = ByNameModel(["audio", "flow", "touch", "video"].dropLast(4 - count))
        let plugin = try Confidence(options: .init(), context: model.context())
        let penalty = try #require(plugin.penalty(model.step()))
        #expect(penalty.reports.map(\.name) == (1...count).reversed().map { "confidence.\($0)" })
        #expect(penalty.value.item >= 0)
        let whole = model.step().prediction.logits.softmax().maximum(axis: 1).mean().item
        #expect(abs(penalty.reports[0].value - whole) < 1e-6)
    }

    @Test("one modality is refused") func faults() {
        #expect(throws: OptionFault.self) { try Confidence(options: .init(), context: ByNameModel(["audio"]).context()) }
    }
}
