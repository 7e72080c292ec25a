import Analysis
import BuiltIn
import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Results
import Tensors

@testable import Training

/// Small plans on a generated world of three domains, 48 samples each, whose trials take milliseconds.
enum Sample {
    static let data = ComponentPlan("co-occurrence", options: ["classes": .integer(4), "samples": .integer(48)])

    static func components(foreignCode: [String: String] = [:]) throws -> Components {
        var regularizers = try RegularizerRegistry.builtIn()
        try regularizers.register(Breaking.self)
        try regularizers.register(Probe.self)
        return Components(
            datasets: .builtIn, encoders: try .standard(), fusions: try .standard(), optimizers: try .standard(), regularizers: regularizers,
            measurements: try .standard(), foreignCode: foreignCode)
    }

    static func dataset() throws -> any Dataset { try DatasetRegistry.builtIn.make(data.name, options: data.options) }

    /// Trains on the first two domains for two epochs of five steps, and holds the third out.
    static func plan(_ regularizers: [TermPlan] = [], seed: Int = 1, change: (inout TrialPlan) -> Void = { _ in }) -> TrialPlan {
        var plan = TrialPlan(
            data: data, dataFingerprint: "sample", standardization: .scale, model: model(), sources: [0, 1], target: 2,
            validation: .fraction(0.2), selection: .sourceValidation, epochs: 2, batch: 16, batching: .domainBalanced,
            optimizer: ComponentPlan("adam"), learningRate: 0.01, regularizers: regularizers, seed: seed, threads: 1)
        change(&plan)
        return plan
    }

    static func model(_ modalities: [Modality] = ["m1", "m2"], embedding: Int = 8, hidden: Int = 16) -> TrialModel {
        let encoder = ComponentPlan("vector-mlp", options: ["hidden": .list([.integer(16)]), "embedding": .integer(embedding)])
        return .assembled(
            encoders: Dictionary(uniqueKeysWithValues: modalities.map { ($0, encoder) }),
            fusion: ComponentPlan("late", options: ["hidden": .integer(hidden)]))
    }

    static func cell(
        _ row: String, _ plans: [TrialPlan], seeds: [Int] = [1], tuning: TuningRule = TuningRule(seeds: [1])
    ) -> Cell {
        let candidates = plans.enumerated().map { index, plan in
            Candidate(values: plans.count > 1 ? [ChosenValue(path: "candidate", value: "\(index)")] : [], plan: plan)
        }
        return Cell(row: row, target: "d3", variant: [:], repetition: [:], candidates: candidates, seeds: seeds, tuning: tuning)
    }

    static func trial(_ plan: TrialPlan) throws -> Trial {
        // Tests run side by side, and several threads each would only wait for one another.
        Threads.use(1)
        return try Trial(plan, key: TrialKey(row: "row", target: "d3", seed: plan.seed), dataset: dataset(), components: components())
    }

    static func run(_ plan: TrialPlan) throws -> Trial.Outcome { try trial(plan).run() }
}

extension Trial.Outcome {
    /// The bits of every value of the model, by name.
    var bits: [String: [UInt32]] {
        Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.value.values.map(\.bitPattern)) })
    }

    /// The same without what regularizers own.
    var modelBits: [String: [UInt32]] { bits.filter { !$0.key.hasPrefix("regularizers.") } }
}

extension TrialResult {
    /// The result without what differs from run to run.
    var timeless: TrialResult {
        var result = self
        result.seconds = 0
        result.secondsInPenalties = 0
        result.stepCost = nil
        result.loading?.seconds = 0
        result.loading?.secondsWaited = 0
        return result
    }
}
