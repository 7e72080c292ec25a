import Configuration
import Datasets
import Networks
import Regularization
import Tensors
import Testing

@testable import Experiments

/// Takes the gradient once more at parameters moved by it, and goes on with the first.
private struct Detour: Regularizer {
    func transform(_ gradients: Gradients, step: TrainingStep, recomputing: (Gradients) -> Gradients) -> Gradients {
        _ = recomputing(gradients)
        return gradients
    }
}

/// The gradient at no displacement.
private struct Repeating: Regularizer {
    func transform(_ gradients: Gradients, step: TrainingStep, recomputing: (Gradients) -> Gradients) -> Gradients {
        recomputing(gradients * 0)
    }
}

/// A penalty of 0 whose slope is infinite.
private struct Cliff: Regularizer {
    func penalty(_ step: TrainingStep) -> Penalty? {
        let z = step.embeddings[0].embedding.pooled
        return Penalty(value: (z - z).sum().sqrt())
    }
}

/// Sets every parameter of the model to a number once it is evaluated.
private final class Constant: Regularizer {
    let average: SimpleMovingAverage
    init(_ model: any MultimodalModel) {
        average = SimpleMovingAverage(of: model)
        average.parts.namedBuffers.forEach { $0.buffer.value = Tensor.zeros($0.buffer.shape) }
    }
    var evaluatedWeights: (any WeightAverage)? { average }
}

@Suite("Trainer") struct TrainerTests {
    private func model() throws -> any MultimodalModel {
        let components = try Sample.components()
        return try Sample.plan().makeModel(facts: Sample.dataset().facts, components: components, initializer: Initializer(seed: 1))
    }

    private func trainer(_ model: any MultimodalModel, _ regularizers: [any Regularizer] = []) throws -> Trainer {
        let terms = regularizers.enumerated().map { RegularizerTerm($0.element, instance: "r\($0.offset)") }
        return Trainer(
            model: model, regularizers: RegularizerList(terms), classes: 4, schedule: LearningRateSchedule(base: 0.1, totalSteps: 10),
            random: RandomSource(seed: 1), totalSteps: 10
        ) { SGD(options: SGD.Options(), parameters: $0) }
    }

    private func batch() throws -> Batch {
        let data = try Sample.dataset()
        let rows = Array(0..<12)
        let inputs = try Dictionary(
            uniqueKeysWithValues: data.facts.modalities.map { (Modality($0.name), try data.inputs(rows, modality: $0.name)) })
        return Batch(inputs: inputs, labels: rows.map { data.labels[$0] }, domains: rows.map { data.domains[$0] })
    }

    private func trained(_ regularizers: [any Regularizer]) throws -> [[Float]] {
        let trainer = try trainer(model(), regularizers)
        for _ in 0..<2 { _ = try trainer.train(on: batch()) }
        return trainer.model.state().map(\.value.values)
    }

    @Test("taking the gradient elsewhere leaves parameters, statistics and random draws as they were") func detour() throws {
        #expect(try trained([Detour()]) == trained([]))
    }

    @Test("a gradient that is taken again at the same place is the same") func repetition() throws {
        #expect(try trained([Repeating()]) == trained([]))
    }

    @Test("a finite loss whose gradient is not finite stops the training before it does harm, under the name of its term")
    func infiniteGradient() throws {
        let trainer = try trainer(model(), [Detour(), Cliff()])
        let failure = #expect(throws: TrainingFailure.self) { try trainer.train(on: batch()) }
        #expect(failure?.term == "r1")
        #expect(failure?.step == 0)
        #expect(try trainer.parameters.map(\.parameter.value.values) == model().namedParameters.map(\.parameter.value.values))
    }

    @Test("evaluation sees the averaged weights, training the model's own") func averagedWeights() throws {
        let model = try model()
        let trainer = try trainer(model, [Constant(model)])
        let own = model.namedParameters.map(\.parameter.value.values)
        let score = trainer.evaluate(on: [try batch()])
        #expect(abs(score.loss - 1.386294) < 1e-5)
        #expect(model.namedParameters.map(\.parameter.value.values) == own)
        #expect(try trainer.train(on: batch()).loss != Float(score.loss))
    }
}
