import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing
import WeightDecayPlugin

@Suite("Weight decay") struct WeightDecayTests {
    let model = LinearModel()

    @Test("the coupled form is half the rate times the squared norm") func value() throws {
        let penalty = try #require(plugin { $0.rate = 0.2 }.penalty(.sample(of: model)))
        let squaredNorm = parameters("encoders.").reduce(0) { $0 + $1.value.squared().sum().item }
        #expect(abs(penalty.value.item - 0.1 * squaredNorm) < 1e-5)
        #expect(penalty.reports.map(\.name) == ["squared-norm"])
        #expect(abs(penalty.reports[0].value - squaredNorm) < 1e-4)
    }

    @Test("its gradient is the rate times the parameter") func slope() throws {
        let chosen = parameters("encoders.")
        let penalty = try #require(plugin { $0.rate = 0.2 }.penalty(.sample(of: model)))
        let found = gradients(of: penalty.value, with: (chosen + parameters("fusion.")).map(\.value))
        for (parameter, gradient) in zip(chosen, found) {
            let gradient = try #require(gradient)
            for (value, slope) in zip(parameter.value.values, gradient.values) { #expect(abs(slope - 0.2 * value) < 1e-6) }
        }
        #expect(found.dropFirst(chosen.count).allSatisfy { $0 == nil })
    }

    @Test(
        "scope and parameters choose what is decayed",
        arguments: [
            (WeightDecay.Scope.encoders, WeightDecay.Selection.all, ["audio"], 4 * 5 + 4),
            (.encoders, .all, ["video", "audio"], 10 * 5 + 10),
            (.encoders, .matrices, ["video", "audio"], 10 * 5),
            (.model, .all, ["audio"], 10 * 5 + 10 + 3 * 10 + 3),
        ])
    func choice(scope: WeightDecay.Scope, selection: WeightDecay.Selection, modalities: [String], count: Int) {
        for (_, parameter) in model.namedParameters { parameter.value = Tensor.ones(parameter.shape) }
        let decay = plugin(modalities.map { Modality($0) }) { ($0.rate, $0.scope, $0.parameters) = (2, scope, selection) }
        #expect(decay.penalty(.sample(of: model))?.value.item == Float(count))
    }

    @Test("the decoupled form shrinks the parameters by the learning rate times the rate") func decoupled() {
        let before = parameters("encoders.").map(\.value.values)
        let classifier = parameters("fusion.").map(\.value.values)
        let decay = plugin { ($0.rate, $0.form) = (0.5, .decoupled) }
        let step = TrainingStep.sample(of: model)
        #expect(decay.penalty(step) == nil)
        decay.follow(.sample(updating: model, step.pass), learningRate: 0.1)
        for (before, parameter) in zip(before, parameters("encoders.")) {
            for (before, after) in zip(before, parameter.value.values) { #expect(abs(after - before * 0.95) < 1e-6) }
        }
        #expect(parameters("fusion.").map(\.value.values) == classifier)
    }

    @Test("the coupled form does nothing after an update") func coupledUpdate() {
        let before = model.namedParameters.map(\.parameter.value.values)
        plugin { $0.rate = 0.5 }.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        #expect(model.namedParameters.map(\.parameter.value.values) == before)
    }

    @Test("another model's parameters are looked up anew") func anotherModel() throws {
        let decay = plugin { $0.rate = 2 }
        let other = LinearModel(seed: 9)
        let first = try #require(decay.penalty(.sample(of: model))).value.item
        let second = try #require(decay.penalty(.sample(of: other))).value.item
        #expect(first != second)
        #expect(decay.penalty(.sample(of: model))?.value.item == first)
    }

    private func parameters(_ prefix: String) -> [Parameter] {
        model.namedParameters.filter { $0.name.hasPrefix(prefix) }.map(\.parameter)
    }

    private func plugin(_ modalities: [Modality] = ["video", "audio"], _ change: (inout WeightDecay.Options) -> Void) -> WeightDecay {
        var options = WeightDecay.Options()
        change(&options)
        return WeightDecay(options: options, context: .sample(modalities, instance: "weight-decay"))
    }
}
