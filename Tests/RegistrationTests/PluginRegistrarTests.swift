import Analysis
import Configuration
import Foundation
import Networks
import Registration
import Regularization
import Selection
import Tensors
import Testing
import Training

@Suite("The registrar that plug-ins fill")
struct PluginRegistrarTests {
    private func registrar() throws -> PluginRegistrar {
        var registrar = try PluginRegistrar()
        registrar.origin = .library(path: "mine.so")
        return registrar
    }

    @Test("takes an optimizer, which recipes can name with its options from then on")
    func optimizer() throws {
        var registrar = try registrar()
        try registrar.register(SignDescent.self)
        #expect(registrar.components[.optimizers].map(\.name).last == "sign-descent")
        #expect(registrar.origin(of: "sign-descent", .optimizers) == .library(path: "mine.so"))
        let parameter = Parameter(Tensor([1, -1], shape: [2]))
        let optimizer = try registrar.components.optimizers.make(
            "sign-descent", options: ["scale": .number(2)], parameters: [(name: "weight", parameter: parameter)])
        optimizer.update(gradients: [Tensor([0.3, -7], shape: [2])], learningRate: 0.25)
        #expect(parameter.value.values == [0.5, -0.5])
    }

    @Test("takes a schedule of the learning rate")
    func schedule() throws {
        var registrar = try registrar()
        try registrar.register(Halving.self)
        let schedule = try registrar.components.schedules.make("halving", context: ScheduleContext(base: 1, totalSteps: 9, stepsPerEpoch: 3))
        #expect([0, 3, 8].map(schedule.rate) == [1, 0.5, 0.25])
        #expect(registrar.additions.map(\.kind) == [.schedules])
    }

    @Test("takes a selection rule, which others can be combined with")
    func selection() throws {
        var registrar = try registrar()
        try registrar.register(WorstDomain.self)
        let options: [String: OptionValue] = ["of": .list([.string("worst-domain"), .string("source-validation")])]
        let rule = try registrar.components.selections.make("mean", options: options)
        let evidence = SourceEvidence(
            position: 0, seeds: [.init(heldBack: SourceScores(0.8, loss: 1), leftOut: [SourceScores(0.2, loss: 1), SourceScores(0.6, loss: 1)])])
        #expect(rule.criterion(of: evidence, in: SelectionSituation(.values)) == 0.5)
        #expect(registrar.additions.map(\.kind) == [.selections])
    }

    @Test("takes a task, for data of its targets alone")
    func task() throws {
        var registrar = try registrar()
        try registrar.register(Counting.self)
        #expect(registrar.components[.tasks].map(\.name) == ["classification", "regression", "multi-label", "counting"])
        let values = TaskContext(targets: TargetFacts(.values, names: ["count"]))
        let task = try registrar.components.tasks.make("counting", context: values)
        let (outputs, targets) = (Tensor([0, 1], shape: [2, 1]), Targets.values(Tensor([1, 0], shape: [2, 1])))
        #expect(abs(task.criterion.loss(of: outputs, targets: targets.array).item - (1 + exp(1)) / 2) < 1e-6)
        #expect(task.evaluate(outputs, targets).compactMap(\.number).map { ($0 * 1000).rounded() } == [1359])
        #expect(throws: OptionFault.self) {
            try registrar.components.tasks.make("counting", context: TaskContext(targets: TargetFacts(.classes, names: ["a"])))
        }
        #expect(throws: OptionFault(option: nil, expected: "a task with scores, each of a name of its own", found: "none")) {
            try registrar.register(Scoreless.self)
            _ = try registrar.components.tasks.make("scoreless", context: values)
        }
    }

    @Test("refuses a name that is taken, with its owner, and one that no recipe could hold")
    func names() throws {
        var registrar = try registrar()
        try registrar.register(Halving.self)
        let taken = #expect(throws: RegistrationFault.self) { try registrar.register(Halving.self) }
        #expect(taken?.description == "cannot register the schedule 'halving': the name is taken (mine.so); choose another one")
        let impossible = #expect(throws: RegistrationFault.self) { try registrar.register(Misnamed.self) }
        #expect(impossible?.description.hasPrefix("cannot register the schedule 'Half Life': a name in recipes is lowercase letters") == true)
        #expect(registrar.additions.count == 1)
    }

    @Test("knows what comes with Regulus as built-in, and every kind has a noun of its own")
    func kinds() throws {
        let registrar = try registrar()
        #expect(registrar.origin(of: "adam", .optimizers) == .builtIn)
        #expect(registrar.components[.schedules].map(\.name) == ["constant", "cosine", "inverse-power"])
        #expect(Set(ComponentKind.allCases.map(\.noun)).count == ComponentKind.allCases.count)
    }
}

/// Numbers of things, by their likelihood.
private struct Counting: TaskPlugin {
    static let description = ComponentDescription(name: "counting", summary: "numbers of things")
    static let targets = TargetKind.values
    let scores = [ScoreDescription("mae", title: "mean absolute error", form: .plain, isHigherBetter: false)]
    let criterion = Criterion("poisson") { outputs, targets in (outputs.exp() - targets * outputs).mean() }

    init(options: NoOptions, context: TaskContext) {}

    func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] {
        [.success(Double((outputs.exp() - targets.array).absolute().mean().item))]
    }
}

private struct Scoreless: TaskPlugin {
    static let description = ComponentDescription(name: "scoreless", summary: "says nothing")
    static let targets = TargetKind.values
    let scores: [ScoreDescription] = []
    var criterion: Criterion { .squared }

    init(options: NoOptions, context: TaskContext) {}

    func evaluate(_ outputs: Tensor, _ targets: Targets) -> [Quantity] { [] }
}

/// Steps of one length, against the gradient's sign.
private final class SignDescent: OptimizerPlugin {
    struct Options: Configuration.Options {
        var scale = 1.0
        static var fields: [OptionField<Options>] { [.number("scale", \.scale, in: 0.0..., "length of a step")] }
    }

    static let description = ComponentDescription(name: "sign-descent", summary: "goes by signs", options: Options.descriptions)

    let memory: OptimizerMemory
    private let options: Options

    init(options: Options, parameters: [NamedParameter]) {
        self.options = options
        memory = OptimizerMemory(parameters, slots: [])
    }

    func update(gradients: [Tensor?], learningRate: Float) {
        for (parameter, gradient) in zip(parameters, gradients) {
            guard let gradient else { continue }
            let signs = gradient.values.map { $0 < 0 ? Float(-1) : 1 }
            let step = Tensor(signs, shape: gradient.shape) * (learningRate * Float(options.scale))
            parameter.parameter.value = parameter.parameter.value - step
        }
    }
}

/// The source domain that is worst when left out.
private struct WorstDomain: SelectionPlugin {
    static var description: ComponentDescription {
        ComponentDescription(name: "worst-domain", summary: "best score on the source domain that is worst when left out")
    }

    init(options: NoOptions, context: SelectionContext) {}

    var needs: Set<SelectionNeed> { [.leftOut] }

    func criterion(of evidence: SourceEvidence, in situation: SelectionSituation) -> Double? { evidence.leftOut.map(\.score).min() }
}

/// Half the rate in each epoch.
private struct Halving: SchedulePlugin {
    struct Options: Configuration.Options {
        static var fields: [OptionField<Options>] { [] }
    }

    static let description = ComponentDescription(name: "halving", summary: "halves")

    let context: ScheduleContext

    init(options: Options, context: ScheduleContext) { self.context = context }

    func rate(atStep step: Int) -> Float {
        (0..<step / context.stepsPerEpoch).reduce(Float(context.base)) { rate, _ in rate / 2 }
    }
}

private struct Misnamed: SchedulePlugin {
    struct Options: Configuration.Options {
        static var fields: [OptionField<Options>] { [] }
    }

    static let description = ComponentDescription(name: "Half Life", summary: "decays")

    init(options: Options, context: ScheduleContext) {}

    func rate(atStep step: Int) -> Float { 1 }
}
