import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing
import UnimodalLossPlugin

@Suite("Unimodal loss") struct UnimodalLossTests {
    let model = LinearModel()

    @Test("it is the factor-weighted sum of each modality's cross-entropy") func value() throws {
        let plugin = try make(factor: 2, ["audio=0.5"])
        let step = TrainingStep.sample(of: model)
        let penalty = try #require(plugin.penalty(step))
        var expected: Float = 0
        for (modality, factor) in [("video", Float(2)), ("audio", 0.5)] {
            let weight = try parameter("\(modality).weight", of: plugin)
            let bias = try parameter("\(modality).bias", of: plugin)
            let z = try #require(step.originalEmbeddings[Modality(modality)]).pooled
            let logits = z.matmul(weight, transposingRight: true) + bias
            expected += factor * -logits.logSoftmax().picking(step.labels).mean().item
        }
        #expect(abs(penalty.value.item - expected) < 1e-5)
        #expect(penalty.reports.map(\.name) == ["video", "audio"].flatMap { m in ["loss", "accuracy", "probability"].map { "\(m).\($0)" } })
    }

    @Test("encoders and classifiers get gradients, the fusion none") func gradientsReach() throws {
        let plugin = try make()
        try expectGradients(of: plugin, reach: ["encoders."], andNot: ["fusion."], of: model)
    }

    @Test("the gradient agrees with central differences") func centralDifferences() throws {
        let plugin = try make(["video"], widths: ["video": 4])
        func loss(_ z: Tensor) -> Tensor { plugin.penalty(.sample(embeddings: ["video": Embedding(pooled: z)]))?.value ?? Tensor(.nan) }
        let z = normal([6, 4])
        let slope = gradient(at: z) { loss($0) }
        #expect(largestDirectionalError(of: slope, at: z) { Double(loss($0).item) } < 1e-3)
    }

    @Test("it owns one classifier for each modality it sees") func parts() throws {
        #expect(try make().parts.namedParameters.map(\.name) == ["video.weight", "video.bias", "audio.weight", "audio.bias"])
        #expect(try make(["audio"]).parts.namedParameters.map(\.name) == ["audio.weight", "audio.bias"])
    }

    @Test(
        "factors that do not fit are refused",
        arguments: [("audio", "audio"), ("audio=x", "audio=x"), ("audio=-1", "audio=-1"), ("audo=1", "audo")])
    func faults(entry: String, found: String) {
        let fault = #expect(throws: OptionFault.self) { try make(factor: 1, [entry]) }
        #expect(fault?.option == "factors")
        #expect(fault?.found == found)
    }

    @Test("a modality named twice is refused, and NaN comes out as not finite") func edges() throws {
        #expect(throws: OptionFault.self) { try make(factor: 1, ["audio=1", "audio=2"]) }
        let broken: Embeddings = ["video": Embedding(pooled: Tensor.full(.nan, [2, 6]))]
        #expect(try make(["video"]).penalty(.sample(embeddings: broken))?.value.item.isFinite == false)
    }

    private func make(
        _ modalities: [Modality] = ["video", "audio"], widths: [Modality: Int] = ["video": 6, "audio": 4], factor: Double = 1,
        _ factors: [String] = []
    ) throws -> UnimodalLoss {
        var options = UnimodalLoss.Options()
        (options.factor, options.factors) = (factor, factors)
        return try UnimodalLoss(
            options: options,
            context: RegularizerContext(
                modalities: modalities, widths: widths, classes: 3, model: LinearModel(),
                initializer: Initializer(seed: 1), instance: "unimodal-loss"))
    }

    private func parameter(_ name: String, of plugin: UnimodalLoss) throws -> Tensor {
        try #require(plugin.parts.namedParameters.first { $0.name == name }).parameter.value
    }
}
