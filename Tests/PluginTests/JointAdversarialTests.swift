import Configuration
import GoldenFixtures
@testable import JointAdversarialPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Joint adversarial training") struct JointAdversarialTests {
    @Test("losses, weights and all gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "jat"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let params = fixture.params
        let names = try params.texts("modalities")
        let domains = try params.integer("E")
        let inputs = try names.map { try fixture.tensor("emb_\($0)") } + names.map { try fixture.tensor("logits_\($0)") } + [fixture.tensor("logits")]
        let width = try fixture.shape(of: "modal_projection.\(names[0]).weight")[0]
        let local = domains > 1 ? try fixture.shape(of: "domain_discriminator.hidden.weight")[0] : 1
        let global = domains > 1 ? try fixture.shape(of: "global_discriminator.hidden.weight")[0] : 1
        let adversaries = Adversaries(
            zip(names, inputs).map { (Modality($0), $1.shape[1]) }, width: width, hidden: (local, global), domains: domains, dropout: 0,
            from: Initializer(seed: 1))
        let owned = adversaries.parts.namedParameters
        for (name, parameter) in owned { parameter.value = try fixture.tensor(name) }
        let (labels, places) = (try fixture.integers("labels"), try fixture.integers("domains"))
        let reversal = (try params.float("alpha_modal"), try params.float("alpha_domain"))
        let factors = try ["l_global", "l_local", "l_modal", "l_classes"].map { try params.float($0) }
        func total(_ x: [Tensor], isConstant: Bool) -> (Tensor, Adversaries.Losses, classes: Tensor, weights: Tensor) {
            let (z, logits) = (Array(x[..<names.count]), Array(x[names.count..<2 * names.count]))
            let losses = adversaries.losses(
                z, reversal: reversal, domains: places, classLogits: logits, Pass(isTraining: true, random: RandomSource(seed: 1), step: 0))
            let (classes, weights) = JointAdversarial.weighted(logits, judged: losses.judged, labels: labels, temperature: 1, isConstant: isConstant)
            let parts = zip([losses.global, losses.local, losses.modal, classes], factors)
            return (
                parts.reduce(x[2 * names.count].crossEntropy(labels: labels)) { sum, part in part.0.map { sum + $0 * part.1 } ?? sum }, losses, classes, weights
            )
        }
        let tracked = inputs.map { $0.tracked() }
        let (value, losses, classes, weights) = total(tracked, isConstant: false)
        for (name, found) in [("total", value), ("modal", losses.modal), ("classes", classes), ("weights", weights)] {
            try fixture.expect(found, matches: name)
        }
        if let local = losses.local, let global = losses.global {
            try fixture.expect(local, matches: "local")
            try fixture.expect(global, matches: "global")
            for (name, judged) in zip(names, losses.judged) { try fixture.expect(judged, matches: "domain_logits_\(name)") }
        }
        let slopes = gradients(of: value, with: tracked + owned.map(\.parameter.value))
        let stored = names.map { "emb_\($0)" } + names.map { "logits_\($0)" } + ["logits"] + owned.map(\.name)
        for (name, slope) in zip(stored, slopes) where fixture.has("grad.\(name)") {
            guard name != "domain_discriminator.hidden.bias" else {
                // A shift before batch normalization changes nothing, but for rounding.
                #expect(slope?.values.allSatisfy { abs($0) < 1e-6 } == true)
                continue
            }
            try fixture.expect(try #require(slope), matches: "grad.\(name)", mixed: true)
        }
        guard fixture.has("grad_detached.emb_\(names[0])") else { return }
        let again = inputs.map { $0.tracked() }
        for (name, slope) in zip(names, gradients(of: total(again, isConstant: true).0, with: again)) {
            try fixture.expect(try #require(slope), matches: "grad_detached.emb_\(name)", mixed: true)
        }
    }

    @Test("with a single source domain nothing tells domains apart") func single() throws {
        let model = ByNameModel(["audio", "video"])
        var context = model.context()
        context.sourceDomains = [0]
        let plugin = try JointAdversarial(options: .init(), context: context)
        let penalty = try #require(try plugin.penalty(model.step()))
        #expect(penalty.reports.map(\.name) == ["modal", "classes", "audio.weight", "video.weight"])
        #expect(!plugin.parts.namedParameters.contains { $0.name.contains("domain") })
    }
}
