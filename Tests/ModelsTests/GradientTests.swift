import Configuration
import Models
import Networks
import Regularization
import Tensors
import Testing

@Suite struct GradientTests {
    private static let fusions: [(name: String, options: [String: OptionValue])] = [
        ("late", ["hidden": .integer(16)]),
        ("cross-attention", ["width": .integer(8), "heads": .integer(2), "hidden": .integer(16)]),
    ]

    /// Moves each parameter along random directions and compares the loss's change with the gradient.
    @Test(arguments: [0, 1], [true, false])
    func `every parameter's gradient agrees with central differences`(which: Int, isTraining: Bool) throws {
        let model = try ModelSamples.model(4, fusion: Self.fusions[which].name, options: Self.fusions[which].options)
        let batch = ModelSamples.batch(4, samples: 8)
        let pass = Pass(isTraining: isTraining, random: RandomSource(seed: 3), step: 0)
        func loss() -> Tensor {
            model.predict(batch, pass: pass).logits.crossEntropy(labels: [0, 1, 2, 3, 0, 1, 2, 3])
        }
        let parameters = model.namedParameters
        let found = gradients(of: loss(), with: parameters.map(\.parameter.value))
        for ((name, parameter), gradient) in zip(parameters, found) {
            let gradient = try #require(gradient, "\(name) has no gradient")
            // A direction may happen to meet kinks on both sides; most do not.
            let agreeing = (0..<5).count { agrees(parameter, gradient, stream: "\(name).\($0)", loss) }
            #expect(agreeing >= 4, "\(name): \(agreeing) of 5 directions agree")
        }
    }

    private func agrees(_ parameter: Parameter, _ gradient: Tensor, stream: String, _ loss: () -> Tensor) -> Bool {
        var stream = RandomSource(seed: 5).stream(stream)
        let direction = stream.normal(parameter.shape).values
        let products = zip(gradient.values, direction).map { Double($0) * Double($1) }
        let along = products.reduce(0, +)
        let length = products.reduce(0) { $0 + abs($1) }
        let original = parameter.value.values
        defer { parameter.value = Tensor(original, shape: parameter.shape) }
        func shifted(_ factor: Float) -> Double {
            parameter.value = Tensor(zip(original, direction).map { $0 + factor * $1 }, shape: parameter.shape)
            return withoutGradients { Double(loss().item) }
        }
        // A large step meets the rectifiers' kinks and a small one the loss's rounding. Where a kink lies at the very
        // start, the gradient is the slope of one side. So the best of some steps, central or one-sided, counts.
        let start = shifted(0)
        return [4e-3, 1e-3, 2.5e-4].contains { (step: Float) in
            let (ahead, behind) = (shifted(step), shifted(-step))
            let slopes = [(ahead - behind) / 2, ahead - start, start - behind].map { $0 / Double(step) }
            return slopes.contains { abs($0 - along) < 3e-4 + 0.01 * length }
        }
    }

    @Test func `a few steps of training lower the loss`() throws {
        let model = try ModelSamples.model(3)
        let batch = ModelSamples.batch(3, samples: 12)
        let labels = (0..<12).map { $0 % 4 }
        let parameters = model.namedParameters
        let optimizer = Adam(parameters: parameters)
        var losses: [Float] = []
        for step in 0..<40 {
            let loss = model.predict(batch, pass: ModelSamples.training(step: step)).logits.crossEntropy(labels: labels)
            losses.append(loss.item)
            optimizer.update(
                gradients: gradients(of: loss, with: parameters.map(\.parameter.value)), learningRate: 0.01)
        }
        #expect(losses[39] < 0.3 * losses[0])
    }
}
