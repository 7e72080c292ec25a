import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import GradientBlendingPlugin

@Suite("Gradient blending") struct GradientBlendingTests {
    private let model = ByNameModel(["audio", "video"])

    @Test("weights agree with the stored numbers, guarded and not", arguments: GoldenFixtures.cases(kind: "gradient-blending"))
    func storedNumbers(fixture: GoldenFixture) throws {
        func losses(_ when: String) throws -> (training: [Double], validation: [Double]) {
            (try fixture.tensor("train_\(when)").values.map(Double.init), try fixture.tensor("validation_\(when)").values.map(Double.init))
        }
        for (name, guarding) in [("weights", 0), ("weights_guarded", 1e-6)] {
            let weights = BlendedLosses.weights(before: try losses("before"), after: try losses("after"), guarding: guarding)
            try fixture.expect(weights.map { Float($0) }, matches: name)
        }
    }

    @Test("weights begin equal, and follow from the losses of epochs") func following() throws {
        var options = GradientBlending.Options()
        options.every = 1
        let plugin = GradientBlending(options: options, context: model.context())
        #expect(try weights(plugin) == [1 / 3, 1 / 3, 1 / 3])
        for number in 0..<2 {
            for parameter in model.encoderParameters(of: "audio") { parameter.value = parameter.value.detached() * Float(1 + number) }
            let step = model.step()
            plugin.follow(step, learningRate: 0.1)
            try plugin.follow(ValidationRound(pass: .evaluation, loss: { 0 }, steps: { try $0(model.step(samples: 6)) }))
        }
        let found = try weights(plugin)
        #expect(abs(found.reduce(0, +) - 1) < 1e-6)
        #expect(Set(found).count == 3)
    }

    @Test("loss and penalty together are the weighted sum") func sum() throws {
        let plugin = GradientBlending(options: .init(), context: model.context())
        let step = model.step()
        let penalty = try #require(plugin.penalty(step))
        let losses = penalty.reports.filter { $0.name.hasSuffix(".loss") }.map(\.value)
        let fused = step.prediction.logits.crossEntropy(labels: step.labels).item
        #expect(abs(penalty.value.item + fused - (losses.reduce(0, +) + fused) / 3) < 1e-5)
    }

    private func weights(_ plugin: GradientBlending) throws -> [Float] {
        try #require(plugin.penalty(model.step())).reports.filter { $0.name.hasSuffix("weight") }.map(\.value)
    }
}
