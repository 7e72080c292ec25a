import Foundation
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// Half the mean square of every embedding.
private struct Shrink: AddsPenalty {
    func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty.sum(over: step.originalEmbeddings) { z, _ in Penalty(value: z.squared().mean() * 0.5, reports: [("length", z.squared().sum().item)]) }
    }
}

/// Asks for gradients of every kind, and goes on with those that it was given.
private final class Asking: ChangesGradients {
    private(set) var terms: [String] = []
    private(set) var sum: Gradients?
    private(set) var rows: Gradients?

    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        terms = objective.terms
        for term in terms {
            guard let gradients = try objective.gradients(of: term) else { continue }
            sum = sum.map { $0 + gradients } ?? gradients
        }
        #expect(try objective.gradients(of: "nobody") == nil)
        rows = try objective.gradients(ofRows: [0, 2])
        step.report("terms", Float(terms.count))
        return gradients
    }
}

/// A model whose encoders or fusion give what a test says.
private final class Odd: MultimodalModel {
    let base = LinearModel()
    var encoding: (Embeddings) -> Embeddings = { $0 }
    var fusing: (Prediction) -> Prediction = { $0 }
    var modalities: [Modality] { base.modalities }
    var embeddingWidths: [Modality: Int] { base.embeddingWidths }
    var parts: Parts { base.parts }
    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings { encoding(base.encode(inputs, pass: pass)) }
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction { fusing(base.fuse(embeddings, pass: pass)) }
}

/// A linear model with batch normalization and dropout in its encoders.
private final class NormalizedModel: MultimodalModel {
    let base = LinearModel()
    private let norms = ["video": BatchNormalization(6, from: Initializer(seed: 5)), "audio": BatchNormalization(4, from: Initializer(seed: 6))]
    var modalities: [Modality] { base.modalities }
    var embeddingWidths: [Modality: Int] { base.embeddingWidths }
    var parts: Parts { ["base": base.parts, "norms": Parts(norms.sorted { $0.key < $1.key }.map { (name: $0.key, part: $0.value as any Part) })] }
    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings {
        base.encode(inputs, pass: pass).mapPooled { modality, z in
            Dropout(0.5, stream: "drop.\(modality)")(norms[modality.name].map { $0(z, pass) } ?? z, pass)
        }
    }
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction { base.fuse(embeddings, pass: pass) }
}

@Suite("The objective of a step") struct ObjectiveTests {
    private let model = LinearModel()
    private let pass = Pass(isTraining: true, random: RandomSource(seed: 7), step: 2)

    private var batch: Batch {
        let sample = TrainingStep.sample(of: model, samples: 4)
        return Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
    }

    private func expectClose(_ found: Gradients?, _ expected: Gradients) throws {
        let found = try #require(found)
        #expect(found.names == expected.names)
        for (mine, other) in zip(found.values, expected.values) {
            let (mine, other) = (try #require(mine), try #require(other))
            #expect(areClose(mine.values, other.values, within: 1e-5))
        }
    }

    @Test("the gradients of the criterion and of each term add up to that of the loss") func terms() throws {
        let asking = Asking()
        let objective = Objective(
            model, RegularizerList([RegularizerTerm(Shrink(), instance: "shrink", weight: 2), RegularizerTerm(asking, instance: "asking")]))
        let forward = try objective.forward(batch, pass)
        let whole = objective.gradients(of: forward)
        let changed = try objective.changedGradients(whole, of: forward, batch)
        #expect(asking.terms == ["task", "shrink"])
        try expectClose(asking.sum, whole)
        #expect(changed.values.map { $0?.values } == whole.values.map { $0?.values })
    }

    @Test("the gradient of some rows is that of a batch of them alone") func rows() throws {
        let asking = Asking()
        let objective = Objective(
            model, RegularizerList([RegularizerTerm(Shrink(), instance: "shrink"), RegularizerTerm(asking, instance: "asking")]))
        let forward = try objective.forward(batch, pass)
        _ = try objective.changedGradients(objective.gradients(of: forward), of: forward, batch)
        try expectClose(asking.rows, objective.gradients(of: try objective.forward(batch.gathering(rows: [0, 2]), pass).loss))
        let failure = #expect(throws: TrainingFailure.self) { try objective.gradients(batch, pass, ofRows: [4]) }
        #expect(failure?.message == "gradients were asked of the rows [4] of a batch of 4")
    }

    @Test("a term and some rows can be asked for at moved weights, and parameters, statistics and draws are as before") func moved() throws {
        let normalized = NormalizedModel()
        let objective = Objective(normalized, RegularizerList([RegularizerTerm(Shrink(), instance: "shrink", weight: 2)]))
        let sample = TrainingStep.sample(of: model, samples: 6)
        let batch = Batch(inputs: sample.inputs, targets: sample.targets, domains: sample.domains)
        let displacement = objective.gradients(of: try objective.forward(batch, pass)) * -0.5
        let before = (objective.parameters.map(\.parameter.version), normalized.namedBuffers.map(\.buffer.value.values))
        let values = objective.parameters.map(\.parameter.value)
        let found = try #require(try objective.gradients(batch, pass, of: "shrink", movedBy: displacement))
        let rows = try objective.gradients(batch, pass, ofRows: [0, 2, 3], movedBy: displacement)
        #expect(zip(values, objective.parameters).allSatisfy { $0.hasSameBits(as: $1.parameter.value) })
        #expect(normalized.namedBuffers.map(\.buffer.value.values) == before.1)
        // The same once more, bit for bit; and without a displacement something else.
        let again = try #require(try objective.gradients(batch, pass, of: "shrink", movedBy: displacement))
        #expect(found.values.map { $0?.values } == again.values.map { $0?.values })
        #expect(found.values.map { $0?.values } != (try objective.gradients(batch, pass, of: "shrink"))?.values.map { $0?.values })
        // By hand: move, ask, and compare.
        for (parameter, move) in zip(objective.parameters, displacement.values) {
            if let move { parameter.parameter.value = parameter.parameter.value.detached() + move }
        }
        // Nothing of the fusion is in the term.
        let byHand = try #require(try objective.gradients(batch, pass, of: "shrink"))
        #expect(found.values.contains { $0 != nil } && found.values.count == byHand.values.count)
        for (name, (mine, other)) in zip(found.names, zip(found.values, byHand.values)) {
            #expect((mine == nil) == name.hasPrefix("base.fusion.") && (other == nil) == (mine == nil))
            if let mine, let other { #expect(areClose(mine.values, other.values, within: 1e-5)) }
        }
        try expectClose(rows, try objective.gradients(batch, pass, ofRows: [0, 2, 3]))
    }

    @Test("what any hook reports is logged under the term's name") func reports() throws {
        let objective = Objective(
            model, RegularizerList([RegularizerTerm(Shrink(), instance: "shrink"), RegularizerTerm(Asking(), instance: "asking")]))
        let forward = try objective.forward(batch, pass)
        _ = try objective.changedGradients(objective.gradients(of: forward), of: forward, batch)
        #expect(
            forward.reports.map(\.name) == ["shrink", "shrink.weighted", "shrink.video.length", "shrink.audio.length", "asking.terms"])
        #expect(forward.reports.last?.value == 2)
    }

    @Test("a hook in evaluation sees neither targets nor domains") func blind() throws {
        struct Peeking: ChangesEmbeddings {
            func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings {
                #expect((forward.targets == nil) == !forward.isTraining && (forward.domains == nil) == !forward.isTraining)
                return embeddings
            }
        }
        let objective = Objective(model, RegularizerList([RegularizerTerm(Peeking(), instance: "peeking")]))
        _ = try objective.forward(batch, pass)
        _ = try objective.predict(batch.inputs, .evaluation)
    }

    @Test("a model that gives what it does not declare fails the training, not the program") func oddModel() throws {
        func message(_ change: (Odd) -> Void) -> String? {
            let odd = Odd()
            change(odd)
            let failure = #expect(throws: TrainingFailure.self) { try Objective(odd).forward(batch, pass) }
            return failure?.description
        }
        #expect(
            message { $0.encoding = { $0.mapPooled { $1.slice(axis: 1, 0..<2) } } }
                == "model at step 2: the embedding of video must be 4×6, found 4×2")
        #expect(
            message { $0.encoding = { $0.selecting(["audio"]) } }
                == "model at step 2: the embeddings must be those of video, audio, found those of audio")
        #expect(
            message { $0.fusing = { Prediction(logits: $0.logits.slice(axis: 1, 0..<2)) } } == "model at step 2: the prediction must be 4×3, found 4×2")
        #expect(
            message { $0.fusing = { Prediction(logits: $0.logits, representation: Tensor.zeros([3, 2])) } }
                == "model at step 2: the fused representation must be 4×F, found 3×2")
    }
}

@Suite("Criteria") struct CriterionTests {
    private let outputs = Tensor([0.5, -1.5, 3, 0, 2, -0.25], shape: [3, 2])
    private let labels = Tensor([1, 0, 0, 1, 1, 0], shape: [3, 2])

    static let criteria: [Criterion] = [.crossEntropy, .binaryCrossEntropy, .absolute, .squared, .huber(threshold: 1)]

    @Test("the gradient agrees with central differences", arguments: criteria) func gradients(criterion: Criterion) {
        let slope = gradient(at: outputs) { criterion.loss(of: $0, targets: labels) }
        #expect(largestDirectionalError(of: slope, at: outputs) { Double(criterion.loss(of: $0, targets: labels).item) } < 1e-2)
    }

    @Test("values are those of the formulas") func values() {
        func mean(_ entry: (Double, Double) -> Double) -> Float {
            Float(zip(outputs.values, labels.values).reduce(0) { $0 + entry(Double($1.0), Double($1.1)) } / 6)
        }
        func close(_ criterion: Criterion, _ expected: Float) -> Bool {
            abs(criterion.loss(of: outputs, targets: labels).item - expected) < 1e-6
        }
        #expect(close(.binaryCrossEntropy, mean { x, t in log(1 + exp(x)) - t * x }))
        #expect(close(.absolute, mean { abs($0 - $1) }))
        #expect(close(.squared, mean { ($0 - $1) * ($0 - $1) }))
        #expect(close(.huber(threshold: 1), mean { x, t in abs(x - t) <= 1 ? (x - t) * (x - t) / 2 : abs(x - t) - 0.5 }))
    }

    @Test("large logits do not overflow, and NaN stays NaN", arguments: criteria) func edges(criterion: Criterion) {
        let large = Tensor([500, -500], shape: [1, 2])
        #expect(criterion.loss(of: large, targets: Tensor([0, 1], shape: [1, 2])).item.isFinite)
        #expect(criterion.loss(of: large * .nan, targets: Tensor([0, 1], shape: [1, 2])).item.isNaN)
    }
}
