import GoldenFixtures
import Tensors
import Testing

@testable import Analysis

@Suite("Stored numbers: dependence and probes") struct GoldenDependenceTests {
    @Test("canonical correlations", arguments: GoldenFixtures.cases(kind: "canonical-correlation"))
    func canonicalCorrelations(fixture: GoldenFixture) throws {
        let found = try CanonicalCorrelations(fixture.tensor("x"), fixture.tensor("y"), ridge: fixture.params.number("r"))
        try fixture.expect(found.values.map(Float.init), matches: "correlations", mixed: true)
        try fixture.expect(Float(found.mean(ofLargest: fixture.params.integer("k"))), matches: "mean_top_k", mixed: true)
        #expect(throws: Undefined.self) { try found.mean(ofLargest: found.values.count + 1) }
    }

    @Test("distance correlation", arguments: GoldenFixtures.cases(kind: "distance-correlation"))
    func distanceCorrelation(fixture: GoldenFixture) throws {
        let found = try DistanceCorrelation(fixture.tensor("x"), fixture.tensor("y"))
        try fixture.expect(Float(found.covariance), matches: "dcov2", mixed: true)
        try fixture.expect(Float(found.varianceX), matches: "dvar2_x", mixed: true)
        try fixture.expect(Float(found.varianceY), matches: "dvar2_y", mixed: true)
        try fixture.expect(Float(found.squared), matches: "dcor2", mixed: true)
        try fixture.expect(Float(found.correlation), matches: "dcor", mixed: true)
        try fixture.expect(Float(found.corrected.get()), matches: "dcor2_corrected", mixed: true)
    }

    @Test("HSIC and its gradients", arguments: GoldenFixtures.cases(kind: "hsic"))
    func hsic(fixture: GoldenFixture) throws {
        let found = try HSIC(fixture.tensor("x"), fixture.tensor("y"))
        try fixture.expect(Float(found.widthX), matches: "sigma_x", mixed: true)
        try fixture.expect(Float(found.widthY), matches: "sigma_y", mixed: true)
        try fixture.expect(Float(found.biased), matches: "biased", mixed: true)
        try fixture.expect(Float(found.biasedOverPairs), matches: "biased_n1", mixed: true)
        try fixture.expect(Float(found.unbiased.get()), matches: "unbiased", mixed: true)
        try fixture.expect(Float(found.normalized.get()), matches: "normalized", mixed: true)
        let biased = found.biasedGradients
        try fixture.expect(biased.x, matches: "grad_biased.x", mixed: true)
        try fixture.expect(biased.y, matches: "grad_biased.y", mixed: true)
        let unbiased = try found.unbiasedGradients()
        try fixture.expect(unbiased.x, matches: "grad_unbiased.x", mixed: true)
        try fixture.expect(unbiased.y, matches: "grad_unbiased.y", mixed: true)
    }

    @Test("mutual information", arguments: GoldenFixtures.cases(kind: "mutual-information-ksg"))
    func mutualInformation(fixture: GoldenFixture) throws {
        let found = try MutualInformation(
            fixture.tensor("x"), fixture.tensor("y"), projectionX: fixture.tensor("p_x"), projectionY: fixture.tensor("p_y"),
            neighbors: fixture.params.integer("k"))
        try fixture.expect(found.projectedX.tensor, matches: "u", mixed: true)
        try fixture.expect(found.projectedY.tensor, matches: "v", mixed: true)
        try fixture.expect(found.neighborDistances.map(Float.init), matches: "neighbour_distance", mixed: true)
        #expect(try found.countsX == fixture.integers("n_u"))
        #expect(try found.countsY == fixture.integers("n_v"))
        try fixture.expect(Float(found.value), matches: "mi", mixed: true)
        try fixture.expect(Float(found.clipped), matches: "mi_clipped", mixed: true)
    }

    @Test("ridge probe", arguments: GoldenFixtures.cases(kind: "ridge-probe"))
    func ridgeProbe(fixture: GoldenFixture) throws {
        let (source, target) = (try fixture.tensor("source"), try fixture.tensor("target"))
        let probe = try RidgeProbe(
            on: source, labels: fixture.integers("source_labels"), classes: fixture.params.integer("C"), lambda: fixture.params.number("lam"))
        try fixture.expect(probe.weight, matches: "weight", mixed: true)
        try fixture.expect(probe.bias.map(Float.init), matches: "bias", mixed: true)
        try fixture.expect(probe.scores(of: target), matches: "target_scores", mixed: true)
        #expect(try probe.predictions(for: target) == fixture.integers("target_predictions"))
        try fixture.expect(Float(probe.accuracy(on: source, labels: fixture.integers("source_labels"))), matches: "source_accuracy")
        try fixture.expect(Float(probe.accuracy(on: target, labels: fixture.integers("target_labels"))), matches: "target_accuracy")
    }

    @Test("domain probe", arguments: GoldenFixtures.cases(kind: "domain-probe"))
    func domainProbe(fixture: GoldenFixture) throws {
        let (train, test) = (try fixture.tensor("train"), try fixture.tensor("test"))
        let (trainDomains, testDomains) = (try fixture.integers("train_domains"), try fixture.integers("test_domains"))
        let probe = try DomainProbe(
            on: train, domains: trainDomains, count: fixture.params.integer("E"), lambda: fixture.params.number("lam"))
        try fixture.expect(probe.weight, matches: "weight")
        try fixture.expect(probe.bias.map(Float.init), matches: "bias")
        try fixture.expect(Float(probe.objective), matches: "objective")
        try fixture.expect(probe.logits(of: test), matches: "test_logits")
        #expect(try probe.predictions(for: test) == fixture.integers("test_predictions"))
        try fixture.expect(Float(probe.accuracy(on: train, domains: trainDomains)), matches: "train_accuracy")
        try fixture.expect(Float(probe.accuracy(on: test, domains: testDomains)), matches: "test_accuracy")
        try fixture.expect(Float(DomainProbe.chance(training: trainDomains, test: testDomains)), matches: "chance")
    }
}
