import Configuration
import Datasets
import Foundation
import Networks
import Regularization
import Tensors
import Testing

@testable import Training
@testable import TrainingSupport

/// Takes the gradient once more at parameters moved by it, and goes on with the first.
private struct Detour: ChangesGradients {
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        _ = try objective.gradients(movedBy: gradients)
        return gradients
    }
}

/// The gradient at no displacement.
private struct Repeating: ChangesGradients {
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        try objective.gradients(movedBy: gradients * 0)
    }
}

/// A penalty of 0 whose slope is infinite.
private struct Cliff: AddsPenalty {
    func penalty(_ step: TrainingStep) -> Penalty? {
        let z = step.embeddings[0].embedding.pooled
        return Penalty(value: (z - z).sum().sqrt())
    }
}

/// A penalty with a slope of its own for every modality's embedding.
private struct Slope: AddsPenalty {
    func penalty(_ step: TrainingStep) -> Penalty? {
        Penalty(value: step.embeddings.map { $0.embedding.pooled }.reduce(Tensor(0)) { $0 + ($1 * $1 * $1).sum() } * 0.01)
    }
}

/// Sets every parameter of the model to a number once it is evaluated.
private final class Constant: AveragesWeights {
    let average: SimpleMovingAverage
    init(_ model: any MultimodalModel) {
        average = SimpleMovingAverage(of: model)
        for named in average.parts.namedBuffers { named.buffer.value = Tensor.zeros(named.buffer.shape) }
    }
    var averagedWeights: (any WeightAverage)? { average }
}

@Suite("Trainer") struct TrainerTests {
    private func model() throws -> any MultimodalModel {
        let components = try Sample.components()
        return try Sample.plan().makeModel(facts: Sample.dataset().facts, components: components, initializer: Initializer(seed: 1))
    }

    private func trainer(_ model: any MultimodalModel, _ regularizers: [any Regularizer] = []) throws -> Trainer {
        let terms = regularizers.enumerated().map { RegularizerTerm($0.element, instance: "r\($0.offset)") }
        return Trainer(
            objective: Objective(model, RegularizerList(terms), totalSteps: 10), schedule: LearningRateSchedule(base: 0.1, totalSteps: 10),
            random: RandomSource(seed: 1)
        ) { SGD(options: SGD.Options(), parameters: $0) }
    }

    private func batch() throws -> Batch {
        let data = try Sample.dataset()
        let rows = Array(0..<12)
        let inputs = try Dictionary(
            uniqueKeysWithValues: data.facts.modalities.map { (Modality($0.name), try data.inputs(rows, modality: $0.name)) })
        return Batch(
            inputs: Inputs(inputs), targets: .classes(rows.map { data.labels[$0] }, of: data.facts.classes.count), domains: rows.map { data.domains[$0] })
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
        let score = try trainer.evaluate(on: [try batch()])
        #expect(abs(score.loss - 1.386294) < 1e-5)
        #expect(model.namedParameters.map(\.parameter.value.values) == own)
        #expect(try trainer.train(on: batch()).loss != Float(score.loss))
    }

    /// The norm of a summand's gradient by central differences over every value that is trained.
    private func norms(_ trainer: Trainer, _ batch: Batch) throws -> [String: Double] {
        let pass = Pass(isTraining: true, random: RandomSource(seed: 1), step: 0)
        let width: Float = 0.02
        var squares: [String: Double] = [:]
        func summands() throws -> [(name: String, value: Float)] {
            let forward = try trainer.objective.forward(batch, pass)
            return [("task", forward.task.item)] + forward.penalties.map { ($0.name, $0.value.item) }
        }
        for (_, parameter) in trainer.parameters {
            let value = parameter.value
            for index in 0..<parameter.elementCount {
                func moved(_ move: Float) throws -> [(name: String, value: Float)] {
                    var values = value.values
                    values[index] += move
                    parameter.value = Tensor(values, shape: value.shape)
                    return try summands()
                }
                for (high, low) in zip(try moved(width), try moved(-width)) {
                    squares[high.name, default: 0] += pow(Double(high.value - low.value) / Double(2 * width), 2)
                }
            }
            parameter.value = value
        }
        return squares.mapValues { $0.squareRoot() }
    }

    @Test("a term's share is the norm of its own gradient, as weighted, among all of them") func shares() throws {
        let terms = [
            RegularizerTerm(Slope(), instance: "whole", weight: 0.5), RegularizerTerm(Slope(), instance: "none", weight: 0),
            RegularizerTerm(Slope(), instance: "one", weight: 0.5, on: [try model().modalities[0]]), RegularizerTerm(Detour(), instance: "detour"),
        ]
        let trainer = Trainer(
            objective: Objective(try model(), RegularizerList(terms), totalSteps: 10), schedule: LearningRateSchedule(base: 0.1, totalSteps: 10),
            random: RandomSource(seed: 1)
        ) { SGD(options: SGD.Options(), parameters: $0) }
        let norms = try norms(trainer, try batch())
        let shares = try trainer.train(on: batch(), measuringShares: true).gradientShares
        #expect(Set(shares.keys) == ["task", "whole", "none", "one"])
        #expect(shares["none"] == 0)
        #expect(abs(shares.values.reduce(0, +) - 1) < 1e-12)
        let sum = norms.values.reduce(0, +)
        for (name, norm) in norms {
            #expect(abs((shares[name] ?? -1) - norm / sum) < 0.005, "\(name)")
            #expect(name == "none" || norm > 0.02 * sum, "\(name) is too small to be compared")
        }
    }

    @Test("measuring shares changes neither the step nor what comes after it; without a penalty there are none") func measuring() throws {
        func trained(measuring: Bool, _ regularizers: [any Regularizer]) throws -> (values: [[Float]], shares: [String: Double]) {
            let trainer = try trainer(model(), regularizers)
            _ = try trainer.train(on: batch(), measuringShares: measuring)
            let shares = try trainer.train(on: batch(), measuringShares: measuring).gradientShares
            return (trainer.state().map(\.value.values), shares)
        }
        let (with, without) = (try trained(measuring: true, [Slope(), Detour()]), try trained(measuring: false, [Slope(), Detour()]))
        #expect(with.values == without.values)
        #expect(with.shares.count == 2 && without.shares.isEmpty)
        #expect(try trained(measuring: true, []).shares.isEmpty)
    }
}
