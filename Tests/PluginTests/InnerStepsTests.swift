import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import InnerStepsPlugin

@Suite("Inner steps") struct InnerStepsTests {
    /// `ℓ = ½ (a·θ − b)²` of two parameters for each of three terms and two domains; the gradient is `a (a·θ − b)` at `θ + displacement`.
    private struct Quadratic {
        let names = ["encoders.video.w", "fusion.w"]
        let theta: [Double] = [0.5, -1]

        func gradient(_ a: [Double], _ b: Double, at displacement: Gradients?) -> Gradients {
            let moved = zip(theta, names).map { value, name in
                value + Double((displacement.flatMap { $0.names.firstIndex(of: name).flatMap { displacement?.values[$0] } })?.item ?? 0)
            }
            let residual = zip(a, moved).reduce(-b) { $0 + $1.0 * $1.1 }
            return Gradients(names: names, values: a.map { Tensor(Float($0 * residual)) })
        }

        func term(_ name: String, at displacement: Gradients?) -> Gradients? {
            switch name {
            case "task": gradient([1, 2], 1, at: displacement)
            case "own": gradient([3, -1], 2, at: displacement)
            default: nil
            }
        }

        var objective: StepObjective {
            StepObjective(
                terms: ["task", "own"], movedBy: { gradient([1, 2], 1, at: $0) + gradient([3, -1], 2, at: $0) },
                ofTerm: { term($0, at: $1) },
                ofRows: { rows, displacement in
                    rows.contains(0) ? gradient([1, 2], 1, at: displacement) : gradient([-2, 3], 0.5, at: displacement)
                })
        }
    }

    private let loss = Quadratic()
    private var step: TrainingStep { .sample(of: LinearModel(), samples: 4) }
    private func values(_ gradients: Gradients) -> [Float] { gradients.values.map { $0?.item ?? .nan } }
    private func near(_ found: Gradients, _ expected: Gradients) -> Bool {
        areClose(values(found), values(expected), within: 1e-5)
    }

    private func inner(_ change: (inout InnerStep.Options) -> Void) throws -> Gradients {
        var options = InnerStep.Options()
        options.rate = 0.1
        change(&options)
        let plugin = InnerStep(options: options, context: .sample(instance: "inner"))
        return try plugin.changedGradients(loss.objective.gradients(movedBy: Gradients(names: [], values: [])), at: step, of: loss.objective)
    }

    @Test("the whole loss is taken where a step of the encoders has led") func whole() throws {
        let along = try #require(loss.term("own", at: nil))
        let move = (along * -0.1).filter { $0.hasPrefix("encoders.") }
        #expect(near(try inner { $0.along = ["own"] }, try loss.objective.gradients(movedBy: move)))
    }

    @Test("named terms alone are taken there, the rest where the model is") func named() throws {
        let move = try #require(loss.term("own", at: nil)) * -0.1
        let expected = try #require(loss.term("task", at: move)) + #require(loss.term("own", at: nil))
        #expect(near(try inner { ($0.along, $0.terms, $0.parameters) = (["own"], ["task"], .all) }, expected))
    }

    @Test("a term that is not in the loss at this step moves nothing") func absent() throws {
        let plain = try loss.objective.gradients(movedBy: Gradients(names: [], values: []))
        #expect(near(try inner { $0.along = ["later"] }, plain))
        #expect(near(try inner { ($0.along, $0.terms) = (["task"], ["later"]) }, plain))
    }

    @Test("Fish goes where steps on one domain after another lead") func fish() throws {
        var options = Fish.Options()
        options.rate = 0.05
        let step = step
        let found = try Fish(options: options, context: .sample(instance: "fish"))
            .changedGradients(Gradients(names: loss.names, values: [nil, nil]), at: step, of: loss.objective)
        var stream = step.stream("order")
        let (order, rows) = (stream.permutation(2), step.rowsByDomain.map(\.rows))
        let first = try loss.objective.gradients(ofRows: rows[order[0]])
        let second = try loss.objective.gradients(ofRows: rows[order[1]], movedBy: first * -0.05)
        #expect(near(found, (first + second) * 0.5))
        // Another order, or no inner step, gives another direction.
        #expect(!near(found, (first + (try loss.objective.gradients(ofRows: rows[order[1]]))) * 0.5))
    }

    @Test("with one domain in the batch Fish changes nothing") func oneDomain() throws {
        let given = Gradients(names: loss.names, values: [Tensor(3), nil])
        let one = TrainingStep.sample(embeddings: ["video": Embedding(pooled: .ones([4, 6])), "audio": Embedding(pooled: .ones([4, 4]))])
        let found = try Fish(options: .init(), context: .sample(instance: "fish")).changedGradients(given, at: one, of: loss.objective)
        #expect(found.values[0]?.item == 3 && found.values[1] == nil)
    }
}
