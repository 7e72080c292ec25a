import Networks
import RegularizerTesting
import Tensors
import Testing

@testable import Regularization

@Suite("A second view of a batch") struct SecondViewTests {
    @Test("without noise and dropout it is the first one") func same() {
        let step = TrainingStep.sample(of: LinearModel())
        #expect(step.secondView(noise: 0).modalities == step.originalEmbeddings.modalities)
        for (first, second) in zip(step.originalEmbeddings, step.secondView(noise: 0)) {
            #expect(first.embedding.pooled.hasSameBits(as: second.embedding.pooled))
        }
    }

    @Test("its noise is relative to a modality's own inputs, and leaves out what is missing") func noise() throws {
        let model = LinearModel(widths: [("video", 5)])
        // One sample lacks the modality; what stands there means nothing.
        var values = [Float](repeating: 0, count: 400 * 5).indices.map { $0 % 2 == 0 ? Float(98) : 102 }
        for index in 0..<5 { values[index] = .nan }
        let present = [false] + [Bool](repeating: true, count: 399)
        let inputs = Inputs(["video": Tensor(values, shape: [400, 5])], presences: ["video": Presence(samples: present)])
        let pass = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)
        let view = SecondView(of: inputs, model: model, pass: pass)
        let (plain, noisy) = (try #require(view.embeddings(noise: 0)["video"]), try #require(view.embeddings(noise: 0.5)["video"]))
        #expect(noisy.presence.samples == present && noisy.pooled[0..<1].values.allSatisfy { $0 == 0 })
        // The noise of one input is 0.5 · 2; the linear map makes of it noise of the length of its rows.
        let weight = try #require(model.namedParameters.first { $0.name == "encoders.video.weight" }).parameter.value.squared().sum().item
        let found = (noisy.present - plain.present).squared().sum(axis: 1).mean().item
        #expect(abs(found / weight - 1) < 0.2)
    }

    @Test("two terms are shown the same one, of their own modalities and rows") func shared() throws {
        final class Reads: AddsPenalty {
            var seen: [Embeddings] = []
            func penalty(_ step: TrainingStep) -> Penalty? {
                seen.append(step.secondView(noise: 0.3))
                return seen.last?.first.map { Penalty(value: $0.embedding.pooled.squared().mean()) }
            }
        }
        let (first, second, model) = (Reads(), Reads(), LinearModel())
        let step = TrainingStep.sample(of: model)
        _ = try RegularizerTerm(first, instance: "first", on: ["audio"]).penalty(step)
        _ = try RegularizerTerm(second, instance: "second").penalty(step.gathering(rows: [4, 1]))
        let (narrow, some) = (try #require(first.seen.first), try #require(second.seen.first))
        #expect(narrow.modalities == ["audio"] && some.modalities == ["video", "audio"] && some.batchSize == 2)
        let (whole, part) = (try #require(narrow["audio"]).pooled, try #require(some["audio"]).pooled)
        #expect(part.hasSameBits(as: whole.gathering(rows: [4, 1])))
    }

    @Test("its gradient reaches the encoders, and running statistics stay as they are") func gradients() throws {
        final class Normalized: MultimodalModel {
            let modalities: [Modality] = ["a"], embeddingWidths: [Modality: Int] = ["a": 3]
            let (layer, norm) = (Linear(4, 3, from: Initializer(seed: 1)), BatchNormalization(3, from: Initializer(seed: 2)))
            var parts: Parts { ["encoders": ["a": ["layer": layer, "norm": norm] as Parts] as Parts, "fusion": [:] as Parts] }
            func encode(_ inputs: Inputs, pass: Pass) -> Embeddings { ["a": Embedding(pooled: norm(layer(inputs["a"] ?? Tensor(0)), pass))] }
            func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction { Prediction(logits: embeddings[0].embedding.pooled) }
        }
        let model = Normalized()
        var stream = RandomSource(seed: 3).stream("x")
        let pass = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)
        let view = SecondView(of: Inputs(["a": stream.normal([6, 4])]), model: model, pass: pass)
        let before = model.namedBuffers.map(\.buffer.value.values)
        let loss = view.embeddings(noise: 0.1)[0].embedding.pooled.tanh().sum()
        #expect(model.namedBuffers.map(\.buffer.value.values) == before)
        let slopes = Tensors.gradients(of: loss, with: model.namedParameters.map(\.parameter.value))
        #expect(slopes.allSatisfy { $0?.values.contains { $0 != 0 } ?? false })
    }
}
