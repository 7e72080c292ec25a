import Configuration
@testable import DomainRisksPlugin
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Penalties on the losses of the source domains") struct DomainRisksTests {
    @Test("IRM: both forms agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "irm"))
    func irm(fixture: GoldenFixture) throws {
        for (name, form) in [("even_odd", IRM.Form.halves), ("squared", .squared)] {
            var options = IRM.Options()
            options.form = form
            try check(fixture, IRM(options: options, context: .ofDomains([0, 1])), value: name, gradient: "grad_\(name).logits")
        }
    }

    @Test("V-REx: value and gradient agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "v-rex"))
    func vrex(fixture: GoldenFixture) throws {
        let (logits, labels, domains) = try inputs(fixture)
        try check(fixture, VREx(options: .init(), context: .ofDomains([0, 1])), value: "vrex", gradient: "grad_vrex.logits")
        let risks = try #require(DomainRisks(.ofDomains(logits: logits, labels: labels, domains)))
        try fixture.expect(risks.losses, matches: "losses")
    }

    @Test("EQRM: quantiles and their exact gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "eqrm"))
    func eqrm(fixture: GoldenFixture) throws {
        let (logits, labels, domains) = try inputs(fixture)
        let alpha = try fixture.params.number("alpha"), tail = try fixture.params.number("ln_y")
        func quantile(_ logits: Tensor) -> SmoothedQuantile? {
            DomainRisks(.ofDomains(logits: logits, labels: labels, domains)).map { SmoothedQuantile(of: $0.losses) }
        }
        let found = try #require(quantile(logits))
        try fixture.expect(Float(found.bandwidth), matches: "bandwidth")
        try fixture.expect(found(alpha), matches: "eqrm")
        try fixture.expect(found.tail(log: tail), matches: "eqrm_extreme")
        try fixture.expect(gradient(at: logits) { quantile($0)?(alpha) ?? Tensor(.nan) }, matches: "grad_eqrm.logits")
        try fixture.expect(gradient(at: logits) { quantile($0)?.tail(log: tail) ?? Tensor(.nan) }, matches: "grad_eqrm_extreme.logits")
    }

    @Test("EQRM: loss and penalty together are the quantile, in the tail too") func addend() throws {
        let step = TrainingStep.sample(of: LinearModel())
        let risks = try #require(DomainRisks(step))
        for tail in [nil, -100.0] {
            var options = EQRM.Options()
            options.logTail = tail
            let penalty = try #require(EQRM(options: options, context: .ofDomains([0, 1])).penalty(step))
            let quantile = try #require(penalty.reports.first { $0.name == "quantile" }).value
            #expect(abs(penalty.value.item + risks.whole.item - quantile) < 1e-5)
        }
    }

    @Test("EQRM: of domains with equal losses every quantile is that loss") func equalLosses() throws {
        let quantile = SmoothedQuantile(of: Tensor([1.5, 1.5], shape: [2]).tracked())
        #expect(quantile(0.9).item == 1.5 && quantile.tail(log: -10).item == 1.5)
        let losses = Tensor([2], shape: [1])
        #expect(gradient(at: losses) { SmoothedQuantile(of: $0)(0.75) }.values == [1])
    }

    @Test("group DRO: weights, losses and gradients of three steps agree with the stored numbers", arguments: GoldenFixtures.all(kind: "group-dro"))
    func groupDRO(fixture: GoldenFixture) throws {
        var options = GroupDRO.Options()
        options.rate = try fixture.params.number("eta")
        let domains = SourceDomains(Array(0..<(try fixture.params.integer("domains"))))
        let plugin = GroupDRO(options: options, context: .ofDomains(domains))
        let weights = try #require(plugin.parts.namedBuffers.first { $0.name == "weights" }).buffer
        for number in 1...(try fixture.params.integer("steps")) {
            let logits = try fixture.tensor("logits_\(number)")
            let (labels, rows) = (try fixture.integers("labels_\(number)"), try fixture.integers("domains_\(number)"))
            func step(_ logits: Tensor) -> TrainingStep { .ofDomains(logits: logits, labels: labels, rows) }
            let addend = try #require(try plugin.penalty(step(logits))).value
            try fixture.expect(addend, matches: "addend_\(number)", mixed: true)
            let whole = logits.crossEntropy(labels: labels)
            try fixture.expect(addend + whole, matches: "loss_\(number)")
            try fixture.expect(
                gradient(at: logits) { (try? plugin.penalty(step($0)))?.value ?? Tensor(.nan) }, matches: "grad_addend_\(number).logits_\(number)")
            try plugin.follow(step(logits), learningRate: 0.1)
            try fixture.expect(weights.value, matches: "q_\(number)")
        }
    }

    @Test("group DRO: a sample of an unknown domain fails the step with the domain's number") func unknown() {
        let plugin = GroupDRO(options: .init(), context: .ofDomains([0, 2]))
        let fault = #expect(throws: UnknownDomain.self) { try plugin.penalty(.ofDomains(logits: normal([2, 3]), labels: [0, 1], [0, 1])) }
        #expect(fault?.description == "a sample of domain 1, where the source domains are 0, 2")
    }

    private func inputs(_ fixture: GoldenFixture) throws -> (Tensor, [Int], [Int]) {
        (try fixture.tensor("logits"), try fixture.integers("labels"), try fixture.integers("domains"))
    }

    private func check(_ fixture: GoldenFixture, _ plugin: any AddsPenalty, value: String, gradient slope: String) throws {
        let (logits, labels, domains) = try inputs(fixture)
        func loss(_ logits: Tensor) -> Tensor {
            (try? plugin.penalty(.ofDomains(logits: logits, labels: labels, domains)))?.value ?? Tensor(.nan)
        }
        try fixture.expect(loss(logits), matches: value)
        try fixture.expect(gradient(at: logits, of: loss), matches: slope)
    }
}
