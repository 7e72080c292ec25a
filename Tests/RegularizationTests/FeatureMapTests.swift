import Configuration
import GoldenFixtures
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// Gives for each map what a test says.
private struct Rescale: ChangesFeatureMaps {
    var change: (FeatureMap, Modality, ForwardPass) throws -> Tensor = { map, _, _ in map.values * 3 }

    func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) throws -> Tensor {
        try change(map, modality, forward)
    }
}

/// What maps are changed, and what training says of a slip.
@Suite("Feature maps are changed inside the encoders, at a term's points") struct FeatureMapTests {
    private let model = LinearModel()
    private let map = FeatureMap(Tensor((0..<12).map(Float.init), shape: [2, 3, 2]), at: "layer1")
    private let training = ForwardPass(Pass(isTraining: true, random: RandomSource(seed: 1), step: 4))

    private func term(_ base: any Regularizer = Rescale(), weight: Double = 1, points: [Modality: [String]]? = nil) -> RegularizerTerm {
        RegularizerTerm(
            base, instance: "style", weight: weight, schedule: WeightSchedule(), on: nil, at: .embedding, points: points, heads: [:], totalSteps: 10)
    }

    private func batch(_ presences: [Modality: Presence] = [:]) -> Batch {
        let sample = TrainingStep.sample(of: model, samples: 4)
        let inputs = Dictionary(model.modalities.map { ($0, sample.inputs[$0] ?? Tensor(0)) }) { first, _ in first }
        return Batch(inputs: Inputs(inputs, presences: presences), targets: sample.targets, domains: sample.domains)
    }

    /// The forward pass of a batch with one term.
    private func forward(_ base: any Regularizer, _ batch: Batch, isTraining: Bool = true) throws -> Objective.Forward {
        try Objective(model, RegularizerList([RegularizerTerm(base, instance: "style")]), totalSteps: 10)
            .forward(batch, Pass(isTraining: isTraining, random: RandomSource(seed: 1), step: 3))
    }

    /// The message of the failure in which one step of training ends.
    private func message(_ change: @escaping (FeatureMap) throws -> Tensor) -> String? {
        #expect(throws: TrainingFailure.self) { try forward(Rescale { map, _, _ in try change(map) }, batch()) }?.description
    }

    @Test("the weight says how far, and a weight of 0 leaves the map alone") func weight() throws {
        #expect(try term(weight: 0.5).changedFeatureMap(map, of: "video", in: training).values == map.values.values.map { $0 * 2 })
        #expect(try term(weight: 0).changedFeatureMap(map, of: "video", in: training).values == map.values.values)
    }

    @Test("a term acts at its points of each modality, and in training alone") func points() throws {
        let term = term(points: ["video": ["layer1"], "audio": ["layer2"]])
        func acts(_ modality: Modality, _ point: String) throws -> Bool {
            let map = FeatureMap(map.values, at: point)
            return try term.changedFeatureMap(map, of: modality, in: training).values != map.values.values
        }
        #expect(try acts("video", "layer1") && acts("audio", "layer2"))
        #expect(try !acts("video", "layer2") && !acts("audio", "layer1") && !acts("flow", "layer1"))
        #expect(try term.changedFeatureMap(map, of: "video", in: ForwardPass(.evaluation)).values == map.values.values)
    }

    @Test("the terms of a sum act one after the other, with its weight") func sum() throws {
        let sum = RegularizerTerm(
            RegularizerList([
                RegularizerTerm(Rescale(), instance: "a"), RegularizerTerm(Rescale { map, _, _ in map.values + 1 }, instance: "b"),
            ]), instance: "sum", weight: 0.5)
        #expect(try sum.changedFeatureMap(map, of: "video", in: training).values == map.values.values.map { $0 + 0.5 * ($0 * 3 + 1 - $0) })
    }

    @Test("a training step goes on with what the regularizer gives, and evaluation with the maps as they are") func step() throws {
        let (plain, changed) = (try forward(RegularizerList([]), batch()), try forward(Rescale(), batch()))
        let (bias, video) = (try #require(model.namedParameters.first { $0.name == "encoders.video.bias" }).parameter.value, Modality("video"))
        let expected = try #require(plain.step.embeddings[video]?.pooled) * 3 - bias * 2
        let found = try #require(changed.step.embeddings[video]?.pooled)
        #expect(areClose(found.values, expected.values, within: 1e-5))
        #expect(
            try forward(Rescale(), batch(), isTraining: false).step.embeddings[video]?.pooled.values == plain.step.embeddings[video]?.pooled.values)
    }

    @Test("a regularizer is shown the samples that have the modality, with their targets and domains") func presence() throws {
        var seen: [String: String] = [:]
        let watch = Rescale { map, modality, forward in
            seen[modality.name] = "\(map.values.shape) \(forward.targets?.classes ?? []) \(forward.domains ?? [])"
            return map.values
        }
        _ = try forward(watch, batch(["audio": Presence(samples: [true, false, false, true])]))
        #expect(seen == ["video": "4×5×1 [0, 1, 2, 0] [0, 1, 0, 1]", "audio": "2×5×1 [0, 0] [0, 1]"])
    }

    @Test("padded places are shown to those alone that say that they leave them out, and stay 0") func padding() throws {
        struct Shift: ChangesFeatureMaps, ReadsPresence {
            func changedFeatureMap(_ map: FeatureMap, of modality: Modality, in forward: ForwardPass) -> Tensor { map.values + 1 }
        }
        let padded = FeatureMap(map.values, at: "layer1", lengths: [3, 1])
        #expect(try term(Shift()).changedFeatureMap(padded, of: "video", in: training).values == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0])
        let failure = #expect(throws: TrainingFailure.self) { try term().changedFeatureMap(padded, of: "video", in: training) }
        #expect(failure?.message.hasPrefix("some places of the feature map of video at layer1 are padding, and Rescale does not say") == true)
    }

    @Test("a map of another shape, NaN where there was none, and a hook that throws are failures of the term") func slips() {
        struct Refusal: Error, CustomStringConvertible { let description = "there is no style" }
        #expect(
            message { $0.values.slice(axis: 1, 0..<2) } == "style at step 3: the feature map of video at input must keep the shape 4×5×1, found 4×2×1")
        #expect(message { $0.values * .nan } == "style at step 3: the feature map of video at input holds nan, where it was finite before")
        #expect(message { _ in throw Refusal() } == "style at step 3: there is no style")
    }

    @Test("what is reported of a map is logged under the term's name") func reports() throws {
        let reporting = Rescale { map, modality, forward in
            forward.report("\(modality).places", Float(map.values.shape[1]))
            return map.values
        }
        let reports = try forward(reporting, batch()).reports
        #expect(reports.map(\.name) == ["style.video.places", "style.audio.places"] && reports.allSatisfy { $0.value == 5 })
    }
}
