import Configuration
import DomainAdversarialPlugin
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Domain-adversarial training") struct DomainAdversarialTests {
    @Test(
        "loss, gradient penalty and all gradients agree with the stored numbers", arguments: GoldenFixtures.all(kind: "domain-adversarial"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let parameters = fixture.tensorNames.filter { $0.hasSuffix(".weight") || $0.hasSuffix(".bias") }.filter { fixture.role(of: $0) == "input" }
        let z = try fixture.tensor("z")
        let (labels, domains) = (try fixture.integers("labels"), try fixture.integers("domains"))
        func found(gradientPenalty: Double) throws -> (value: Tensor, slopes: [String: Tensor]) {
            let plugin = try make(fixture) { ($0.gradientPenalty, $0.ramps) = (gradientPenalty, false) }
            let owned = Dictionary(uniqueKeysWithValues: plugin.parts.namedParameters.map { ($0.name, $0.parameter) })
            #expect(Set(owned.keys) == Set(parameters.map { "x.\($0)" }))
            for name in parameters { owned["x.\(name)"]?.value = try fixture.tensor(name) }
            let tracked = z.tracked()
            let value = try #require(try plugin.penalty(.ofDomains(tracked, labels: labels, domains))).value
            let leaves = [("z", tracked)] + parameters.map { ($0, owned["x.\($0)"]?.value ?? Tensor(.nan)) }
            let slopes = gradients(of: value, with: leaves.map(\.1))
            return (value, Dictionary(uniqueKeysWithValues: zip(leaves.map(\.0), slopes).map { ($0, $1 ?? Tensor(.nan)) }))
        }
        let plain = try found(gradientPenalty: 0)
        try fixture.expect(plain.value, matches: "disc_loss")
        try fixture.expect(try #require(plain.slopes["z"]), matches: "grad.z")
        for name in parameters { try fixture.expect(try #require(plain.slopes[name]), matches: "grad_disc_loss.\(name)") }
        // The penalty's own part is the difference of two terms, and has the rounding of both.
        let scale = 64.0
        let penalized = try found(gradientPenalty: scale)
        let penalty = try fixture.tensor("grad_penalty").item
        #expect(abs((penalized.value.item - plain.value.item) / Float(scale) - penalty) < 1e-5 * max(1, penalty))
        for name in parameters {
            let (both, one) = (try #require(penalized.slopes[name]), try #require(plain.slopes[name]))
            let wanted = try fixture.tensor("grad_grad_penalty.\(name)")
            let worst = zip(((both - one) * Float(1 / scale)).values, wanted.values).map { abs($0 - $1) }.max() ?? .nan
            #expect(worst < 1e-5 * (wanted.values.map(abs).max() ?? 0) + 1e-7, "\(name)")
        }
    }

    @Test("strength grows with the training's progress as stored", arguments: GoldenFixtures.all(kind: "domain-adversarial"))
    func ramp(fixture: GoldenFixture) throws {
        let plugin = try make(fixture) { _ in }
        let z = try fixture.tensor("z")
        let (labels, domains) = (try fixture.integers("labels"), try fixture.integers("domains"))
        let strength = try fixture.params.float("lam")
        let found = try fixture.tensor("progress").values.map { progress in
            let step = TrainingStep.ofDomains(z, labels: labels, domains, number: Int((progress * 1_000_000).rounded()), totalSteps: 1_000_000)
            _ = try plugin.penalty(step)
            return try #require(step.reports.first { $0.name == "strength" }).value / strength
        }
        try fixture.expect(found, matches: "lambda_schedule")
    }

    @Test("discriminators that do not learn give the encoders the same gradient, and are no parts that anything trains")
    func random() throws {
        let z = normal([6, 4])
        func slope(learns: Bool) throws -> (Tensor, [String]) {
            var options = DomainAdversarial.Options()
            (options.learns, options.ramps) = (learns, false)
            let plugin = DomainAdversarial(options: options, context: .ofDomains(SourceDomains([0, 1]), width: 4))
            let slope = gradient(at: z) { z in
                (try? plugin.penalty(.ofDomains(z, labels: [0, 1, 0, 1, 0, 1], [0, 0, 0, 1, 1, 1])))?.value ?? Tensor(.nan)
            }
            return (slope, plugin.parts.namedParameters.map(\.name))
        }
        let (learning, fixed) = (try slope(learns: true), try slope(learns: false))
        #expect(learning.0.values == fixed.0.values && learning.0.values.contains { $0 != 0 })
        #expect(!learning.1.isEmpty && fixed.1.isEmpty)
    }

    private func make(_ fixture: GoldenFixture, _ change: (inout DomainAdversarial.Options) -> Void) throws -> DomainAdversarial {
        var options = DomainAdversarial.Options()
        options.isConditional = try fixture.params.flag("conditional")
        options.strength = try fixture.params.number("lam")
        (options.width, options.depth) = (try fixture.params.integer("width"), try fixture.params.integer("depth"))
        change(&options)
        let domains = SourceDomains(Array(0..<(try fixture.params.integer("E"))))
        return DomainAdversarial(
            options: options,
            context: .ofDomains(domains, width: try fixture.params.integer("D"), classes: try fixture.params.integer("C")))
    }
}
