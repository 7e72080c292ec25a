import ConditionalEntropyBottleneckPlugin
import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Conditional-entropy bottleneck") struct ConditionalEntropyBottleneckTests {
    let model = LinearModel()
    let plugin = ConditionalEntropyBottleneck(
        options: .init(),
        context: RegularizerContext(
            modalities: ["video", "audio"], widths: ["video": 6, "audio": 4], classes: 3, model: LinearModel(), initializer: Initializer(seed: 1),
            instance: "bottleneck"))

    @Test("it is the mean squared error of the reconstruction") func value() throws {
        let step = TrainingStep.sample(of: model)
        let parameters = Dictionary(uniqueKeysWithValues: plugin.parts.namedParameters.map { ($0.name, $0.parameter.value) })
        func layer(_ x: Tensor, _ index: Int) throws -> Tensor {
            let weight = try #require(parameters["reconstruction.\(index).weight"])
            return x.matmul(weight, transposingRight: true) + (try #require(parameters["reconstruction.\(index).bias"]))
        }
        let reconstruction = try layer(layer(step.prediction.logits, 0).relu(), 2)
        let target = Tensor.concatenated(step.embeddings.sorted { $0.modality < $1.modality }.map(\.embedding.pooled), axis: 1)
        let found = try #require(plugin.penalty(step)).value.item
        #expect(abs(found - (reconstruction - target).squared().mean().item) < 1e-5)
    }

    @Test("encoders and the perceptron get gradients, the fusion none") func gradientsReach() throws {
        try expectGradients(of: plugin, reach: ["encoders."], andNot: ["fusion."], of: model)
    }

    @Test("the gradient agrees with central differences") func centralDifferences() {
        // The prediction is fixed, as no gradient passes through it.
        let sample = TrainingStep.sample(of: model)
        func loss(_ z: Tensor) -> Tensor {
            var step = sample
            step.originalEmbeddings["video"] = Embedding(pooled: z)
            return plugin.penalty(step)?.value ?? Tensor(.nan)
        }
        let z = normal([8, 6])
        let slope = gradient(at: z) { loss($0) }
        #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 1e-3)
    }

    @Test("NaN comes out as not finite") func notFinite() {
        var step = TrainingStep.sample(of: model)
        step.originalEmbeddings = step.originalEmbeddings.mapPooled { $1 + Tensor(.nan) }
        #expect(plugin.penalty(step)?.value.item.isFinite == false)
    }
}
