import Configuration
import GoldenFixtures
import Networks
import Tensors
import Testing

@Suite struct OptimizerTests {
    private static let makers: [String] = ["adam", "adamw", "sgd", "lars"]

    private func parameters() -> [NamedParameter] {
        [
            (name: "a.weight", parameter: Parameter(Tensor([1, -2, 3, 4], shape: [2, 2]))),
            (name: "a.bias", parameter: Parameter(Tensor([0.5, -0.5], shape: [2]))),
        ]
    }

    private func optimizer(_ name: String, _ parameters: [NamedParameter]) throws -> any Optimizer {
        let options: [String: OptionValue] = name == "sgd" ? ["momentum": .number(0.9)] : [:]
        return try OptimizerRegistry.standard().make(name, options: options, parameters: parameters)
    }

    private func gradients(_ step: Int) -> [Tensor?] {
        let x = Float(step + 1)
        return [Tensor([x, -1, 0.5 * x, 2], shape: [2, 2]), Tensor([0.1 * x, 3], shape: [2])]
    }

    @Test(arguments: makers)
    func `a restored optimizer goes on with the same bits`(name: String) throws {
        let whole = parameters()
        let uninterrupted = try optimizer(name, whole)
        for step in 0..<6 { uninterrupted.update(gradients: gradients(step), learningRate: 0.1) }

        let part = parameters()
        let before = try optimizer(name, part)
        for step in 0..<3 { before.update(gradients: gradients(step), learningRate: 0.1) }
        let after = try optimizer(name, part)
        try after.load(Dictionary(uniqueKeysWithValues: before.state().map { ($0.name, $0.value) }))
        for step in 3..<6 { after.update(gradients: gradients(step), learningRate: 0.1) }

        for (one, two) in zip(whole, part) { #expect(one.parameter.value.values == two.parameter.value.values) }
    }

    @Test(arguments: makers)
    func `a parameter without a gradient stays as it is and counts no step`(name: String) throws {
        let parameters = parameters()
        let optimizer = try optimizer(name, parameters)
        optimizer.update(gradients: [nil, gradients(0)[1]], learningRate: 0.1)
        #expect(parameters[0].parameter.value.values == [1, -2, 3, 4])
        #expect(parameters[1].parameter.value.values != [0.5, -0.5])
        #expect(optimizer.state().first?.value.values == [0, 1])
    }

    @Test func `an optimizer that forgets makes every step as if it were the first`() throws {
        let (forgetting, fresh) = (parameters(), parameters())
        let optimizer = try OptimizerRegistry.standard().make("adam", options: ["forgets": .bool(true)], parameters: forgetting)
        for step in 0..<4 {
            optimizer.update(gradients: gradients(step), learningRate: 0.1)
            try self.optimizer("adam", fresh).update(gradients: gradients(step), learningRate: 0.1)
        }
        for (one, two) in zip(forgetting, fresh) { #expect(one.parameter.value.values == two.parameter.value.values) }
        // Each value moves by the rate, against the sign of its gradient.
        #expect(areClose(forgetting[0].parameter.value.values, [0.6, -1.6, 2.6, 3.6], within: 1e-4))
    }

    @Test func `parts have rates of their own, and the longest name of a part counts`() throws {
        let rates = [PartRate(part: "a", factor: 0.5), PartRate(part: "a.bias", factor: 0)]
        let (whole, parts) = (parameters(), parameters())
        let plain = try optimizer("adam", whole)
        let grouped = try PartOptimizers(parts, rates: rates) { try optimizer("adam", $0) }
        plain.update(gradients: gradients(0), learningRate: 0.05)
        grouped.update(gradients: gradients(0), learningRate: 0.1)
        #expect(parts[0].parameter.value.values == whole[0].parameter.value.values)
        #expect(parts[1].parameter.value.values == [0.5, -0.5])
        #expect(!PartRate(part: "a.b", factor: 1).contains("a.bias"))
    }

    @Test func `an optimizer with rates of parts goes on with the same bits`() throws {
        let rates = [PartRate(part: "a.bias", factor: 0.1)]
        let (whole, part) = (parameters(), parameters())
        let uninterrupted = try PartOptimizers(whole, rates: rates) { try optimizer("adam", $0) }
        for step in 0..<6 { uninterrupted.update(gradients: gradients(step), learningRate: 0.1) }
        let before = try PartOptimizers(part, rates: rates) { try optimizer("adam", $0) }
        for step in 0..<3 { before.update(gradients: gradients(step), learningRate: 0.1) }
        let after = try PartOptimizers(part, rates: rates) { try optimizer("adam", $0) }
        try after.load(Dictionary(uniqueKeysWithValues: before.state().map { ($0.name, $0.value) }))
        for step in 3..<6 { after.update(gradients: gradients(step), learningRate: 0.1) }
        for (one, two) in zip(whole, part) { #expect(one.parameter.value.values == two.parameter.value.values) }
    }

    @Test func `state is named by slot and parameter`() throws {
        #expect(
            try optimizer("adam", parameters()).state().map(\.name) == [
                "steps", "first-moment.a.weight", "first-moment.a.bias", "second-moment.a.weight",
                "second-moment.a.bias",
            ])
    }

    @Test func `a state of another model is refused with all its faults`() throws {
        let optimizer = try optimizer("sgd", parameters())
        var state = Dictionary(uniqueKeysWithValues: optimizer.state().map { ($0.name, $0.value) })
        state["momentum.a.bias"] = .zeros([3])
        state["momentum.b"] = .zeros([3])
        let mismatch = try #require(throws: StateMismatch.self) { try optimizer.load(state) }
        #expect(
            mismatch.description == """
                the saved state does not fit: 2 matched, 0 missing, 1 unexpected, 1 mis-shaped
                  unexpected: momentum.b
                  mis-shaped: momentum.a.bias: expected 2, found 3
                """)
    }

    @Test(arguments: makers)
    func `every optimizer finds the bottom of a bowl`(name: String) throws {
        let parameter = Parameter(Tensor([3, -2, 1, 4], shape: [2, 2]))
        let optimizer = try optimizer(name, [(name: "x", parameter: parameter)])
        for step in 0..<400 {
            let loss = parameter.value.squared().sum()
            let rate: Float = (name == "lars" ? 5 : 0.05) * (1 - Float(step) / 400)
            optimizer.update(gradients: Tensors.gradients(of: loss, with: [parameter.value]), learningRate: rate)
        }
        #expect(parameter.value.values.allSatisfy { abs($0) < 0.05 })
    }

    @Test func `an unknown optimizer or option is named with the nearest known one`() throws {
        let registry = try OptimizerRegistry.standard()
        #expect(registry.names == ["adam", "adamw", "sgd", "lars"])
        let name = try #require(throws: OptionFault.self) { try registry.make("adma", parameters: []) }
        #expect(name.option == nil && name.found == "adma" && name.suggestion == "adam")
        let option = try #require(throws: OptionFault.self) {
            try registry.make("sgd", options: ["momentun": .number(0.9)], parameters: [])
        }
        #expect(option.option == "momentun" && option.suggestion == "momentum")
        #expect(throws: OptionFault.self) {
            try registry.make("sgd", options: ["momentum": .number(1.5)], parameters: [])
        }
    }
}

@Suite struct GradientNormTests {
    @Test func `the norm is that of all gradients together`() {
        let values = (0..<37).map { Float($0) - 10 }
        let expected = values.reduce(Float(16)) { $0 + $1 * $1 }.squareRoot()
        #expect(abs(gradientNorm([Tensor(values, shape: [37]), nil, Tensor(4)]) - expected) < 1e-4)
    }

    @Test func `clipping scales all gradients by one factor`() {
        var gradients: [Tensor?] = [Tensor([3, 0], shape: [2]), nil, Tensor(4)]
        #expect(clipGradientNorm(&gradients, to: 1) == 5)
        #expect(abs((gradients[0]?.values[0] ?? 0) - 0.6) < 1e-6)
        #expect(abs((gradients[2]?.item ?? 0) - 0.8) < 1e-6)
    }

    @Test func `gradients below the bound stay as they are`() {
        var gradients: [Tensor?] = [Tensor([3, 4], shape: [2])]
        #expect(clipGradientNorm(&gradients, to: 5.1) == 5)
        #expect(gradients[0]?.values == [3, 4])
    }
}
