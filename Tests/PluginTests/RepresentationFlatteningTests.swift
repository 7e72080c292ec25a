import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

@testable import RepresentationFlatteningPlugin

@Suite("Representation flattening") struct RepresentationFlatteningTests {
    private let model = ByNameModel(["audio", "video"])

    @Test("mixes, distances and all of CMRF's loss agree with the stored numbers", arguments: GoldenFixtures.all(kind: "cmrf"))
    func storedNumbers(fixture: GoldenFixture) throws {
        let names = try fixture.params.texts("modalities")
        let modalities = names.map { Modality($0) }
        let students = try names.map { try fixture.tensor("student_\($0)").tracked() }
        let teachers = Dictionary(uniqueKeysWithValues: try names.map { (Modality($0), try fixture.tensor("teacher_\($0)")) })
        let factors = ["audio" as Modality: try fixture.params.number("audio_weight")]
        var shares: [[Modality]: Tensor] = [:]
        for pair in try fixture.params.texts("pairs") {
            let sides = pair.split(separator: "_").map { Modality(String($0)) }
            let count = try fixture.tensor("lam1_\(pair)").elementCount
            shares[sides] = try fixture.tensor("lam1_\(pair)").reshaped([count, 1])
            shares[sides.reversed()] = 1 - (try fixture.tensor("lam2_\(pair)").reshaped([count, 1]))
            for (own, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
                let mix = FlatteningDistillation.mix(
                    try #require(teachers[own]), try #require(teachers[other]), share: try #require(shares[[own, other]]))
                try fixture.expect(mix, matches: "mix_\(own)_from_\(pair)", mixed: true)
                let student = students[try #require(modalities.firstIndex(of: own))]
                try fixture.expect(FlatteningDistillation.distance(student, to: mix).item, matches: "term_\(own)_from_\(pair)", mixed: true)
            }
        }
        let distillation = FlatteningDistillation(
            students: zip(modalities, students).map { (modality: $0, projection: Embedding(pooled: $1)) }, teachers: teachers, factors: factors
        ) { shares[[$0, $1]] ?? Tensor(.nan) }
        try fixture.expect(distillation.value.item, matches: "distill", mixed: true)
        for (name, slope) in zip(names, gradients(of: distillation.value, with: students, keepingGraph: true)) {
            try fixture.expect(try #require(slope), matches: "grad_distill.student_\(name)", mixed: true)
        }
        try total(fixture, names: names, students: students, distillation: distillation.value)
    }

    private func total(_ fixture: GoldenFixture, names: [String], students: [Tensor], distillation: Tensor) throws {
        let labels = try fixture.integers("labels")
        let contrast = ContrastiveLoss(
            of: Tensor.concatenated(students, axis: 0), labels: students.flatMap { _ in labels },
            temperature: try fixture.params.number("temperature"), baseTemperature: try fixture.params.number("base_temperature")
        ).value
        try fixture.expect(contrast.item, matches: "contrast", mixed: true)
        let logits = try names.map { try fixture.tensor("logits_\($0)").tracked() }
        let fused = try fixture.tensor("logits").tracked()
        var unimodal = Tensor(0)
        for (name, logits) in zip(names, logits) {
            unimodal += logits.crossEntropy(labels: labels) * (name == "audio" ? try fixture.params.float("audio_weight") : 1)
        }
        let total =
            fused.crossEntropy(labels: labels) + contrast * (try fixture.params.float("alpha_contrast"))
            + distillation * (try fixture.params.float("distill_coef")) + unimodal * (try fixture.params.float("mix_coef"))
        try fixture.expect(total.item, matches: "total", mixed: true)
        let variables = names.map { "student_\($0)" } + names.map { "logits_\($0)" } + ["logits"]
        for (name, slope) in zip(variables, gradients(of: total, with: students + logits + [fused])) {
            try fixture.expect(try #require(slope), matches: "grad_total.\(name)", mixed: true)
        }
    }

    @Test("shares lie above a half, and their mean is that of the distribution")
    func shares() {
        var stream = RandomSource(seed: 3).stream("shares")
        // The means follow by integration: E[x | x > ½] of Beta(c, c).
        for (concentration, mean) in [(0.1, Float(0.941576)), (1, 0.75)] {
            let drawn = InterpolationShares.draw(20_000, concentration: concentration, from: &stream)
            #expect(drawn.shape == [20_000, 1])
            #expect(drawn.values.allSatisfy { $0 >= 0.5 && $0 <= 1 })
            #expect(abs(drawn.mean().item - mean) < 0.005)
        }
        let extreme = InterpolationShares.draw(1000, concentration: 1e-3, from: &stream).values
        #expect(extreme.allSatisfy { $0 >= 0.5 && $0 <= 1 })
    }

    @Test("two of three shares of CMRF's distribution are above 0.99") func concentration() {
        var stream = RandomSource(seed: 4).stream("shares")
        let drawn = InterpolationShares.draw(20_000, concentration: 0.1, from: &stream).values
        #expect(abs(Double(drawn.count { $0 > 0.99 }) / 20_000 - 0.6406) < 0.015)
    }

    @Test("before the teacher has weights there is the contrastive loss alone, or nothing") func beforeTheTeacher() throws {
        let step = model.step()
        #expect(try #require(try make { _ in }.penalty(step)).reports.map(\.name) == ["contrast"])
        let plugin = try make { ($0.contrast, $0.averageAfter) = (0, 2) }
        for number in 0..<4 {
            #expect((plugin.penalty(step) == nil) == (number < 3))
            plugin.follow(.sample(updating: model, Pass(isTraining: true, random: RandomSource(seed: 1), step: number)), learningRate: 0.1)
        }
        #expect(try #require(plugin.penalty(step)).reports.map(\.name) == ["audio.distance", "video.distance"])
    }

    @Test("the teacher sees the averaged weights, and the model keeps its own", arguments: RepresentationFlattening.Average.allCases)
    func averagedTeacher(average: RepresentationFlattening.Average) throws {
        let plugin = try make { ($0.average, $0.decay, $0.contrast) = (average, 0.5, 0) }
        let parameter = model.bias
        let names = plugin.parts.namedBuffers.map(\.name)
        #expect(names.contains("teacher.average.model.fusion.bias") && names.contains("teacher.average.heads.audio.0.weight"))
        #expect(!names.contains { $0.hasPrefix("heads.") && $0.hasSuffix("weight") })
        for value in [Float(2), 4] {
            parameter.value = Tensor.full(value, parameter.shape)
            plugin.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        }
        let before = model.state().map { $0.value.values } + plugin.parts.state().map { $0.value.values }
        #expect(plugin.penalty(step(evaluating: true)) != nil)
        #expect(model.state().map { $0.value.values } + plugin.parts.state().map { $0.value.values } == before)
        let averaged = plugin.parts.state().first { $0.name == "teacher.average.model.fusion.bias" }?.value.values
        #expect(averaged == Array(repeating: 3, count: parameter.elementCount))
    }

    @Test("a loss recorded before the teacher's pass still has its gradient") func recordedLoss() throws {
        let plugin = try make { _ in }
        let parameters = model.namedParameters.map(\.parameter)
        plugin.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        for parameter in parameters { parameter.value = parameter.value.detached() * 1.5 }
        let step = model.step()
        let base = step.prediction.logits.crossEntropy(labels: step.labels)
        let plain = gradients(of: base, with: parameters.map(\.value), keepingGraph: true)
        let loss = step.prediction.logits.crossEntropy(labels: step.labels)
        _ = plugin.penalty(step)
        let after = gradients(of: loss, with: parameters.map(\.value))
        #expect(after.map { $0?.values } == plain.map { $0?.values })
    }

    @Test("the teacher gets no gradient; encoders and heads do, the fusion does not") func gradientsReach() throws {
        let plugin = try make { $0.contrast = 0 }
        plugin.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        let value = try #require(plugin.penalty(model.step())).value
        let names = model.namedParameters.map(\.name)
        let found = gradients(of: value, with: model.namedParameters.map(\.parameter.value), keepingGraph: true)
        for (name, slope) in zip(names, found) { #expect((slope != nil) == name.hasPrefix("encoders."), "\(name)") }
        #expect(gradients(of: value, with: plugin.parts.namedParameters.map(\.parameter.value)).allSatisfy { $0 != nil })
    }

    @Test("one modality, a part of the embeddings and factors that do not fit are refused") func faults() {
        var single = model.context()
        single.modalities = ["audio"]
        #expect(throws: OptionFault.self) { try RepresentationFlattening(options: .init(), context: single) }
        var part = model.context()
        part.widths["audio"] = 3
        #expect(throws: OptionFault.self) { try RepresentationFlattening(options: .init(), context: part) }
        for factors in [["audio"], ["audio=-1"], ["audoi=1"], ["audio=1", "audio=2"]] {
            let fault = #expect(throws: OptionFault.self) { try make { $0.factors = factors } }
            #expect(fault?.option == "factors")
        }
    }

    @Test("factors weight each modality's distance") func factors() throws {
        let plugin = try make { ($0.contrast, $0.factors, $0.factor) = (0, ["audio=0.5"], 2) }
        plugin.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        let penalty = try #require(plugin.penalty(model.step()))
        #expect(abs(penalty.value.item - (0.5 * penalty.reports[0].value + 2 * penalty.reports[1].value)) < 1e-5)
    }

    @Test("NaN comes out as not finite") func nan() throws {
        let plugin = try make { _ in }
        plugin.follow(.sample(updating: model, .evaluation), learningRate: 0.1)
        var step = model.step()
        step.originalEmbeddings = step.originalEmbeddings.mapPooled { $1 + Tensor(.nan) }
        #expect(plugin.penalty(step)?.value.item.isFinite == false)
    }

    private func step(evaluating: Bool) -> TrainingStep {
        model.step(on: model.step().inputs, pass: Pass(isTraining: !evaluating, random: RandomSource(seed: 1), step: 0))
    }

    private func make(_ change: (inout RepresentationFlattening.Options) -> Void) throws -> RepresentationFlattening {
        var options = RepresentationFlattening.Options()
        (options.hidden, options.width) = ([8], 4)
        change(&options)
        return try RepresentationFlattening(options: options, context: model.context())
    }
}
