import Configuration
import FishrPlugin
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@Suite("Fishr") struct FishrTests {
    @Test("averages, penalties and gradients of three steps agree with the stored numbers", arguments: GoldenFixtures.all(kind: "fishr"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let (weight, bias) = (try fixture.tensor("weight"), try fixture.tensor("bias"))
        let ema = try fixture.params.number("ema")
        let plugin = try make(ema: ema, width: weight.shape[1], classes: weight.shape[0])
        for number in 1...(try fixture.params.integer("steps")) {
            let inputs = [try fixture.tensor("z_\(number)"), weight, bias]
            let (labels, domains) = (try fixture.integers("labels_\(number)"), try fixture.integers("domains_\(number)"))
            func step(_ x: [Tensor]) -> TrainingStep {
                .ofDomains(x[0], logits: x[0].matmul(x[1], transposingRight: true) + x[2], labels: labels, domains)
            }
            try fixture.expect(try #require(try plugin.penalty(step(inputs))).value, matches: "penalty_\(number)")
            let tracked = inputs.map { $0.tracked() }
            let slopes = gradients(of: try #require(try plugin.penalty(step(tracked))).value, with: tracked)
            for (name, slope) in zip(["z_\(number)", "weight", "bias"], slopes) {
                try fixture.expect(try #require(slope), matches: "grad_\(number).\(name)")
            }
            if number == 3 {
                let plain = try make(ema: 0, width: weight.shape[1], classes: weight.shape[0])
                try fixture.expect(try #require(try plain.penalty(step(inputs))).value, matches: "penalty_plain")
            }
            try plugin.follow(step(inputs), learningRate: 0.1)
            let averages = try #require(plugin.parts.namedBuffers.first).buffer.value
            try fixture.expect(reordered(averages, classes: weight.shape[0]).values, matches: "m_\(number)")
        }
    }

    @Test("a domain that a batch lacks keeps its average") func missing() throws {
        let plugin = try make(ema: 0.5, width: 4, classes: 3)
        try plugin.follow(.ofDomains(normal([4, 4]), logits: normal([4, 3]), labels: [0, 1, 2, 0], [0, 0, 1, 1]), learningRate: 1)
        let averages = try #require(plugin.parts.namedBuffers.first).buffer
        let before = averages.value
        try plugin.follow(.ofDomains(normal([2, 4]), logits: normal([2, 3]), labels: [0, 1], [1, 1]), learningRate: 1)
        #expect(averages.value.slice(axis: 0, 0..<1).values == before.slice(axis: 0, 0..<1).values)
        #expect(averages.value.slice(axis: 0, 1..<2).values != before.slice(axis: 0, 1..<2).values)
    }

    @Test("a model without a fused representation is refused") func faults() {
        #expect(throws: OptionFault.self) {
            try Fishr(options: .init(), context: .ofDomains([0, 1], model: LinearModel(givesRepresentation: false)))
        }
    }

    private func make(ema: Double, width: Int, classes: Int) throws -> Fishr {
        var options = Fishr.Options()
        options.ema = ema
        return try Fishr(
            options: options, context: .ofDomains([0, 1, 2], classes: classes, model: LinearModel(widths: [("x", width)], classes: classes)))
    }

    /// The stored order: all weights, then all biases; here each class has its weights and its bias together.
    private func reordered(_ averages: Tensor, classes: Int) -> Tensor {
        let (domains, width) = (averages.shape[0], averages.shape[1] / classes)
        let byClass = averages.reshaped([domains, classes, width])
        return Tensor.concatenated(
            [
                byClass.slice(axis: 2, 0..<width - 1).reshaped([domains, classes * (width - 1)]),
                byClass.slice(axis: 2, width - 1..<width).reshaped([domains, classes]),
            ], axis: 1)
    }
}
