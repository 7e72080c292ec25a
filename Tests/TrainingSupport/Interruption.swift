import Configuration
import Datasets
import Foundation
import Persistence
import Regularization
import Results
import Synchronization
import Tensors

@testable import Training

/// Trials that stop and go on.
enum Interruption {
    /// Batch normalization, state in regularizers, an average that is evaluated, random draws, two optimizer slots: all that has to be
    /// kept, over three epochs of five steps.
    static func plan(_ optimizer: String = "adam", options: [String: OptionValue] = [:]) -> TrialPlan {
        var head = ProjectionOptions()
        (head.hidden, head.width) = ([8], 4)
        let terms = [
            TermPlan("mer", at: .projection, projection: head), TermPlan("dropout"),
            TermPlan("noise"), TermPlan("keeping"), TermPlan("following"),
        ]
        return Sample.plan(terms) { plan in
            plan.epochs = 3
            plan.schedule = ComponentPlan("cosine")
            plan.optimizer = ComponentPlan(optimizer, options: options)
            guard case .assembled(var encoders, let fusion) = plan.model else { return }
            for name in encoders.keys { encoders[name]?.options["batch-normalization"] = .bool(true) }
            plan.model = .assembled(encoders: encoders, fusion: fusion)
        }
    }

    static let steps = 15

    static func components() throws -> Components {
        var components = try Sample.components()
        try components.regularizers.register(Keeping.self)
        try components.regularizers.register(Following.self)
        return components
    }

    static func trial(_ plan: TrialPlan) throws -> Trial {
        Threads.use(1)
        return try Trial(
            plan, key: TrialKey(row: "row", target: "d3", seed: plan.seed), dataset: Sample.dataset(), components: components())
    }

    /// Runs a trial that is stopped after some steps of its own, and then saves into a folder; nil where it was stopped.
    static func run(_ plan: TrialPlan, in folder: URL, stoppingAfter steps: Int = .max) throws -> Trial.Outcome? {
        let done = Atomic(0)
        let saving = TrialSaving(
            folder: ResumeFolder(folder, origin: SavedOrigin(plan: plan)), interval: .seconds(3600),
            shouldStop: { done.add(1, ordering: .relaxed).newValue >= steps }, isOwned: { true })
        do {
            return try trial(plan).run(saving: saving)
        } catch is TrialInterrupted {
            return nil
        }
    }

    /// The steps that have been saved, the latest first.
    static func savedSteps(of plan: TrialPlan, in folder: URL) -> [Int] { ResumeFolder(folder, origin: SavedOrigin(plan: plan)).steps }
}
