import Configuration
import GoldenFixtures
@testable import MIROPlugin
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Mutual-information regularization with an oracle") struct MIROTests {
    @Test("values and gradients agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "miro"))
    func storedNumbers(fixture: GoldenFixture) throws {
        // Stored maps have their channels second, ours last.
        let z = try channelsLast(fixture.tensor("z")), origin = try channelsLast(fixture.tensor("z0"))
        let spread = try fixture.tensor("b")
        for (name, form) in [("miro", MIRO.Form.logarithm), ("miro_plus_one", .plusOne)] {
            func value(_ z: Tensor, _ b: Tensor) -> Tensor { MIRO.distance(z, from: origin, spread: b, form: form).value }
            try fixture.expect(value(z, spread), matches: name)
            try fixture.expect(channelsLast(gradient(at: z) { value($0, spread) }), matches: "grad_\(name).z")
            try fixture.expect(gradient(at: spread) { value(z, $0) }, matches: "grad_\(name).b")
        }
        try fixture.expect(MIRO.distance(z, from: origin, spread: spread, form: .logarithm).variance, matches: "var")
    }

    @Test("embeddings are compared with those of the initial encoders, however far training has gone") func origin() throws {
        let model = LinearModel()
        let plugin = try MIRO(options: .init(), context: context(model))
        let before = TrainingStep.sample(of: model)
        #expect(try report("distance", plugin, before) == 0)
        let variance = try report("variance", plugin, before)
        #expect(abs(variance - 0.1) < 1e-6)
        let encoder = model.encoderParameters(of: "video")[0]
        encoder.value = encoder.value.detached() * 2
        let step = TrainingStep.sample(of: model)
        let moved = try #require(step.originalEmbeddings["video"]).pooled - #require(before.originalEmbeddings["video"]).pooled
        let distance = try report("distance", plugin, step)
        #expect(abs(distance - moved.squared().mean().item) < 1e-5)
    }

    @Test("a part of the embeddings is refused") func faults() {
        var part = context(LinearModel())
        part.widths["video"] = 3
        #expect(throws: OptionFault.self) { try MIRO(options: .init(), context: part) }
    }

    private func context(_ model: LinearModel) -> RegularizerContext {
        RegularizerContext(
            modalities: model.modalities, widths: model.embeddingWidths, classes: 3, model: model, initializer: Initializer(seed: 1),
            instance: "miro")
    }

    private func report(_ name: String, _ plugin: MIRO, _ step: TrainingStep) throws -> Float {
        try #require(plugin.penalty(step)?.reports.first { $0.name == "video.\(name)" }).value
    }

    private func channelsLast(_ x: Tensor) -> Tensor { x.rank == 3 ? x.transposed(1, 2) : x }
}
