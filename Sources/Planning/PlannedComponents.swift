import Analysis
import Configuration
import Datasets
import Foundation
import Models
import Networks
import Persistence
import Processes
import Recipes
import Regularization
import Tensors
import Training

/// The components of a study as planning sees them: models and terms with names and shapes, and zeros for initial values.
///
/// Each is made once, however many rows and variants ask for it.
///
/// `Sendable` is unchecked: a lock guards what is kept, and planned components are only read.
package final class PlannedComponents: @unchecked Sendable {
    let components: Components
    private let memory: Int?
    private let lock = NSLock()
    private var datasets: [ComponentPlan: Result<OpenedDataset, DatasetFault>] = [:]
    private var tasks: [TaskKey: Result<any TaskPlugin, OptionFault>] = [:]
    private var encoders: [EncoderKey: Result<any Encoder, OptionFault>] = [:]
    private var models: [ModelKey: Result<any MultimodalModel, OptionFault>] = [:]
    private var terms: [TermKey: Result<RegularizerTerm, OptionFault>] = [:]
    private var optimizers: [ComponentPlan: Result<Void, OptionFault>] = [:]
    private var schedules: [ComponentPlan: Result<Void, OptionFault>] = [:]
    private var weights: [String: Result<String, FileFault>] = [:]

    /// A data set and a name for its contents.
    struct OpenedDataset {
        let dataset: any Dataset
        let fingerprint: String
    }

    /// How many components have been made.
    struct Count: Hashable {
        var datasets = 0
        var encoders = 0
        var models = 0
        var terms = 0
    }

    /// What has been made so far.
    var made: Count {
        lock.withLock { Count(datasets: datasets.count, encoders: encoders.count, models: models.count, terms: terms.count) }
    }

    /// - Parameter memory: bytes that trainings may take; nil where that is not known.
    package init(_ components: Components, memory: Int? = MachineMemory.available) {
        self.components = components
        self.memory = memory
    }

    private struct TaskKey: Hashable {
        let plan: ComponentPlan
        let targets: TargetFacts
    }

    private struct EncoderKey: Hashable {
        let plan: ComponentPlan
        /// The name is part of the key, because two modalities never share parameters, however similar they are.
        let modality: DatasetFacts.ModalityFacts
    }

    private struct ModelKey: Hashable {
        let model: TrialModel
        let modalities: [DatasetFacts.ModalityFacts]
        let outputs: Int

        init(_ model: TrialModel, _ facts: DatasetFacts, _ task: any TaskPlugin) {
            (self.model, modalities, outputs) = (model, facts.modalities, task.outputs(for: facts.targets))
        }
    }

    private struct TermKey: Hashable {
        let term: TermPlan
        let model: ModelKey
        let targets: TargetKind
        /// The number of source domains; which ones they are does not matter here.
        let sourceDomains: Int
        let batch: Int
    }

    /// Makes a component. Whoever watches this process learns of one from a library, which may never return.
    private func making<Component, Fault: Error>(_ name: String, _ body: () throws(Fault) -> Component) throws(Fault) -> Component {
        components.foreignCode[name] == nil ? try body() : try CallTrace.during("init(options:)", of: name, body)
    }

    /// - Throws: `DatasetFault` where it cannot be opened or read.
    func dataset(_ plan: ComponentPlan) throws(DatasetFault) -> OpenedDataset {
        try once(\.datasets, plan) { () throws(DatasetFault) in
            let dataset = try making(plan.name) { () throws(DatasetFault) in
                let dataset = try components.datasets.make(plan.name, options: plan.options)
                try dataset.checkRows()
                return dataset
            }
            do {
                return OpenedDataset(dataset: dataset, fingerprint: try Fingerprint.of(dataset))
            } catch {
                throw error as? DatasetFault ?? DatasetFault(message: "\(error)")
            }
        }
    }

    /// - Throws: `OptionFault` where options do not fit each other, or the data have other targets.
    func task(_ plan: ComponentPlan, for targets: TargetFacts) throws(OptionFault) -> any TaskPlugin {
        try once(\.tasks, TaskKey(plan: plan, targets: targets)) { () throws(OptionFault) in
            try making(plan.name) { () throws(OptionFault) in
                try components.tasks.make(plan.name, options: plan.options, context: TaskContext(targets: targets))
            }
        }
    }

    /// - Throws: `OptionFault` where options do not fit each other or the modality.
    func encoder(_ plan: ComponentPlan, of modality: DatasetFacts.ModalityFacts) throws(OptionFault) -> any Encoder {
        try once(\.encoders, EncoderKey(plan: plan, modality: modality)) { () throws(OptionFault) in
            try making(plan.name) { () throws(OptionFault) in try components.encoder(plan, of: modality, from: .zeros) }
        }
    }

    /// - Throws: `OptionFault` where an option does not fit the data or another part of the model.
    func model(_ model: TrialModel, facts: DatasetFacts, task: any TaskPlugin) throws(OptionFault) -> any MultimodalModel {
        let key = ModelKey(model, facts, task)
        return try once(\.models, key) { () throws(OptionFault) in
            try model.make(facts: facts, outputs: key.outputs, components: components, from: .zeros) { (plan, modality, _) throws(OptionFault) in
                try encoder(plan, of: modality)
            }
        }
    }

    /// A term of a model. The steps at which it acts do not matter here; they are checked where the number of steps is known.
    ///
    /// - Parameter trial: the training that it is a term of.
    /// - Throws: `OptionFault` where an option does not fit the model, or the term needs other data.
    func term(
        _ plan: TermPlan, of trial: TrialPlan, facts: DatasetFacts, task: any TaskPlugin
    ) throws(OptionFault) -> RegularizerTerm {
        let made = try self.model(trial.model, facts: facts, task: task)
        let key = TermKey(
            term: plan, model: ModelKey(trial.model, facts, task), targets: facts.targets.kind, sourceDomains: trial.trainedDomains.count,
            batch: trial.batch)
        return try once(\.terms, key) { () throws(OptionFault) in
            try components.regularizers.makeTerm(
                plan, for: made, classes: key.model.outputs, task: key.targets, sourceDomains: trial.trainedDomains, batchSize: key.batch,
                initializer: .zeros, totalSteps: 1, stepsPerEpoch: 1)
        }
    }

    /// - Throws: `OptionFault` where the optimizer's options do not fit each other.
    func checkOptimizer(_ plan: ComponentPlan) throws(OptionFault) {
        try once(\.optimizers, plan) { () throws(OptionFault) in
            _ = try components.optimizers.make(plan.name, options: plan.options, parameters: [])
        }
    }

    /// - Throws: `OptionFault` where the schedule's options do not fit each other.
    func checkSchedule(_ plan: ComponentPlan) throws(OptionFault) {
        try once(\.schedules, plan) { () throws(OptionFault) in
            let context = ScheduleContext(base: 1, totalSteps: 1, stepsPerEpoch: 1)
            _ = try components.schedules.make(plan.name, options: plan.options, context: context)
        }
    }

    /// Digests of the files that the encoders of a model take their weights from, a line each. A file that cannot be read is reported where
    /// the encoder is made.
    func weightDigests(of model: TrialModel) -> [String] {
        model.encoders.sorted { $0.key < $1.key }.compactMap { modality, encoder in
            guard case .string(let path)? = encoder.options["weights"] else { return nil }
            let digest = try? once(\.weights, path) { () throws(FileFault) in try SHA256Digest(ofFile: path).hex }
            return digest.map { "\(modality) \($0)" }
        }
    }

    /// Why a model or a term with these parts cannot be trained here; nil where it may fit.
    ///
    /// Each width of a layer is bounded by itself, and their product by the memory alone.
    func shortage(for parts: Parts) -> OptionFault? {
        let trained = parts.namedParameters.reduce(0) { $0 + $1.parameter.elementCount }
        // Frozen parameters, running statistics, and averages of weights, which are as large as the model.
        let kept = parts.contents.entries.reduce(0) { $0 + $1.entry.value.elementCount } - trained
        return shortage(trained: trained, kept: kept)
    }

    /// The same by numbers of values.
    func shortage(trained: Int, kept: Int) -> OptionFault? {
        // Values of 32 bits, and gradients where they are trained, without which no step is taken.
        let (values, overflows) = trained.multipliedReportingOverflow(by: 2)
        let (all, overflowsToo) = values.addingReportingOverflow(kept)
        let (needed, overflowsAsBytes) = all.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
        let isUncountable = overflows || overflowsToo || overflowsAsBytes
        guard let memory, isUncountable || needed > memory else { return nil }
        return OptionFault(
            option: nil, expected: "no more than the \(memory >> 20) MiB of memory that are available here",
            found: "\(trained) parameters" + (kept > 0 ? " and \(kept) values that are kept" : "")
                + ", which take \(isUncountable ? "more than any machine has" : "\(needed >> 20) MiB") with their gradients")
    }

    private func once<Key: Hashable, Value, Fault: Error>(
        _ known: ReferenceWritableKeyPath<PlannedComponents, [Key: Result<Value, Fault>]>, _ key: Key, _ make: () throws(Fault) -> Value
    ) throws(Fault) -> Value {
        if let made = lock.withLock({ self[keyPath: known][key] }) { return try made.get() }
        let made = Result(catching: make)
        lock.withLock { self[keyPath: known][key] = made }
        return try made.get()
    }
}

extension Components {
    /// What a recipe may name of these components.
    package var catalogue: Catalogue { Catalogue { self[$0] } }
}
