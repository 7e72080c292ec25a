import Configuration
import Foundation
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import GradientModulationPlugin

@Suite("Gradient modulation") struct GradientModulationTests {
    private let model = ByNameModel(["audio", "video"])

    @Test(
        "for a linear fusion each modality predicts with its own weights and its share of the bias",
        arguments: Embeddings.Absence.allCases)
    func linearFusion(absence: Embeddings.Absence) {
        let step = model.step()
        let found = UnimodalPredictions(of: model.modalities, step.embeddings, absence: absence, model: model, pass: .evaluation)
        #expect(found.probabilities(of: step.labels).count == model.modalities.count)
        for (modality, probability) in zip(model.modalities, found.probabilities(of: step.labels)) {
            var alone = model.logits(of: modality, step.embeddings) + model.bias.value * 0.5
            if absence == .mean {
                // Half of what the mean embeddings say stays with each: their own part goes, half of both comes.
                let means = step.embeddings.mapPooled { $1.mean(axis: 0, keepingAxis: true) }
                let other: Modality = modality == "audio" ? "video" : "audio"
                alone += (model.logits(of: other, means) - model.logits(of: modality, means)) * 0.5
            }
            let expected = alone.softmax().picking(step.labels).mean().item
            #expect(abs(Float(probability) - expected) < 1e-5)
        }
    }

    @Test("scores, ratios and coefficients of a linear fusion agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "ogm-ge"))
    func storedOnTheFly(fixture: GoldenFixture) throws {
        let strength = try fixture.params.number("alpha")
        try forEachStep(of: fixture) { number, alone, labels in
            let scores = alone.probabilities(of: labels)
            let ratios = ModulationRule.ratios(of: scores)
            try fixture.expect(scores.map { Float($0) }, matches: "scores_\(number)")
            try fixture.expect(ratios.map { Float($0) }, matches: "ratios_\(number)")
            let coefficients = ratios.map { Float(ModulationRule.coefficient(ratio: $0, strength: strength)) }
            try fixture.expect(coefficients, matches: "coefficients_\(number)")
        }
    }

    @Test("adaptive ratios and coefficients over some steps agree with the stored numbers", arguments: GoldenFixtures.cases(kind: "agm"))
    func storedAdaptive(fixture: GoldenFixture) throws {
        let strength = try fixture.params.number("alpha")
        let usual = UsualRatios(try fixture.params.integers("D").count)
        try forEachStep(of: fixture) { number, alone, labels in
            let scores = alone.logProbabilities(of: labels)
            let ratios = ModulationRule.adaptiveRatios(of: scores)
            try fixture.expect(scores.map { Float($0) }, matches: "log_scores_\(number)")
            try fixture.expect(ratios.map { Float($0) }, matches: "ratios_\(number)")
            let coefficients = zip(ratios, usual.means ?? ratios).map {
                Float(ModulationRule.adaptiveCoefficient(ratio: $0, usual: $1, strength: strength))
            }
            try fixture.expect(coefficients, matches: "coefficients_\(number)")
            usual.last = ratios
            usual.commit()
        }
    }

    /// Calls `body` with what each modality of a stored linear fusion predicts alone at each step.
    private func forEachStep(of fixture: GoldenFixture, _ body: (Int, UnimodalPredictions, [Int]) throws -> Void) throws {
        let widths = try fixture.params.integers("D")
        let names = widths.indices.map { Modality("\($0)") }
        let model = LinearModel(widths: Array(zip(names, widths)), classes: try fixture.params.integer("C"))
        let weights = try widths.indices.map { try fixture.tensor("weight_\($0)") }
        for (name, parameter) in model.namedParameters where name.hasPrefix("fusion.") {
            parameter.value = name.hasSuffix("weight") ? Tensor.concatenated(weights, axis: 1) : try fixture.tensor("bias")
        }
        for number in 1...(try fixture.params.integer("steps")) {
            let z = Embeddings(try names.enumerated().map { ($0.element, Embedding(pooled: try fixture.tensor("z_\($0.offset)_\(number)"))) })
            try body(number, UnimodalPredictions(z, model: model, pass: .evaluation), try fixture.integers("labels_\(number)"))
        }
    }

    @Test("ratios are against the mean of the others") func ratios() {
        #expect(ModulationRule.ratios(of: [0.5, 0.25]) == [2, 0.5])
        let three = ModulationRule.ratios(of: [0.6, 0.3, 0.1])
        #expect(abs(three[0] - 3) < 1e-12 && abs(three[1] - 0.3 / 0.35) < 1e-12 && abs(three[2] - 0.1 / 0.45) < 1e-12)
        #expect(ModulationRule.ratios(of: [0.5, 0]) == [.infinity, 0])
        #expect(ModulationRule.ratios(of: [0, 0]) == [1, 1])
    }

    @Test("only a modality that leads is held back") func coefficients() {
        #expect(ModulationRule.coefficient(ratio: 1, strength: 0.8) == 1)
        #expect(ModulationRule.coefficient(ratio: 0.2, strength: 0.8) == 1)
        #expect(abs(ModulationRule.coefficient(ratio: 2, strength: 0.3) - (1 - tanh(0.6))) < 1e-12)
        #expect(ModulationRule.coefficient(ratio: .infinity, strength: 0.3) == 0)
        #expect(ModulationRule.coefficient(ratio: .infinity, strength: 0) == 1)
        #expect(ModulationRule.coefficient(ratio: .nan, strength: 0.3) == 1)
    }

    @Test("encoders' gradients are multiplied by their modality's coefficient, all others stay") func scaling() throws {
        let plugin = try make { ($0.enhancement, $0.layers, $0.strength) = (false, .all, 0.5) }
        let (step, given) = (model.step(), model.gradients(of: model.step()))
        let factors = try coefficients(plugin, step)
        #expect(factors.values.contains { $0 < 1 } && factors.values.contains { $0 == 1 })
        let changed = plugin.changedGradients(given, at: step, of: .moving { $0 })
        for (name, value) in zip(given.names, given.values) {
            let modality = model.modalities.first { name.hasPrefix("encoders.\($0).") }
            let factor = modality.flatMap { factors[$0] } ?? 1
            #expect(changed[name]?.values == value.map { ($0 * factor).values }, "\(name)")
        }
    }

    @Test("by default only parameters of rank 3 and more change") func convolutions() throws {
        let plugin = try make { $0.strength = 0.5 }
        let (step, given) = (model.step(), model.gradients(of: model.step()))
        let changed = plugin.changedGradients(given, at: step, of: .moving { $0 })
        for name in given.names { #expect((changed[name]?.values != given[name]?.values) == name.hasSuffix(".kernel"), "\(name)") }
    }

    @Test("noise has the gradient's own deviation, and comes out the same again") func enhancement() throws {
        let (plain, noisy) = (try make { $0.enhancement = false }, try make { _ in })
        let step = model.step()
        var stream = RandomSource(seed: 2).stream("gradient")
        let given = Gradients(names: ["encoders.audio.kernel"], values: [stream.normal([40, 50, 2], mean: 3, deviation: 0.2)])
        func difference() throws -> Tensor {
            let changed = try #require(noisy.changedGradients(given, at: step, of: .moving { $0 }).values[0])
            return try changed - #require(plain.changedGradients(given, at: step, of: .moving { $0 }).values[0])
        }
        let noise = try difference()
        #expect(abs(noise.reshaped([4000]).variance(axis: 0).item.squareRoot() - 0.2) < 0.01)
        #expect(abs(noise.mean().item) < 0.02)
        #expect(try difference().values == noise.values)
    }

    @Test("the adaptive rule starts at 1 and compares with the steps before") func adaptive() throws {
        let plugin = try make { ($0.rule, $0.strength) = (.adaptive, 0.5) }
        let step = model.step()
        #expect(try coefficients(plugin, step).values.allSatisfy { $0 == 1 })
        _ = plugin.changedGradients(model.gradients(of: step), at: step, of: .moving { $0 })
        plugin.follow(.sample(updating: model, step.pass), learningRate: 0.1)
        let ratios = try reports(plugin, step, "ratio")
        let other = ByNameModel(["audio", "video"]).step(number: 1)
        var later = other
        later.embeddings = other.embeddings.mapPooled { $0 == "audio" ? $1 * 2 : $1 }
        let now = try reports(plugin, later, "ratio")
        for (modality, coefficient) in try coefficients(plugin, later) {
            let expected = exp(-0.5 * (try #require(now[modality]) - #require(ratios[modality])))
            #expect(abs(coefficient - expected) < 1e-5)
        }
        #expect(plugin.parts.namedBuffers.map(\.name) == ["usual-ratios.sums", "usual-ratios.steps"])
    }

    @Test("it reports ratio and coefficient of each modality") func logged() throws {
        let found = reported(try make { _ in }, model.step())
        #expect(found.map(\.name) == ["audio.ratio", "audio.coefficient", "video.ratio", "video.coefficient"])
        #expect(abs(found[0].value * found[2].value - 1) < 1e-5)
    }

    @Test("modalities that on: leaves out are fused as absent ones") func on() throws {
        let three = ByNameModel(["audio", "flow", "video"])
        var context = three.context()
        context.modalities = ["audio", "video"]
        let step = three.step()
        var seen = step
        seen.embeddings = step.embeddings.selecting(context.modalities)
        let found = reported(try GradientModulation(options: .init(), context: context), seen)
        let all = UnimodalPredictions(of: context.modalities, step.embeddings, model: three, pass: .evaluation)
        #expect(abs(Double(found[0].value) - ModulationRule.ratios(of: all.probabilities(of: step.labels))[0]) < 1e-5)
    }

    @Test("one modality, a part of the embeddings and encoders without convolutions are refused") func faults() {
        var single = model.context()
        single.modalities = ["audio"]
        #expect(throws: OptionFault.self) { try GradientModulation(options: .init(), context: single) }
        var part = model.context()
        part.widths["audio"] = 3
        #expect(throws: OptionFault.self) { try GradientModulation(options: .init(), context: part) }
        var linear = model.context()
        linear.model = WithoutKernels(model)
        let fault = #expect(throws: OptionFault.self) { try GradientModulation(options: .init(), context: linear) }
        #expect(fault?.option == "layers")
    }

    private func make(_ change: (inout GradientModulation.Options) -> Void) throws -> GradientModulation {
        var options = GradientModulation.Options()
        change(&options)
        return try GradientModulation(options: options, context: model.context())
    }

    private func coefficients(_ plugin: GradientModulation, _ step: TrainingStep) throws -> [Modality: Float] {
        try reports(plugin, step, "coefficient")
    }

    private func reports(_ plugin: GradientModulation, _ step: TrainingStep, _ name: String) throws -> [Modality: Float] {
        let numbers = reported(plugin, step)
        var found: [Modality: Float] = [:]
        for modality in model.modalities { found[modality] = numbers.first { $0.name == "\(modality).\(name)" }?.value }
        return found
    }
}

/// The model without its parameters of rank 3.
private final class WithoutKernels: MultimodalModel {
    private let model: ByNameModel
    var modalities: [Modality] { model.modalities }
    var embeddingWidths: [Modality: Int] { model.embeddingWidths }
    var parts: Parts { Parts(model.namedParameters.filter { $0.parameter.shape.rank < 3 }.map { (name: $0.name, part: $0.parameter) }) }

    init(_ model: ByNameModel) { self.model = model }

    func encode(_ inputs: Inputs, pass: Pass) -> Embeddings { model.encode(inputs, pass: pass) }
    func fuse(_ embeddings: Embeddings, pass: Pass) -> Prediction { model.fuse(embeddings, pass: pass) }
}
