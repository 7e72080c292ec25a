@testable import ANDMaskPlugin
import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("AND-mask") struct ANDMaskTests {
    @Test("entries on which all domains agree are averaged and scaled up, the others are 0") func masked() {
        let gradients = [Tensor([1, 2, -3, 0], shape: [4]), Tensor([3, -2, -1, 4], shape: [4])]
        let (gradient, share) = ANDMask.masked(gradients, agreement: 1)
        #expect(share == 0.5)
        #expect(gradient.values == [4, 0, -4, 0])
    }

    @Test("a smaller agreement asks for a majority") func majority() {
        let gradients = [[Float(1), 1], [2, -1], [3, 1], [-2, -1]].map { Tensor($0, shape: [2]) }
        #expect(ANDMask.masked(gradients, agreement: 0.5).gradient.values == [2, 0])
        #expect(ANDMask.masked(gradients, agreement: 1).gradient.values == [0, 0])
        #expect(ANDMask.masked(gradients, agreement: 0).share == 1)
    }

    @Test("the gradients are those of each domain's rows alone") func rows() throws {
        let names = ["a", "b"]
        let objective = StepObjective(
            movedBy: { $0 },
            ofRows: { rows, _ in
                Gradients(
                    names: names, values: [Tensor([Float(rows.count), rows[0] == 0 ? 1 : -1], shape: [2]), rows[0] == 0 ? Tensor([5], shape: [1]) : nil])
            })
        let step = TrainingStep.ofDomains(normal([5, 2]), [3, 3, 1, 1, 1])
        let given = Gradients(names: names, values: [Tensor.zeros([2]), nil])
        let changed = try plugin.changedGradients(given, at: step, of: objective)
        // The mean of 2 and 3 over the half that is kept; what one domain alone depends on stays.
        #expect(changed["a"]?.values == [5, 0])
        #expect(changed["b"]?.values == [5])
        let kept = try #require(step.reports.first { $0.name == "kept" }).value
        #expect(abs(kept - 2 / 3) < 1e-6)
    }

    @Test("with one domain in the batch the gradients stay as they are") func single() throws {
        let given = Gradients(names: ["a"], values: [Tensor([1, 2], shape: [2])])
        let changed = try plugin.changedGradients(given, at: .ofDomains(normal([2, 2]), [1, 1]), of: .moving { $0 })
        #expect(changed["a"]?.values == [1, 2])
    }

    private var plugin: ANDMask { ANDMask(options: .init(), context: .ofDomains([0, 1])) }
}
