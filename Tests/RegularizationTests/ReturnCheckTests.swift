import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// A regularizer whose every hook gives what a test says.
private struct Slip: ChangesEmbeddings, ChangesTargets, AddsPenalty, ChangesGradients {
    var embeddings: (Embeddings) -> Embeddings = { $0 }
    var targets: (Tensor) -> Tensor = { $0 }
    var added: (TrainingStep) throws -> Penalty? = { _ in nil }
    var gradients: (Gradients) -> Gradients = { $0 }

    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings { self.embeddings(embeddings) }
    func changedTargets(_ targets: Tensor, in forward: ForwardPass) -> Tensor { self.targets(targets) }
    func penalty(_ step: TrainingStep) throws -> Penalty? { try added(step) }
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) -> Gradients { self.gradients(gradients) }
}

/// It looks as if it had a penalty, and has no hook.
private struct Idle: RegularizerPlugin {
    static var description: ComponentDescription { ComponentDescription(name: "idle", summary: "for the tests") }
    init(options: NoOptions, context: RegularizerContext) {}
    func penalty(step: TrainingStep) -> Penalty? { nil }
}

/// What a training says of each slip of a regularizer.
@Suite("What a regularizer returns is checked") struct ReturnCheckTests {
    private let model = LinearModel()

    /// The message of the failure in which one step of training ends.
    private func message(_ slip: Slip) throws -> String? {
        let objective = Objective(model, RegularizerList([RegularizerTerm(slip, instance: "slip")]), totalSteps: 10)
        let sample = TrainingStep.sample(of: model, samples: 4, step: 3)
        let batch = Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
        let failure = #expect(throws: TrainingFailure.self) {
            let forward = try objective.forward(batch, sample.pass)
            _ = try objective.changedGradients(objective.gradients(of: forward), of: forward, batch)
        }
        return failure?.description
    }

    @Test("a penalty that is no scalar") func penaltyShape() throws {
        #expect(
            try message(Slip(added: { Penalty(value: $0.embeddings[0].embedding.pooled.sum(axis: 1)) }))
                == "slip at step 3: the penalty must be a scalar, found the shape 4")
    }

    @Test("an embedding of another width") func embeddingShape() throws {
        #expect(
            try message(Slip(embeddings: { $0.mapPooled { $1.slice(axis: 1, 0..<3) } }))
                == "slip at step 3: the embedding of video must keep the shape 4×6, found 4×3")
    }

    @Test("an embedding that is no matrix") func embeddingRank() throws {
        #expect(
            try message(Slip(embeddings: { $0.mapPooled { $1.sum() } }))
                == "slip at step 3: the embedding of video must keep the shape 4×6, found scalar")
    }

    @Test("a modality that vanished") func vanished() throws {
        #expect(
            try message(Slip(embeddings: { $0.selecting(["audio"]) }))
                == "slip at step 3: the embeddings must be those of video, audio, found those of audio")
    }

    @Test("a modality that is there twice") func twice() throws {
        #expect(
            try message(Slip(embeddings: { Embeddings($0.map { ("video", $0.embedding) }) }))
                == "slip at step 3: the embeddings must be those of video, audio, found those of video, video")
    }

    @Test("NaN where there was none") func notANumber() throws {
        #expect(
            try message(Slip(embeddings: { $0.mapPooled { $0 == "audio" ? $1 * .nan : $1 } }))
                == "slip at step 3: the embedding of audio holds nan, where it was finite before")
    }

    @Test("tokens from nowhere") func tokens() throws {
        #expect(
            try message(Slip(embeddings: { $0.mapEmbeddings { Embedding(pooled: $1.pooled, tokens: Tensor.zeros([4, 2, 6])) } }))
                == "slip at step 3: there are tokens of video, which has none")
    }

    @Test("targets of another shape, or that depend on what is trained") func targets() throws {
        #expect(
            try message(Slip(targets: { $0.slice(axis: 1, 0..<2) })) == "slip at step 3: the targets must keep the shape 4×3, found 4×2")
        #expect(
            try message(Slip(targets: { $0.tracked() })) == "slip at step 3: the targets must not depend on anything that is trained")
    }

    @Test("gradients that are missing, foreign or of another shape") func gradients() throws {
        #expect(
            try message(Slip(gradients: { Gradients(names: $0.names.dropLast(), values: $0.values.dropLast()) }))
                == "slip at step 3: the gradient of fusion.classifier.bias is missing")
        #expect(
            try message(Slip(gradients: { Gradients(names: $0.names + ["own"], values: $0.values + [nil]) }))
                == "slip at step 3: there is a gradient of own, which is not trained")
        #expect(
            try message(Slip(gradients: { Gradients(names: $0.names, values: $0.values.dropLast()) }))
                == "slip at step 3: there must be a value for each of 6 gradients, found 5")
        #expect(
            try message(Slip(gradients: { $0.map { $0 == "encoders.video.bias" ? $1.sum() : $1 } }))
                == "slip at step 3: the gradient of encoders.video.bias must keep the shape 6, found scalar")
    }

    @Test("gradients that stopped being numbers") func infiniteGradients() throws {
        #expect(
            try message(Slip(gradients: { $0.map { $0 == "encoders.audio.bias" ? $1 * .infinity : $1 } }))?
                .hasPrefix("slip at step 3: the gradient of encoders.audio.bias holds ") == true)
    }

    @Test("a penalty on a gradient, which would be a constant") func secondDerivative() throws {
        #expect(
            try message(
                Slip(added: { step in
                    let z = step.originalEmbeddings[0].embedding.pooled
                    let slope = Tensors.gradients(of: step.prediction.logits.sum(), with: [z], keepingGraph: true)[0] ?? Tensor(0)
                    return Penalty(value: (slope.squared().sum() - 1).squared() + z.squared().mean())
                })) == "slip at step 3: the penalty depends on a gradient, and gradients cannot be differentiated again")
    }

    @Test("a hook that throws") func thrown() throws {
        struct Refusal: Error, CustomStringConvertible { let description = "there are no anchors" }
        #expect(try message(Slip(added: { _ in throw Refusal() })) == "slip at step 3: there are no anchors")
    }

    @Test("what was not finite before may stay so") func stays() throws {
        let term = RegularizerTerm(Slip(embeddings: { $0.mapPooled { $1 * 2 } }), instance: "slip")
        let broken: Embeddings = ["video": Embedding(pooled: Tensor([.nan, 1], shape: [1, 2]))]
        #expect(try term.changedEmbeddings(broken, in: ForwardPass(.evaluation))["video"]?.pooled.values[1] == 2)
    }

    @Test("the registry refuses a regularizer without a hook, by its name") func hookless() {
        var registry = RegularizerRegistry()
        let refusal = #expect(throws: RegularizerRefusal.self) { try registry.register(Idle.self) }
        #expect(
            refusal?.description
                == "'idle' does nothing: Idle conforms to none of ChangesFeatureMaps, ChangesEmbeddings, ChangesTargets, AddsPenalty, "
                + "ChangesGradients, FollowsUpdates, FollowsValidation and AveragesWeights")
        #expect(registry.names.isEmpty)
    }
}

@Suite("Terms that never act are told") struct TermEffectTests {
    private let model = LinearModel()

    private func seen(_ regularizer: any Regularizer, weight: Double = 1) throws -> (Bool, String) {
        let term = RegularizerTerm(regularizer, instance: "term", weight: weight)
        let objective = Objective(model, RegularizerList([term]), totalSteps: 10)
        let sample = TrainingStep.sample(of: model)
        let batch = Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
        for _ in 0..<3 {
            let forward = try objective.forward(batch, sample.pass)
            _ = try objective.changedGradients(objective.gradients(of: forward), of: forward, batch)
            try objective.followUpdate(of: forward, learningRate: 0.1)
        }
        return (term.hasActed, term.finding)
    }

    private struct Adding: AddsPenalty {
        let added: (TrainingStep) -> Penalty?
        func penalty(_ step: TrainingStep) -> Penalty? { added(step) }
    }

    private struct Changing: ChangesEmbeddings {
        let factor: Float
        func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
            factor == 1 ? embeddings : embeddings.mapPooled { $1 * factor }
        }
    }

    @Test("a penalty acts by its gradient") func penalties() throws {
        func z(_ step: TrainingStep) -> Tensor { step.originalEmbeddings[0].embedding.pooled }
        #expect(try seen(Adding { _ in nil }) == (false, "it had no penalty"))
        #expect(
            try seen(Adding { Penalty(value: z($0).detached().sum()) }) == (false, "its penalty does not depend on anything that is trained"))
        #expect(try seen(Adding { Penalty(value: (z($0) * 0).sum()) }) == (false, "its gradient was exactly 0"))
        #expect(try seen(Adding { Penalty(value: z($0).sum()) }) == (true, ""))
        #expect(try seen(Adding { Penalty(value: z($0).sum()) }, weight: 0) == (false, "its weight was 0 at every step"))
    }

    @Test("embeddings that stay the same do not count") func embeddings() throws {
        #expect(try seen(Changing(factor: 1)) == (false, "it changed no embedding"))
        #expect(try seen(Changing(factor: 2)) == (true, ""))
    }
}
