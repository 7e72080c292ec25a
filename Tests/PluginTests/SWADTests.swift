import Configuration
import Networks
import Regularization
import RegularizerTesting
import SWADPlugin
import Tensors
import Testing

@Suite("Stochastic weight averaging densely") struct SWADTests {
    /// One parameter, whose value at each step is known.
    private let model = LinearModel(widths: [("x", 1)], inputs: 1, classes: 1)

    @Test("before the valley begins the last segment is evaluated, and before the first look nothing") func before() throws {
        let plugin = make(patience: 3, horizon: 6)
        #expect(plugin.averagedWeights == nil)
        #expect(try run(plugin, losses: [3, 2]) == [1, 2])
    }

    @Test("the valley begins at the loss that the next ones do not undercut") func start() throws {
        // The losses of epochs 2, 3 and 4 are the first three of which the first is the least: the average is over these.
        #expect(try run(make(patience: 3, horizon: 6), losses: [3, 1, 2, 1.2]) == [1, 2, 3, 3])
    }

    @Test("what lies above the threshold within the horizon is left out, and ends it") func end() throws {
        // The threshold is 1.3 times the mean of 1, 1.1 and 1.2. With a horizon of two, two high losses in a row end the valley.
        let losses = [1, 1.1, 1.2, 1.3, 9, 9, 1, 1]
        let found = try run(make(patience: 3, horizon: 2), losses: losses)
        #expect(found[2] == 2)
        #expect(found[3] == 2.5)
        #expect(found[5...].allSatisfy { $0 == 2.5 })
    }

    @Test("steps within a segment count alike") func segments() throws {
        let plugin = make(patience: 1, horizon: 1)
        for value in [1, 2, 6] as [Float] { step(plugin, value) }
        try look(plugin, loss: 1)
        #expect(try evaluated(plugin) == 3)
    }

    private func make(patience: Int, horizon: Int) -> SWAD {
        var options = SWAD.Options()
        (options.patience, options.horizon) = (patience, horizon)
        return SWAD(
            options: options,
            context: RegularizerContext(
                modalities: ["x"], widths: ["x": 1], classes: 1, model: model, initializer: Initializer(seed: 1), instance: "swad"))
    }

    /// After epochs of one step each, whose weights are 1, 2, 3 …, what is evaluated after each.
    private func run(_ plugin: SWAD, losses: [Double]) throws -> [Float] {
        try losses.enumerated().map { index, loss in
            step(plugin, Float(index + 1))
            try look(plugin, loss: loss)
            return try evaluated(plugin)
        }
    }

    private func step(_ plugin: SWAD, _ value: Float) {
        for (_, parameter) in model.namedParameters { parameter.value = .full(value, parameter.shape) }
        plugin.follow(.sample(updating: model), learningRate: 0.1)
    }

    private func look(_ plugin: SWAD, loss: Double) throws {
        try plugin.follow(ValidationRound(pass: .evaluation, loss: { loss }, steps: { _ in }))
    }

    private func evaluated(_ plugin: SWAD) throws -> Float {
        try #require(plugin.averagedWeights).withAverage { model.namedParameters[0].parameter.value.item }
    }
}
