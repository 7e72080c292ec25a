import Analysis
import Configuration
import Datasets
import Models
import Networks
import Regularization
import Selection
import Tensors
import Testing

@testable import ComponentTesting

@Suite("Contracts of components: what breaks one is told")
struct BrokenComponentTests {
    private func encoder(_ slip: SlippingEncoder.Slip) -> [String] {
        var options = SlippingEncoder.Options()
        options.slip = slip
        return EncoderContract.violations(of: SlippingEncoder.self, options: options, sampleShapes: [[12]])
    }

    @Test("an encoder that keeps everything")
    func ordinary() { #expect(encoder(.none) == []) }

    @Test(
        "an encoder with one slip",
        arguments: [
            (SlippingEncoder.Slip.width, "the pooled embedding has the shape"), (.mixes, "alone than among others"),
            (.drawsInEvaluation, "two evaluations of the same samples differ"), (.hidesWeight, "`parts` leaves out what it depends on"),
            (.idle, "nothing that it gives depends on the parameter"), (.wrongGradient, "the gradient of 'weight' is wrong"),
            (.notFinite, "is not finite"), (.drawsItsOwn, "initial values have to come from the initializer alone"),
        ])
    func slips(slip: SlippingEncoder.Slip, message: String) {
        let violations = encoder(slip)
        #expect(violations.contains { $0.contains(message) }, "\(violations)")
    }

    @Test("an encoder for which no sample shape is right says what it refused")
    func refused() {
        let violations = EncoderContract.violations(of: SlippingEncoder.self, sampleShapes: [[2, 2]])
        #expect(violations.count == 1 && violations[0].hasPrefix("it takes none of the sample shapes; 2×2: "))
    }

    @Test("a fusion that goes by the order of its embeddings")
    func fusion() {
        let violations = FusionContract.violations(of: OrderedFusion.self)
        #expect(violations.contains { $0.contains("the order in which embeddings are given") }, "\(violations)")
    }

    @Test("a data set whose facts are not those of its rows")
    func dataset() {
        let violations = DatasetContract.violations(of: SlippingData.self)
        #expect(violations.contains("its facts count [2, 2] samples in the domains, and its rows [3, 1]"))
        #expect(violations.contains("inputs of signal that are there are not finite"))
        #expect(violations.contains("it gives inputs of a modality that it does not have"))
        #expect(violations.contains { $0.hasPrefix("a row of signal is something else alone") })
    }

    @Test("a task with a wrong gradient, and scores that are not there")
    func task() {
        let violations = TaskContract.violations(of: SlippingTask.self)
        #expect(violations.contains { $0.hasPrefix("the gradient of its loss is off by") })
        #expect(violations.contains("it describes 2 scores and gives 1"))
    }

    @Test("an optimizer that goes up, and one that forgets")
    func optimizer() {
        #expect(OptimizerContract.violations(of: Climbing.self).contains("it does not go down a quadratic loss at any rate from 0.001 to 1"))
        #expect(OptimizerContract.violations(of: Forgetful.self).contains { $0.contains("goes elsewhere") })
    }

    @Test(
        "a selection rule with one slip",
        arguments: [
            (SlippingRule.Slip.fallsBackToItself, "what it falls back to falls back again, without an end"),
            (.notFinite, "its criterion is inf, and has to be finite or nil"), (.fewMerits, "it gives 1 merits for 0 candidates"),
            (.noChoice, "it chooses none of 4 ordinary candidates"), (.notANumber, "a merit is NaN"),
        ])
    func selection(slip: SlippingRule.Slip, message: String) {
        var options = SlippingRule.Options()
        options.slip = slip
        let violations = SelectionContract.violations(of: SlippingRule.self, options: options)
        #expect(violations.contains { $0.hasPrefix(message) }, "\(violations)")
        options.slip = .none
        #expect(SelectionContract.violations(of: SlippingRule.self, options: options) == [])
    }

    @Test("a schedule that goes below 0")
    func schedule() {
        #expect(ScheduleContract.violations(of: Falling.self).contains { $0.hasPrefix("of 200 steps the rate of step ") })
    }
}

/// Goes by the score, with one slip.
struct SlippingRule: SelectionPlugin {
    enum Slip: String, CaseIterable, Sendable {
        case none, fallsBackToItself = "falls-back-to-itself", notFinite = "not-finite", fewMerits = "few-merits", noChoice = "no-choice"
        case notANumber = "not-a-number"
    }

    struct Options: Configuration.Options {
        var slip = Slip.none
        init() {}
        static var fields: [OptionField<Options>] { [.choice("slip", \.slip, "what is wrong")] }
    }

    static let description = ComponentDescription(name: "slipping", summary: "a test", options: Options.descriptions)
    private let slip: Slip

    init(options: Options, context: SelectionContext) { slip = options.slip }

    func fallback(in situation: SelectionSituation) -> SelectionFallback? {
        slip == .fallsBackToItself ? SelectionFallback(to: self, because: "it knows nothing better") : nil
    }

    func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double? {
        slip == .notFinite ? .infinity : evidence.heldBack.mean(\.score)
    }

    func merits(of candidates: [SourceEvidence], in situation: SelectionSituation) -> [[Double]?] {
        switch slip {
        case .fewMerits: [[1]]
        case .noChoice: candidates.map { _ in nil }
        case .notANumber: candidates.map { _ in [.nan] }
        default: candidates.map { candidate in criterion(of: candidate, in: situation).map { [situation.merit($0)] } }
        }
    }
}

/// A linear map with one slip.
final class SlippingEncoder: EncoderPlugin {
    enum Slip: String, CaseIterable, Sendable {
        case none, width, mixes, hidesWeight = "hides-weight", idle, drawsInEvaluation = "draws-in-evaluation", wrongGradient = "wrong-gradient"
        case notFinite = "not-finite"
        case drawsItsOwn = "draws-its-own"
    }

    struct Options: Configuration.Options {
        var slip = Slip.none
        init() {}
        static var fields: [OptionField<Options>] { [.choice("slip", \.slip, "what is wrong")] }
    }

    static let description = ComponentDescription(name: "slipping", summary: "a test", options: Options.descriptions)

    let embeddingWidth = 5
    var providesTokens = false
    private let weight, idle: Parameter
    private let slip: Slip
    private var draws = RandomSource(seed: 1).stream("own")

    var parts: Parts {
        switch slip {
        case .hidesWeight: ["other": idle]
        case .idle: ["weight": weight, "idle": idle]
        default: ["weight": weight]
        }
    }

    init(options: Options, sampleShape: Shape, from initializer: Initializer) throws(OptionFault) {
        guard sampleShape.rank == 1 else { throw OptionFault(option: nil, expected: "features (D)", found: "\(sampleShape)") }
        slip = options.slip
        weight = Parameter(initializer["weight"].normal([sampleShape[0], 5]))
        if options.slip == .drawsItsOwn { weight.value = Tensor((0..<weight.elementCount).map { _ in Float.random(in: 0...1) }, shape: weight.shape) }
        idle = Parameter(initializer["idle"].normal([1]))
    }

    func callAsFunction(_ x: Tensor, pass: Pass) -> Embedding {
        var z = x.matmul(weight.value)
        switch slip {
        case .width: z = Tensor.concatenated([z, z], axis: 1)
        case .mixes: z = z - z.mean(axis: 0)
        case .drawsInEvaluation: z = z * draws.normal([1]).values[0]
        case .notFinite: z = z / 0
        case .wrongGradient:
            let (input, parameter) = (x, weight.value)
            z = Tensor.custom(z.detached(), inputs: [parameter]) { [input.detached().transposed().matmul($0) * 2] }
        case .none, .hidesWeight, .idle, .drawsItsOwn: break
        }
        return Embedding(pooled: z)
    }
}

/// Takes the first embedding for the first modality's.
final class OrderedFusion: FusionPlugin {
    static let description = ComponentDescription(name: "ordered", summary: "a test")
    let modalities: [Modality]
    let readsTokens = false
    let representationWidth: Int
    private let linear: Linear

    var parts: Parts { ["linear": linear] }

    init(options: NoOptions, context: FusionContext) {
        modalities = context.modalities
        representationWidth = context.modalities.reduce(0) { $0 + context.width(of: $1) }
        linear = Linear(representationWidth, context.classes, from: context.initializer["linear"])
    }

    func callAsFunction(_ embeddings: Embeddings, pass: Pass) -> Prediction {
        let joined = Tensor.concatenated(embeddings.map { $0.embedding.pooled }, axis: 1)
        return Prediction(logits: linear(joined), representation: joined)
    }
}

/// Four rows that are not what the facts say.
struct SlippingData: DatasetPlugin {
    static let description = ComponentDescription(name: "slipping-data", summary: "a test")
    let facts = DatasetFacts(
        modalities: [.init(name: "signal", sampleShape: [2])], domains: ["a", "b"], classes: ["x", "y"], samplesPerDomain: [2, 2])
    let labels = [0, 1, 0, 1]
    let domains = [0, 0, 0, 1]

    init(options: NoOptions) {}

    func inputs(_ rows: [Int], modality: String) throws -> Tensor {
        var values = rows.flatMap { [Float($0), Float(rows.count)] }
        values[0] = .nan
        return Tensor(values, shape: [rows.count, 2])
    }
}

/// A loss with twice its gradient, and a score that is not given.
struct SlippingTask: TaskPlugin {
    static let description = ComponentDescription(name: "slipping-task", summary: "a test")
    static let targets = TargetKind.values
    let scores = [ScoreDescription("mae", form: .plain, isHigherBetter: false), ScoreDescription("other", form: .plain)]
    let criterion = Criterion("doubled") { outputs, targets in
        let loss = (outputs - targets).squared().mean()
        return Tensor.custom(loss.detached(), inputs: [outputs]) { upstream in
            [(outputs.detached() - targets) * (4 / Float(outputs.elementCount)) * upstream.item]
        }
    }

    init(options: NoOptions, context: TaskContext) {}

    func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        [.success(Double((outputs - targets.array).absolute().mean().item))]
    }
}

/// Goes the wrong way.
final class Climbing: OptimizerPlugin {
    static let description = ComponentDescription(name: "climbing", summary: "a test")
    let memory: OptimizerMemory

    init(options: NoOptions, parameters: [NamedParameter]) { memory = OptimizerMemory(parameters, slots: []) }

    func update(gradients: [Tensor?], learningRate: Float) {
        memory.forEachStep(gradients) { step in
            for index in 0..<step.count { step.values[index] += learningRate * step.gradient[index] }
        }
    }
}

/// Remembers something that is in no memory.
final class Forgetful: OptimizerPlugin {
    static let description = ComponentDescription(name: "forgetful", summary: "a test")
    let memory: OptimizerMemory
    private var steps: Float = 0

    init(options: NoOptions, parameters: [NamedParameter]) { memory = OptimizerMemory(parameters, slots: []) }

    func update(gradients: [Tensor?], learningRate: Float) {
        steps += 1
        let rate = learningRate / steps
        memory.forEachStep(gradients) { step in
            for index in 0..<step.count { step.values[index] -= rate * step.gradient[index] }
        }
    }
}

/// Goes through 0.
struct Falling: SchedulePlugin {
    static let description = ComponentDescription(name: "falling", summary: "a test")
    init(options: NoOptions, context: ScheduleContext) {}
    func rate(atStep step: Int) -> Float { 0.5 - Float(step) / 100 }
}
