import Configuration
@testable import DomainAlignmentPlugin
import GoldenFixtures
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Alignment of the source domains' embeddings") struct DomainAlignmentTests {
    @Test("CORAL: values and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "coral"))
    func coral(fixture: GoldenFixture) throws {
        let (z, domains) = (try fixture.tensor("z"), DomainRows.all(of: try fixture.integers("domains")))
        for (name, form) in [("coral", CORAL.Form.moments), ("deep_coral", .deep)] {
            try fixture.expect(CORAL.distance(of: z, domains, form: form), matches: name)
            try fixture.expect(gradient(at: z) { CORAL.distance(of: $0, domains, form: form) }, matches: "grad_\(name).z")
        }
    }

    @Test("MMD: value and gradient agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "mmd"))
    func discrepancy(fixture: GoldenFixture) throws {
        let (z, domains) = (try fixture.tensor("z"), DomainRows.all(of: try fixture.integers("domains")))
        let gammas = try fixture.params.numbers("gammas")
        try fixture.expect(KernelDiscrepancy(of: z, domains, gammas: gammas).value, matches: "mmd", mixed: true)
        try fixture.expect(gradient(at: z) { KernelDiscrepancy(of: $0, domains, gammas: gammas).value }, matches: "grad.z", mixed: true)
    }

    @Test("information bottleneck: values and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "information-bottleneck"))
    func bottleneck(fixture: GoldenFixture) throws {
        let (z, domains) = (try fixture.tensor("z"), try fixture.integers("domains"))
        for (name, isPooled) in [("ib", false), ("ib_pooled", true)] {
            var options = InformationBottleneck.Options()
            options.isPooled = isPooled
            let plugin = InformationBottleneck(options: options, context: .ofDomains([0, 1]))
            func value(_ z: Tensor) -> Tensor { plugin.penalty(.ofDomains(z, domains))?.value ?? Tensor(.nan) }
            try fixture.expect(value(z), matches: name)
            try fixture.expect(gradient(at: z, of: value), matches: "grad_\(name).z")
        }
    }

    @Test("the numbers of the domains do not matter, nor where their rows stand") func names() throws {
        let z = normal([7, 4])
        let (order, domains) = ([4, 0, 6, 2, 1, 5, 3], [0, 0, 1, 1, 1, 2, 2])
        let renamed = order.map { domains[$0] * 3 + 5 }
        for plugin in plugins {
            let plain = try #require(try plugin.penalty(.ofDomains(z, domains))).value.item
            let other = try #require(try plugin.penalty(.ofDomains(z.gathering(rows: order), renamed))).value.item
            #expect(abs(plain - other) <= 1e-5 * max(1, abs(plain)))
        }
    }

    @Test("domains of equal rows are aligned") func equal() throws {
        let half = normal([3, 4])
        let z = Tensor.concatenated([half, half], axis: 0)
        for plugin in plugins.dropLast() {
            let penalty = try #require(try plugin.penalty(.ofDomains(z, [0, 0, 0, 1, 1, 1])))
            #expect(abs(penalty.value.item) < 1e-6)
        }
    }

    @Test("the penalty sums over the modalities") func sum() throws {
        let step = TrainingStep.sample(of: LinearModel())
        for plugin in plugins {
            let penalty = try #require(try plugin.penalty(step))
            #expect(penalty.reports.count == 2)
            #expect(abs(penalty.value.item - penalty.reports.reduce(0) { $0 + $1.value }) < 1e-5 * abs(penalty.value.item))
        }
    }

    private var plugins: [any AddsPenalty] {
        let context = RegularizerContext.ofDomains([0, 1, 2])
        return [
            CORAL(options: .init(), context: context), MaximumMeanDiscrepancy(options: .init(), context: context),
            InformationBottleneck(options: .init(), context: context),
        ]
    }
}
