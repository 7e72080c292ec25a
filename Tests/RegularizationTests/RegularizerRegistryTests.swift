import Configuration
import Networks
import Regularization
import RegularizerTesting
import Tensors
import Testing

/// Mean of squares of the embeddings, for one sample and more.
private struct Shrink: RegularizerPlugin, AddsPenalty {
    struct Options: ComponentOptions {
        var power = 2.0
        init() {}
        static var fields: [OptionField<Options>] { [.number("power", \.power, in: 1...4, "exponent")] }
    }

    static var description: ComponentDescription {
        ComponentDescription(name: "shrink", summary: "shrinks")
    }

    let context: RegularizerContext
    let options: Options

    init(options: Options, context: RegularizerContext) throws(OptionFault) {
        guard context.classes > 1 else { throw OptionFault(option: nil, expected: "two classes", found: "\(context.classes)") }
        (self.options, self.context) = (options, context)
    }

    func penalty(_ step: TrainingStep) -> Penalty? {
        let widths = step.embeddings.map { ($0.modality, $0.embedding.width) }
        precondition(widths.allSatisfy { context.widths[$0] == $1 } && widths.map(\.0) == context.modalities, "context and step disagree")
        return Penalty(value: Tensor(1), reports: widths.map { ("\($0).width", Float($1)) })
    }
}

/// Acts on embeddings alone, from four samples up, with a weight of 5.
private struct Picky: RegularizerPlugin, ChangesEmbeddings {
    static var description: ComponentDescription { ComponentDescription(name: "picky", summary: "is picky") }
    static var minimumBatch: Int { 4 }
    static var defaultWeight: Double { 5 }
    init(options: NoOptions, context: RegularizerContext) {}
    func changedEmbeddings(_ embeddings: Embeddings, in forward: ForwardPass) -> Embeddings { embeddings }
}

@Suite("Regularizer registry") struct RegularizerRegistryTests {
    let model = LinearModel()
    let registry: RegularizerRegistry

    init() throws {
        var registry = RegularizerRegistry()
        try registry.register(Shrink.self)
        try registry.register(Picky.self)
        self.registry = registry
    }

    @Test("entries say what holds before anything is made") func entries() throws {
        #expect(registry.names == ["shrink", "picky"])
        let shrink = try #require(registry["shrink"])
        #expect(shrink.minimumBatch == 1)
        #expect(shrink.defaultWeight == 1)
        #expect(shrink.places == Place.allCases)
        #expect(shrink.description.options.map(\.name) == ["power"])
        #expect(registry["picky"]?.minimumBatch == 4)
        #expect(shrink.hooks == [.penalty])
        #expect(registry["picky"]?.hooks == [.embeddings] && registry["picky"]?.places == [.embedding])
        #expect(registry.nearest(to: "shrnk") == "shrink")
    }

    @Test("a name can be taken once") func duplicates() {
        var copy = registry
        #expect(throws: RegularizerRefusal.self) { try copy.register(Shrink.self) }
    }

    @Test("weight and instance name have defaults") func defaults() throws {
        let term = try make(TermPlan("picky"))
        #expect(term.instance == "picky")
        #expect(term.weight == 5)
        #expect(try make(TermPlan("picky", weight: 0.5)).weight == 0.5)
    }

    @Test("a term sees the widths that it was told of", arguments: Place.allCases) func widths(place: Place) throws {
        var projection = ProjectionOptions()
        (projection.hidden, projection.width) = ([7], 3)
        let term = try make(TermPlan("shrink", instance: "s", at: place, projection: projection))
        let reports = try #require(try term.penalty(.sample(of: model))).reports.dropFirst(2)
        let expected: [(String, Float)] =
            switch place {
            case .embedding: [("s.video.width", 6), ("s.audio.width", 4)]
            case .projection: [("s.video.width", 3), ("s.audio.width", 3)]
            case .fused: [("s.fused.width", 10)]
            }
        #expect(reports.map(\.name) == expected.map(\.0))
        #expect(reports.map(\.value) == expected.map(\.1))
    }

    @Test("`on:` restricts what a term is told and sees") func restriction() throws {
        let term = try make(TermPlan("shrink", on: ["audio"]))
        #expect(try #require(try term.penalty(.sample(of: model))).reports.map(\.name) == ["shrink", "shrink.weighted", "shrink.audio.width"])
    }

    @Test("projection heads belong to the term and depend on its name alone") func heads() throws {
        var projection = ProjectionOptions()
        (projection.hidden, projection.width) = ([7], 3)
        let term = try make(TermPlan("shrink", instance: "s", on: ["video"], at: .projection, projection: projection))
        let names = term.parts.namedParameters.map(\.name)
        #expect(
            names == [
                "projection.video.0.weight", "projection.video.0.bias", "projection.video.1.weight", "projection.video.1.bias",
                "projection.video.3.weight", "projection.video.3.bias",
            ])
        let both = try make(TermPlan("shrink", instance: "s", at: .projection, projection: projection))
        let alone = term.parts.namedParameters[0].parameter.value.values
        #expect(both.parts.namedParameters.first { $0.name == names[0] }?.parameter.value.values == alone)
        let other = try make(TermPlan("shrink", instance: "t", at: .projection, projection: projection))
        #expect(other.parts.namedParameters.first { $0.name == names[0] }?.parameter.value.values != alone)
    }

    @Test("unit projections have length 1", arguments: [ProjectionOptions.Normalization.layer, .batch])
    func unitProjection(normalization: ProjectionOptions.Normalization) {
        var options = ProjectionOptions()
        (options.hidden, options.width, options.unit, options.normalization) = ([8], 4, true, normalization)
        let head = ProjectionHead(5, options: options, from: Initializer(seed: 2))
        let projected = head(normal([6, 5]), TrainingStep.sample(of: model).pass)
        #expect(projected.shape == [6, 4])
        for length in projected.norm(axis: 1).values { #expect(abs(length - 1) < 1e-5) }
    }

    static let faults: [(TermPlan, String)] = [
        (TermPlan("shrnk"), "expected a regularizer: shrink, picky, found shrnk; did you mean 'shrink'?"),
        (TermPlan("shrink", weight: -1), "weight: expected a number from 0 up, found -1.0"),
        (TermPlan("shrink", on: ["vidio"]), "on: expected modalities of the model: video, audio, found vidio; did you mean 'video'?"),
        (TermPlan("shrink", on: []), "on: expected at least one modality, found none"),
        (TermPlan("picky", at: .projection), "at: expected embedding for picky, found projection"),
        (
            TermPlan("shrink", on: ["video"], at: .fused),
            "on: expected nothing beside `at: fused`, which acts on all modalities together, found video"
        ),
        (
            TermPlan("shrink", schedule: WeightSchedule(.window, start: 0.6, end: 0.2)),
            "schedule: expected a start before its end, found start 0.6, end 0.2"
        ),
    ]

    @Test("a plan that does not fit is refused in words", arguments: faults) func refusal(plan: TermPlan, message: String) {
        let fault = #expect(throws: OptionFault.self) { try make(plan) }
        #expect(fault?.description == message)
    }

    @Test("an option that does not exist is refused by its name") func unknownOption() {
        let fault = #expect(throws: OptionFault.self) { try make(TermPlan("shrink", options: ["powr": .number(2)])) }
        #expect(fault?.suggestion == "power")
    }

    @Test("a term on the fused representation needs a model that gives one") func noRepresentation() {
        let model = LinearModel(givesRepresentation: false)
        let fault = #expect(throws: OptionFault.self) {
            try registry.makeTerm(
                TermPlan("shrink", at: .fused), for: model, classes: 3, initializer: Initializer(seed: 1), totalSteps: 1)
        }
        #expect(fault?.description == "at: expected embedding or projection, as the model gives no fused representation, found fused")
    }

    @Test("a regularizer's own refusal reaches the caller") func ownRefusal() {
        let fault = #expect(throws: OptionFault.self) {
            try registry.makeTerm(TermPlan("shrink"), for: model, classes: 1, initializer: Initializer(seed: 1), totalSteps: 1)
        }
        #expect(fault?.description == "expected two classes, found 1")
    }

    private func make(_ plan: TermPlan) throws -> RegularizerTerm {
        try registry.makeTerm(plan, for: model, classes: 3, initializer: Initializer(seed: 1), totalSteps: 10)
    }
}
