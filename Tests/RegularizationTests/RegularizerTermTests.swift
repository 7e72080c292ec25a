import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// Mean of squares of all embeddings that it sees; as a transform, doubles them; notes what it is told.
private final class Probe: ChangesEmbeddings, ChangesTargets, AddsPenalty, FollowsUpdates {
    var seen: [Modality] = []
    var learningRates: [Float] = []
    let scale = Parameter(Tensor(2))

    var parts: Parts { ["scale": scale] }

    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        seen = embeddings.modalities
        return embeddings.mapPooled { _, z in z * 2 }
    }

    func changedTargets(_ targets: Tensor, in forward: ForwardPass) -> Tensor { targets * 0 }

    func penalty(_ step: TrainingStep) -> Penalty? {
        seen = step.originalEmbeddings.modalities
        let terms = step.originalEmbeddings.map { $0.embedding.pooled.squared().mean() }
        guard let first = terms.first else { return nil }
        return Penalty(value: terms.dropFirst().reduce(first, +), reports: [("count", Float(terms.count))])
    }

    func follow(_ step: TrainingStep, learningRate: Float) {
        learningRates.append(learningRate)
    }
}

/// A penalty that is NaN.
private struct Broken: AddsPenalty {
    func penalty(_ step: TrainingStep) -> Penalty? { Penalty(value: Tensor(.nan)) }
}

/// Reverses gradients and leaves values.
private struct Reversal: ChangesEmbeddings {
    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        embeddings.mapPooled { _, z in Tensor.custom(z.detached(), inputs: [z]) { [$0 * -1] } }
    }
}

@Suite("Regularizer term") struct RegularizerTermTests {
    let model = LinearModel()
    var step: TrainingStep { .sample(of: model) }

    @Test("raw value, weighted value and reports are logged under the instance's name") func loggedNames() throws {
        let term = RegularizerTerm(Probe(), instance: "probe", weight: 3)
        let penalty = try #require(try term.penalty(step))
        #expect(penalty.reports.map(\.name) == ["probe", "probe.weighted", "probe.count"])
        #expect(penalty.reports[1].value == penalty.value.item)
        #expect(abs(penalty.reports[0].value * 3 - penalty.value.item) < 1e-5)
        #expect(penalty.reports[2].value == 2)
    }

    @Test("`on:` hides the other modalities") func restriction() throws {
        let probe = Probe()
        let term = RegularizerTerm(probe, instance: "probe", on: ["audio"])
        let value = try #require(try term.penalty(step)).value.item
        #expect(probe.seen == ["audio"])
        #expect(value == step.embeddings["audio"]?.pooled.squared().mean().item)

        let transformed = try term.changedEmbeddings(step.embeddings, in: ForwardPass(step.pass))
        #expect(probe.seen == ["audio"])
        #expect(transformed.modalities == ["video", "audio"])
        #expect(transformed["video"]?.pooled.values == step.embeddings["video"]?.pooled.values)
        #expect(transformed["audio"]?.pooled.values == step.embeddings["audio"]?.pooled.values.map { $0 * 2 })
    }

    @Test("weight 0 measures and changes nothing") func weightZero() throws {
        let probe = Probe()
        let term = RegularizerTerm(probe, instance: "probe", weight: 0)
        let penalty = try #require(try term.penalty(step))
        #expect(penalty.value.item == 0)
        #expect(!penalty.value.isTracked)
        #expect(penalty.reports[0].value > 0)
        #expect(penalty.reports[1].value == 0)
        #expect(try term.changedEmbeddings(step.embeddings, in: ForwardPass(step.pass))["video"]?.pooled.values == step.embeddings["video"]?.pooled.values)
        let targets = Tensor.ones([2, 3])
        #expect(try term.changedTargets(targets, in: ForwardPass(step.pass)).values == targets.values)
        try term.follow(.sample(updating: model, step.pass), learningRate: 0.1)
        #expect(probe.learningRates.isEmpty)
    }

    @Test("a term of weight 0 that is NaN stays out of the loss, and its name is found") func brokenTerm() throws {
        let silent = try #require(try RegularizerTerm(Broken(), instance: "broken", weight: 0).penalty(step))
        #expect(silent.value.item == 0)
        let loud = try #require(try RegularizerTerm(Broken(), instance: "broken").penalty(step))
        #expect(loud.firstNonFiniteReport?.name == "broken")
    }

    @Test("the weight blends a transform", arguments: [0.5, 1, 3]) func blending(weight: Double) throws {
        let term = RegularizerTerm(Probe(), instance: "probe", weight: weight)
        let before = try #require(step.embeddings["video"]).pooled.values
        let after = try #require(try term.changedEmbeddings(step.embeddings, in: ForwardPass(step.pass))["video"]).pooled.values
        #expect(areClose(after, before.map { $0 * Float(1 + weight) }, within: 1e-5))
        #expect(abs(try term.changedTargets(Tensor(1), in: ForwardPass(step.pass)).item - Float(1 - weight)) < 1e-6)
    }

    @Test("a transform that changes gradients alone is applied at any weight") func gradientReversal() {
        let term = RegularizerTerm(Reversal(), instance: "reversal", weight: 0.5)
        let z = normal([3, 2])
        let slope = gradient(at: z) { z in
            let changed = try? term.changedEmbeddings(["video": Embedding(pooled: z)], in: ForwardPass(.evaluation))
            return changed?["video"]?.pooled.sum() ?? Tensor(0)
        }
        #expect(slope.values == [Float](repeating: -1, count: 6))
    }

    @Test("the schedule counts steps against the whole training") func schedule() {
        let term = RegularizerTerm(
            Probe(), instance: "probe", weight: 4, schedule: WeightSchedule(.warmUp, start: 0, end: 0.5), totalSteps: 100)
        let weights = [0, 25, 50, 100].map { step in
            term.effectiveWeight(at: Pass(isTraining: true, random: RandomSource(seed: 0), step: step))
        }
        #expect(weights == [0, 2, 4, 4])
    }

    @Test("the weight scales the step that a term may take after an update") func updateStep() throws {
        let probe = Probe()
        try RegularizerTerm(probe, instance: "probe", weight: 2).follow(.sample(updating: model, step.pass), learningRate: 0.25)
        #expect(probe.learningRates == [0.5])
    }

    @Test("two instances of one regularizer stand side by side") func twoInstances() throws {
        let list = RegularizerList([
            RegularizerTerm(Probe(), instance: "first", weight: 1, on: ["video"]),
            RegularizerTerm(Probe(), instance: "second", weight: 2, on: ["audio"]),
        ])
        let penalty = try #require(try list.penalty(step))
        #expect(
            penalty.reports.map(\.name) == ["first", "first.weighted", "first.count", "second", "second.weighted", "second.count"])
        let weighted = penalty.reports.filter { $0.name.hasSuffix("weighted") }.reduce(0) { $0 + $1.value }
        #expect(abs(penalty.value.item - weighted) < 1e-5)
        #expect(list.parts.namedParameters.map(\.name) == ["first.scale", "second.scale"])
    }

    @Test("transforms are applied in the order of the list") func order() throws {
        let list = RegularizerList([
            RegularizerTerm(Probe(), instance: "first"), RegularizerTerm(Probe(), instance: "second"),
        ])
        let before = try #require(step.embeddings["audio"]).pooled.values
        #expect(try list.changedEmbeddings(step.embeddings, in: ForwardPass(step.pass))["audio"]?.pooled.values == before.map { $0 * 4 })
    }

    @Test("a list without penalties has none") func noPenalty() throws {
        let list = RegularizerList([RegularizerTerm(Reversal(), instance: "reversal")])
        #expect(try list.penalty(step) == nil)
        #expect(try RegularizerList([]).penalty(step) == nil)
    }

    @Test("a list can stand inside a term, which weights all of it") func nesting() throws {
        let inner = RegularizerList([RegularizerTerm(Probe(), instance: "inner", weight: 2)])
        let penalty = try #require(try RegularizerTerm(inner, instance: "outer", weight: 3).penalty(step))
        #expect(penalty.reports.map(\.name) == ["outer", "outer.weighted", "outer.inner", "outer.inner.weighted", "outer.inner.count"])
        #expect(abs(penalty.value.item - 6 * penalty.reports[2].value) < 1e-4)
    }
}
