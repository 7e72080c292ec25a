import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// A penalty of 1 that reports what it was told and what it sees.
private struct Told: RegularizerPlugin, AddsPenalty {
    static var description: ComponentDescription { ComponentDescription(name: "told", summary: "tells") }
    static var defaultWeight: Double { 3 }
    let context: RegularizerContext
    init(options: NoOptions, context: RegularizerContext) { self.context = context }

    func penalty(_ step: TrainingStep) -> Penalty? {
        let told = context.modalities.map { ("\(context.instance)/\($0).told", Float(context.widths[$0] ?? 0)) }
        let seen = step.embeddings.map { ("\(context.instance)/\($0.modality).seen", Float($0.embedding.width)) }
        return Penalty(value: Tensor(1), reports: told + seen)
    }
}

@Suite("Sums, moments and parts of terms") struct RegularizerSumTests {
    let model = LinearModel(widths: [("video", 7), ("audio", 4)])
    let registry: RegularizerRegistry

    init() throws {
        var registry = RegularizerRegistry()
        try registry.register(Told.self)
        self.registry = registry
    }

    private func make(_ plan: TermPlan, stepsPerEpoch: Int? = 5) throws -> RegularizerTerm {
        try registry.makeTerm(
            plan, for: model, classes: 3, initializer: Initializer(seed: 1), totalSteps: 20, stepsPerEpoch: stepsPerEpoch)
    }

    private func pass(_ step: Int) -> Pass { Pass(isTraining: true, random: RandomSource(seed: 1), step: step) }

    @Test("a sum weights its terms together and names them below itself") func sum() throws {
        let term = try make(TermPlan(sumOf: [TermPlan("told"), TermPlan("told", instance: "other", weight: 1)], instance: "s", weight: 0.5))
        let penalty = try #require(try term.penalty(.sample(of: model)))
        #expect(penalty.value.item == 2)
        let values = Dictionary(penalty.reports.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        #expect(values["s"] == 4)
        #expect(values["s.weighted"] == 2)
        #expect(values["s.told"] == 1)
        #expect(values["s.told.weighted"] == 3)
        #expect(values["s.other.weighted"] == 1)
    }

    @Test("a sum without a weight has weight 1") func defaultWeight() throws {
        #expect(try make(TermPlan(sumOf: [TermPlan("told")], instance: "s")).weight == 1)
    }

    @Test("the `on:` of a sum is what its terms are told, and their random streams differ from those of terms outside") func restriction() throws {
        let term = try make(TermPlan(sumOf: [TermPlan("told")], instance: "s", on: ["audio"]))
        let names = try #require(try term.penalty(.sample(of: model))).reports.map(\.name)
        #expect(names.suffix(2) == ["s.told.s.told/audio.told", "s.told.s.told/audio.seen"])
    }

    @Test("heads inside a sum depend on the names of both") func heads() throws {
        var projection = ProjectionOptions()
        (projection.hidden, projection.width) = ([], 3)
        let inner = TermPlan("told", on: ["audio"], at: .projection, part: .specific, projection: projection)
        let term = try make(TermPlan(sumOf: [inner], instance: "s"))
        let parameters = term.parts.namedParameters
        #expect(parameters.map(\.name) == ["told.projection.audio.0.weight", "told.projection.audio.0.bias"])
        #expect(parameters[0].parameter.value.shape == [3, 2])
        #expect(parameters[0].parameter.value.values != (try make(inner)).parts.namedParameters[0].parameter.value.values)
    }

    @Test("a part has its own widths, also of an odd embedding", arguments: [(EmbeddingPart.whole, 7, 4), (.shared, 3, 2), (.specific, 3, 2)])
    func part(part: EmbeddingPart, video: Float, audio: Float) throws {
        let reports = try #require(try make(TermPlan("told", part: part)).penalty(.sample(of: model))).reports.dropFirst(2)
        #expect(reports.map(\.value) == [video, audio, video, audio])
        let fused = try #require(try make(TermPlan("told", at: .fused, part: part)).penalty(.sample(of: model))).reports.dropFirst(2)
        #expect(fused.map(\.value) == (part == .whole ? [11, 11] : [5, 5]))
    }

    @Test("a term acts from one moment up to another") func moments() throws {
        let term = try make(TermPlan("told", weight: 2, after: .epochs(1), until: .share(0.5)))
        #expect([0, 4, 5, 9, 10, 19].map { term.effectiveWeight(at: pass($0)) } == [0, 0, 2, 2, 0, 0])
        #expect(try make(TermPlan("told")).active == nil)
        #expect(try make(TermPlan("told", until: .steps(7))).active == 0..<7)
        #expect(try make(TermPlan("told", after: .steps(7), until: .steps(3))).active?.isEmpty == true)
    }

    @Test("moments that have changed places are found beside the number of steps, in sums too") func order() {
        let plan = TermPlan(sumOf: [TermPlan("told", after: .steps(7), until: .share(0.1))], instance: "s")
        let fault = #expect(throws: OptionFault.self) { try plan.checkOrder(totalSteps: 20, stepsPerEpoch: 5) }
        #expect(fault?.description == "until: expected a moment that does not come before 'after: 7 steps', found 0.1")
        #expect(throws: Never.self) { try plan.checkOrder(totalSteps: 100, stepsPerEpoch: 5) }
    }

    static let faults: [(TermPlan, String)] = [
        (TermPlan(sumOf: [], instance: "s"), "terms: expected at least one term, found none"),
        (TermPlan(sumOf: [TermPlan("told"), TermPlan("told")], instance: "s"), "terms: expected terms of different names, found told twice"),
        (
            TermPlan(sumOf: [TermPlan("told", on: ["video"])], instance: "s", on: ["audio"]),
            "on: expected modalities of the model: audio, found video"
        ),
        (
            TermPlan(sumOf: [TermPlan("told", at: .fused)], instance: "s", on: ["audio"]),
            "at: expected embedding or projection inside a sum with `on`, found fused"
        ),
        (
            TermPlan("told", after: .epochs(2)),
            "after: expected a share of the training or a number of steps, as the length of an epoch is not known, found 2 epochs"
        ),
    ]

    @Test("a plan that does not fit is refused in words", arguments: faults) func refusal(plan: TermPlan, message: String) {
        let fault = #expect(throws: OptionFault.self) { try make(plan, stepsPerEpoch: nil) }
        #expect(fault?.description == message)
    }

    @Test("half an embedding of width 1 is refused") func narrow() {
        let narrow = LinearModel(widths: [("video", 1)])
        let fault = #expect(throws: OptionFault.self) {
            try registry.makeTerm(
                TermPlan("told", part: .shared), for: narrow, classes: 3, initializer: Initializer(seed: 1), totalSteps: 1)
        }
        #expect(fault?.description == "part: expected whole for embeddings of width 1, found shared of video")
    }
}
