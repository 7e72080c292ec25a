import Configuration
import Datasets
import Models
import Networks
import Regularization
import Results
import Synchronization
import Tensors
import Training

/// Trials on generated clips that are decoded while they train.
enum ClipTrials {
    static func components() throws -> Components {
        var components = try Sample.components()
        try components.datasets.register(GeneratedClips.self)
        try components.regularizers.register(Watching.self)
        return components
    }

    /// Two epochs of three steps on the sound alone, unless changed.
    static func plan(
        _ regularizers: [TermPlan] = [], options: [String: OptionValue] = [:], seed: Int = 1, change: (inout TrialPlan) -> Void = { _ in }
    ) -> TrialPlan {
        Sample.plan(regularizers, seed: seed) { plan in
            plan.data = ComponentPlan("generated-clips", options: options)
            plan.standardization = .none
            let encoder = ComponentPlan("image-cnn", options: ["width": .integer(2), "stages": .integer(2), "embedding": .integer(4)])
            let flow = ComponentPlan(
                "slowonly", options: ["width": .integer(2), "blocks": .list([.integer(1), .integer(1), .integer(1), .integer(1)])])
            plan.model = .assembled(
                encoders: ["audio": encoder, "flow": flow], fusion: ComponentPlan("late", options: ["hidden": .integer(4)]))
            plan.batch = 4
            change(&plan)
        }
    }

    static func trial(_ plan: TrialPlan) throws -> Trial {
        Threads.use(1)
        let components = try components()
        return try Trial(
            plan, key: TrialKey(row: "row", target: "d3", seed: plan.seed),
            dataset: components.datasets.make(plan.data.name, options: plan.data.options), components: components)
    }

    static func skipping(_ rows: [Int]) -> [String: OptionValue] {
        ["bad": .list(rows.map { .integer($0) }), "on-bad-sample": .string("skip")]
    }
}

/// Logs the sum of all inputs of a batch.
struct Watching: RegularizerPlugin, AddsPenalty {
    struct Options: Configuration.Options {
        static var fields: [OptionField<Options>] { [] }
    }
    static let description = ComponentDescription(name: "watching", summary: "logs the sum of the inputs", options: [])

    init(options: Options, context: RegularizerContext) {}

    func penalty(_ step: TrainingStep) -> Penalty? {
        let sum = step.inputs.modalities.compactMap { step.inputs[$0] }.reduce(0) { $0 + $1.values.reduce(0, +) }
        return Penalty(value: Tensor(0), reports: [("inputs", sum)])
    }
}
