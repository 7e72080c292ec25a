import GoldenFixtures
import Tensors
import Testing

@Suite struct GoldenCrossEntropyTests {
    private static let fixtures = GoldenFixtures.all(kind: "cross-entropy")

    @Test(arguments: fixtures)
    func `labels give the stored loss and gradient`(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits").tracked()
        let loss = logits.crossEntropy(labels: try fixture.integers("labels"))
        try expect(fixture, "ce", loss, logits)
    }

    @Test(arguments: fixtures)
    func `soft targets give the stored loss and gradient`(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits").tracked()
        try expect(fixture, "ce_soft", logits.crossEntropy(targets: try fixture.tensor("soft")), logits)
    }

    @Test(arguments: fixtures)
    func `smoothed labels give the stored loss and gradient`(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits").tracked()
        let share = try fixture.params.float("label_smoothing")
        let classes = logits.shape[1]
        let targets = Tensor.oneHot(try fixture.integers("labels"), classes: classes) * (1 - share) + share / Float(classes)
        try expect(fixture, "ce_smooth", logits.crossEntropy(targets: targets), logits)
    }

    @Test(arguments: fixtures)
    func `single rows, their sum and weighted means follow from the log-softmax`(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits").tracked()
        let labels = try fixture.integers("labels")
        func rows() -> Tensor { -logits.logSoftmax(axis: -1).picking(labels) }
        try fixture.expect(rows(), matches: "ce_none")
        try expect(fixture, "ce_sum", rows().sum(), logits)
        let weights = try fixture.tensor("weights").gathering(rows: labels)
        try expect(fixture, "ce_weighted", (rows() * weights).sum() / weights.sum(), logits)
    }

    @Test(arguments: fixtures)
    func `rows without a label are left out`(fixture: GoldenFixture) throws {
        let logits = try fixture.tensor("logits").tracked()
        let labels = try fixture.integers("labels_ignore")
        let kept = labels.indices.filter { labels[$0] >= 0 }
        let loss = logits.gathering(rows: kept).crossEntropy(labels: kept.map { labels[$0] })
        try expect(fixture, "ce_ignore", loss, logits)
    }

    private func expect(_ fixture: GoldenFixture, _ name: String, _ loss: Tensor, _ logits: Tensor) throws {
        try fixture.expect(loss, matches: name)
        let gradient = try #require(gradients(of: loss, with: [logits])[0])
        try fixture.expect(gradient, matches: "grad_\(name).logits")
    }
}
