import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// Scales the gradients.
private struct Scaling: ChangesGradients {
    var factor: Float
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) -> Gradients { gradients * factor }
}

/// Takes the gradients again with every parameter moved by what it was given.
private struct Recomputing: ChangesGradients {
    func changedGradients(_ gradients: Gradients, at step: TrainingStep, of objective: StepObjective) throws -> Gradients {
        try objective.gradients(movedBy: gradients)
    }
}

/// Keeps an average of the model from its first update on.
private final class Averaging: FollowsUpdates, AveragesWeights {
    let average: SimpleMovingAverage
    init(_ model: any MultimodalModel) { average = SimpleMovingAverage(of: model) }
    func follow(_ step: TrainingStep, learningRate: Float) { average.update() }
    var averagedWeights: (any WeightAverage)? { average }
}

@Suite("Gradient hook") struct GradientHookTests {
    private let model = LinearModel()
    private var step: TrainingStep { .sample(of: model) }
    private let gradients = Gradients(names: ["a", "b"], values: [Tensor([1, 2], shape: [2]), nil])

    /// The gradient at a displacement `d` of a loss whose gradient is 10 at rest and 10 + d elsewhere.
    private func slope(_ displacement: Gradients) -> Gradients { displacement.map { $1 + 10 } }

    private func changed(_ terms: [any Regularizer], weight: Double = 1) throws -> [Float]? {
        let list = RegularizerList(
            terms.enumerated().map { RegularizerTerm($0.element, instance: "r\($0.offset)", weight: weight) })
        return try list.changedGradients(gradients, at: step, of: .moving(slope)).values[0]?.values
    }

    @Test("gradients pass through unchanged where nobody changes them") func identity() throws {
        #expect(try changed([]) == [1, 2])
        #expect(try changed([Averaging(model)], weight: 0.5) == [1, 2])
    }

    @Test("terms change them in the order of the list") func order() throws {
        #expect(try changed([Scaling(factor: 3), Recomputing()]) == [39, 48])
        #expect(try changed([Recomputing(), Scaling(factor: 3)]) == [33, 36])
    }

    @Test("the displacements of two terms add up") func displacements() throws {
        // The first moves by 1 and finds 11, the second moves by 11 and so asks for the first's answer there: 10 + 11 + (10 + 11).
        #expect(try changed([Recomputing(), Recomputing()])?.first == 42)
    }

    @Test("the weight blends old and new gradients", arguments: [(0.0, Float(1)), (0.5, 2), (2, 5)])
    func blending(weight: Double, first: Float) throws {
        #expect(try changed([Scaling(factor: 3)], weight: weight)?.first == first)
    }

    @Test("a parameter without a gradient stays without one") func absent() throws {
        let list = RegularizerList([RegularizerTerm(Scaling(factor: 3), instance: "s")])
        #expect(try list.changedGradients(gradients, at: step, of: .moving(slope)).values[1] == nil)
    }

    @Test("outside its steps a term does nothing") func active() throws {
        let term = RegularizerTerm(
            Scaling(factor: 3), instance: "s", weight: 1, schedule: WeightSchedule(), on: nil, at: .embedding, heads: [:], active: 2..<4,
            totalSteps: 10)
        let firsts = try [1, 2, 3, 4].map { index in
            try #require(try term.changedGradients(gradients, at: .sample(of: model, step: index), of: .moving(slope)).values[0]).values[0]
        }
        #expect(firsts == [1, 3, 3, 1])
    }

    @Test("the last average of a list is the one evaluated, and none of weight 0") func evaluated() {
        let (first, second) = (Averaging(model), Averaging(model))
        func list(_ weight: Double) -> RegularizerList {
            RegularizerList([
                RegularizerTerm(first, instance: "first"), RegularizerTerm(second, instance: "second", weight: weight),
            ])
        }
        #expect(list(1).averagedWeights === second.average)
        #expect(list(0).averagedWeights === first.average)
        #expect(RegularizerList([]).averagedWeights == nil)
    }

    @Test("a term of half the embedding sees and changes that half alone") func parts() throws {
        struct Doubling: ChangesEmbeddings, AddsPenalty {
            func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings { embeddings.mapPooled { $1 * 2 } }
            func penalty(_ step: TrainingStep) -> Penalty? {
                step.embeddings.first.map { Penalty(value: Tensor(Float($0.embedding.width))) }
            }
        }
        let term = RegularizerTerm(
            Doubling(), instance: "d", weight: 1, schedule: WeightSchedule(), on: nil, at: .embedding, part: .specific, heads: [:],
            totalSteps: 1)
        let embeddings: Embeddings = ["video": Embedding(pooled: Tensor([1, 2, 3, 4, 5], shape: [1, 5]))]
        #expect(try term.changedEmbeddings(embeddings, in: ForwardPass(.evaluation))["video"]?.pooled.values == [1, 2, 6, 8, 5])
        #expect(try term.penalty(.sample(embeddings: embeddings))?.value.item == 2)
    }
}
