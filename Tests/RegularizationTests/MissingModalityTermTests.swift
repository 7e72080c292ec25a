import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// A regularizer that knows nothing of missing modalities, and takes down what it is shown.
private final class Onlooker: RegularizerPlugin, AddsPenalty, ChangesEmbeddings, ChangesTargets, ChangesGradients, FollowsUpdates {
    static var description: ComponentDescription { ComponentDescription(name: "onlooker", summary: "for the tests") }
    static var minimumBatch: Int { 2 }

    private(set) var samples: [String: Int] = [:]
    private(set) var tokens: Tensor?

    init() {}
    init(options: NoOptions, context: RegularizerContext) {}

    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
        samples["embeddings"] = embeddings.batchSize
        samples["targets of embeddings"] = forward.targets?.count
        return embeddings.mapPooled { $1 * 2 }
    }
    func changedTargets(_ targets: Tensor, in forward: ForwardPass) -> Tensor {
        samples["targets"] = targets.shape[0]
        return targets * 0.5
    }
    func penalty(_ step: TrainingStep) -> Penalty? {
        samples["penalty"] = step.batchSize
        tokens = step.embeddings[0].embedding.tokens
        return Penalty(value: step.originalEmbeddings.reduce(Tensor(0)) { $0 + $1.embedding.pooled.squared().mean() })
    }
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        samples["gradients"] = step.domains.count
        return try objective.gradients(ofRows: [0, 2])
    }
    func follow(_ step: TrainingStep, learningRate: Float) { samples["updates"] = step.prediction.logits.shape[0] }
}

@Suite("A regularizer that knows nothing of missing modalities")
struct MissingModalityTermTests {
    private let model = LinearModel()
    private let onlooker = Onlooker()

    /// Six samples; the second lacks video, the last audio.
    private func batch(video: [Bool] = [true, false, true, true, true, true]) -> Batch {
        let sample = TrainingStep.sample(of: model, samples: 6)
        let inputs = Inputs(
            ["video": sample.inputs["video"] ?? Tensor(0), "audio": sample.inputs["audio"] ?? Tensor(0)],
            presences: ["video": Presence(samples: video), "audio": Presence(samples: [true, true, true, true, true, false])])
        return Batch(inputs: inputs, targets: sample.targets, domains: sample.domains)
    }

    private var pass: Pass { Pass(isTraining: true, random: RandomSource(seed: 1), step: 0) }

    private func objective(on modalities: [Modality]? = nil) -> Objective {
        Objective(model, RegularizerList([RegularizerTerm(onlooker, instance: "onlooker", on: modalities)]), totalSteps: 10)
    }

    @Test("is shown complete samples in every hook")
    func complete() throws {
        let (objective, batch) = (objective(), batch())
        let forward = try objective.forward(batch, pass)
        #expect(onlooker.samples == ["embeddings": 4, "targets of embeddings": 4, "targets": 4, "penalty": 4])
        _ = try objective.changedGradients(objective.gradients(of: forward.loss), of: forward, batch)
        try objective.followUpdate(of: forward, learningRate: 0)
        #expect(onlooker.samples["gradients"] == 4 && onlooker.samples["updates"] == 4)
    }

    @Test("changes the embeddings and targets of complete samples and leaves the others")
    func changes() throws {
        let (with, without) = (objective(), Objective(model, totalSteps: 10))
        let batch = batch()
        let changed = try with.forward(batch, pass).step
        let plain = try without.forward(batch, pass).step
        for modality in model.modalities {
            let (new, old) = (try #require(changed.embeddings[modality]), try #require(plain.embeddings[modality]))
            let factors = Tensor([2, 1, 2, 2, 2, 1], shape: [6, 1])
            #expect(new.pooled.values == (old.pooled * factors).values)
            #expect(new.presence == old.presence)
        }
        let targets = try RegularizerTerm(onlooker, instance: "onlooker")
            .changedTargets(batch.targets.array, in: ForwardPass(pass, presences: plain.embeddings.presences))
        #expect(targets.sum(axis: 1).values == [0.5, 1, 0.5, 0.5, 0.5, 1])
    }

    @Test("is shown the samples that have the modalities of its term")
    func on() throws {
        _ = try objective(on: ["audio"]).forward(batch(), pass)
        #expect(onlooker.samples["penalty"] == 5)
    }

    @Test("names rows by their places among those")
    func rows() throws {
        let (objective, batch) = (objective(), batch())
        let forward = try objective.forward(batch, pass)
        let found = try objective.changedGradients(objective.gradients(of: forward.loss), of: forward, batch)
        // The samples 0, 2, 3 and 4 are complete; the first and the third of them are 0 and 3.
        let expected = try objective.gradients(batch, pass, ofRows: [0, 3])
        #expect(found.values.map { $0?.values } == expected.values.map { $0?.values })
    }

    @Test("has no penalty where fewer complete samples are left than it needs")
    func tooFew() throws {
        let forward = try objective().forward(batch(video: [true, false, false, false, false, true]), pass)
        #expect(forward.penalties.isEmpty)
        #expect(onlooker.samples["penalty"] == nil)
        #expect(forward.loss.item.isFinite)
    }

    @Test("is not given padded tokens, and refused where it would change them")
    func padding() throws {
        let embeddings: Embeddings = [
            "video": Embedding(pooled: normal([2, 3]), tokens: normal([2, 4, 3]), presence: Presence(lengths: [4, 2])),
            "audio": Embedding(pooled: normal([2, 3])),
        ]
        let term = RegularizerTerm(onlooker, instance: "onlooker")
        _ = try term.penalty(.sample(embeddings: embeddings))
        #expect(onlooker.samples["penalty"] == 2 && onlooker.tokens == nil)
        let failure = #expect(throws: TrainingFailure.self) { try term.changedEmbeddings(embeddings, in: ForwardPass(pass)) }
        #expect(
            failure?.message
                == "some tokens of video are padding, and Onlooker does not say that it leaves padding out, by conforming to ReadsPresence")
    }

    @Test("what a regularizer makes of something missing is put back to 0")
    func putBack() throws {
        struct Shift: ChangesEmbeddings, ReadsPresence {
            func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
                embeddings.mapEmbeddings { Embedding(pooled: $1.pooled + 1, tokens: $1.tokens.map { $0 + 1 }) }
            }
        }
        let presence = Presence(samples: [true, false], lengths: [1, 0])
        let embeddings: Embeddings = ["video": Embedding(pooled: .zeros([2, 2]), tokens: .zeros([2, 2, 1]), presence: presence)]
        let changed = try #require(try RegularizerTerm(Shift(), instance: "shift").changedEmbeddings(embeddings, in: ForwardPass(pass))["video"])
        #expect(changed.pooled.values == [1, 1, 0, 0])
        #expect(changed.tokens?.values == [1, 0, 0, 0])
        #expect(changed.presence == presence)
    }
}
