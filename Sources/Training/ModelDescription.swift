import Analysis
import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Tensors
import Weights

/// What a checkpoint tells about its model: enough to build it and to feed it, without the recipe and
/// the data that it was trained on.
///
/// It is stored as JSON under `model` in the header of the checkpoint; the tensors of the file are the
/// model's state under its parameters' names, and what regularizers own under `regularizers.`.
package struct ModelDescription: Hashable, Codable, Sendable {
    /// A component with its options.
    package struct Component: Hashable, Codable, Sendable {
        package var use: String
        package var options: [String: OptionValue]

        init(_ plan: ComponentPlan) {
            use = plan.name
            options = plan.options
        }

        package var plan: ComponentPlan { ComponentPlan(use, options: options) }
    }

    /// One modality that the model reads.
    package struct Input: Hashable, Codable, Sendable {
        package var name: String
        /// Shape of one sample, without the batch axis.
        package var shape: [Int]
    }

    /// The format of this description.
    package var version = 2
    /// The modalities that the model was made for, in the data set's order.
    package var inputs: [Input]
    /// The task that it was trained for.
    package var task: Component
    /// The classes, labels or values that it predicts, in order.
    package var targets: TargetFacts
    /// By modality; nil for a whole model.
    package var encoders: [String: Component]?
    package var fusion: Component?
    /// A model that is not made of encoders and a fusion, and the modalities that it reads.
    package var whole: Component?
    package var modalities: [String]?
    /// What inputs are brought to a common scale with.
    package var standardization: Standardization
    /// The data that it was trained on, and the domains that were held out of them.
    package var data: Component
    package var heldOut: [Int]

    init(_ plan: TrialPlan, facts: DatasetFacts, standardization: Standardization) {
        inputs = facts.modalities.map { Input(name: $0.name, shape: $0.sampleShape) }
        task = Component(plan.task)
        targets = facts.targets
        self.standardization = standardization
        data = Component(plan.data)
        heldOut = plan.targets
        switch plan.model {
        case .assembled(let encoders, let fusion):
            self.encoders = Dictionary(uniqueKeysWithValues: encoders.map { ($0.key.name, Component($0.value)) })
            self.fusion = Component(fusion)
        case .whole(let model, let modalities):
            whole = Component(model)
            self.modalities = modalities.map(\.name)
        }
    }

    /// The key of the description in a checkpoint's header.
    package static let key = "model"

    /// One line of JSON.
    package var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// - Throws: `CheckpointFault` where the checkpoint has no description, or one that cannot be read.
    package init(of checkpoint: SafetensorsFile) throws(CheckpointFault) {
        guard let text = checkpoint.metadata[Self.key] else {
            throw CheckpointFault(
                path: checkpoint.path, reason: "its header does not describe a model: it is not the checkpoint of a run, or it is one of an earlier version")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw CheckpointFault(path: checkpoint.path, reason: "its header describes a model in a way that cannot be read")
        }
        guard (1...2).contains(version) else {
            throw CheckpointFault(path: checkpoint.path, reason: "its model is described in format \(version), and this program reads formats 1 and 2")
        }
        if let fault { throw CheckpointFault(path: checkpoint.path, reason: "its header describes a model that cannot be: \(fault)") }
    }

    /// What is wrong with the numbers and names, which models are made of without asking again; nil where nothing is.
    private var fault: String? {
        if targets.names.isEmpty { return "it predicts nothing" }
        if Set(inputs.map(\.name)).count < inputs.count { return "an input is listed twice" }
        for input in inputs {
            let count = input.shape.reduce(into: (product: 1, overflows: false)) { size, extent in
                let (product, overflow) = size.product.multipliedReportingOverflow(by: extent)
                size = (product, size.overflows || overflow)
            }
            // One axis is the batch's.
            guard input.shape.count < Shape.maximumRank, input.shape.allSatisfy({ $0 > 0 }), !count.overflows, count.product <= Self.mostInputs else {
                return "samples of \(input.name) have the shape \(input.shape)"
            }
            guard let channels = standardization.scales[input.name]?.means.count else { continue }
            guard channels == 1 || channels == input.shape.last else { return "\(input.name) of shape \(input.shape) is scaled by \(channels) channels" }
        }
        let known = inputs.map(\.name)
        let read = whole == nil ? encoders.map { Array($0.keys) } ?? [] : modalities ?? known
        if read.isEmpty { return "it reads no modality" }
        return read.first { !known.contains($0) }.map { "it reads \($0), which is no input" }
    }

    /// Values of one sample of one modality: more than any recording has.
    private static let mostInputs = 1 << 28

    /// The model with initial values, for these facts of data.
    ///
    /// Files that encoders start from are not read: their values come from the checkpoint.
    fileprivate func make(_ components: Components, for task: any TaskPlugin) throws(OptionFault) -> any MultimodalModel {
        let facts = DatasetFacts(
            modalities: inputs.map { .init(name: $0.name, sampleShape: $0.shape) }, domains: [], targets: targets, samplesPerDomain: [])
        let model: TrialModel
        if let whole {
            model = .whole(whole.plan, modalities: (modalities ?? inputs.map(\.name)).map { Modality($0) })
        } else {
            var plans: [Modality: ComponentPlan] = [:]
            for (name, encoder) in encoders ?? [:] {
                var plan = encoder.plan
                for name in StartingWeights.names { plan.options[name] = nil }
                let options = components.encoders.descriptions.first { $0.name == plan.name }?.options ?? []
                for option in options where !option.isRequired && [OptionKind.path, .list(of: .path)].contains(option.kind) { plan.options[option.name] = nil }
                plans[Modality(name)] = plan
            }
            guard let fusion else { throw OptionFault(option: nil, expected: "encoders and a fusion, or a whole model", found: "neither") }
            model = .assembled(encoders: plans, fusion: fusion.plan)
        }
        let outputs = task.outputs(for: targets)
        return try model.make(facts: facts, outputs: outputs, components: components, from: .zeros) { (plan, modality, initializer) throws(OptionFault) in
            try components.encoders.make(plan.name, options: plan.options, sampleShape: Shape(modality.sampleShape), from: initializer)
        }
    }
}

extension ModelDescription {
    private enum Key: String, CodingKey {
        case version, inputs, task, targets, encoders, fusion, whole, modalities, standardization, data, heldOut
        // The names of the classes, in format 1, which knew no other task.
        case classes
    }

    /// - Throws: `DecodingError` where an entry is missing or has another type.
    package init(from decoder: any Swift.Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        version = try fields.decode(Int.self, forKey: .version)
        inputs = try fields.decode([Input].self, forKey: .inputs)
        if version == 1 {
            task = Component(ComponentPlan("classification"))
            targets = TargetFacts(.classes, names: try fields.decode([String].self, forKey: .classes))
        } else {
            task = try fields.decode(Component.self, forKey: .task)
            targets = try fields.decode(TargetFacts.self, forKey: .targets)
        }
        encoders = try fields.decodeIfPresent([String: Component].self, forKey: .encoders)
        fusion = try fields.decodeIfPresent(Component.self, forKey: .fusion)
        whole = try fields.decodeIfPresent(Component.self, forKey: .whole)
        modalities = try fields.decodeIfPresent([String].self, forKey: .modalities)
        standardization = try fields.decode(Standardization.self, forKey: .standardization)
        data = try fields.decode(Component.self, forKey: .data)
        heldOut = try fields.decode([Int].self, forKey: .heldOut)
    }

    package func encode(to encoder: any Swift.Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(version, forKey: .version)
        try fields.encode(inputs, forKey: .inputs)
        try fields.encode(task, forKey: .task)
        try fields.encode(targets, forKey: .targets)
        try fields.encodeIfPresent(encoders, forKey: .encoders)
        try fields.encodeIfPresent(fusion, forKey: .fusion)
        try fields.encodeIfPresent(whole, forKey: .whole)
        try fields.encodeIfPresent(modalities, forKey: .modalities)
        try fields.encode(standardization, forKey: .standardization)
        try fields.encode(data, forKey: .data)
        try fields.encode(heldOut, forKey: .heldOut)
    }
}

/// A checkpoint that cannot be used.
package struct CheckpointFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "\(path): \(reason)" }
}

/// A model that was loaded from its checkpoint, ready for any data of the same modalities.
package struct SavedModel {
    package let description: ModelDescription
    /// What it has learned.
    package let task: any TaskPlugin
    private let model: any MultimodalModel
    private let path: String

    /// - Throws: `CheckpointFault` where the file is not a checkpoint, names components that are not known, or holds another model than it says.
    package init(_ path: String, components: Components) throws(CheckpointFault) {
        self.path = path
        do {
            let file = try SafetensorsFile(path)
            description = try ModelDescription(of: file)
            let own = description.task.plan
            task = try components.tasks.make(own.name, options: own.options, context: TaskContext(targets: description.targets))
            model = try description.make(components, for: task)
            var state: [String: Tensor] = [:]
            for name in file.names where !name.hasPrefix("regularizers.") { state[name] = try file.tensor(name, convertingIntegers: true) }
            try model.load(state)
        } catch let fault as CheckpointFault {
            throw fault
        } catch let fault as WeightsFault {
            throw CheckpointFault(path: path, reason: fault.file == path ? fault.text : "\(fault)")
        } catch let fault as OptionFault {
            throw CheckpointFault(path: path, reason: "its model cannot be made: \(fault)")
        } catch {
            throw CheckpointFault(path: path, reason: "it does not hold the model that it describes: \(error)")
        }
    }

    /// The modalities that the model reads.
    package var modalities: [Modality] { model.modalities }

    /// The model with some rows of a data set, as measurements see it.
    ///
    /// - Parameters:
    ///   - rows: rows of the data set.
    ///   - set: what all of them are to measurements.
    /// - Throws: `CheckpointFault` where the data lack a modality, have samples of another shape, or, where `needsTargets`, other targets than the model
    ///   knows.
    package func applied(to data: any Dataset, rows: [Int], needsTargets: Bool, as set: SampleSet = .target) throws -> TrainedModel {
        for modality in model.modalities {
            let shape = description.inputs.first { $0.name == modality.name }?.shape ?? []
            guard let found = data.facts.modalities.first(where: { $0.name == modality.name }) else {
                throw CheckpointFault(
                    path: path, reason: "its model reads '\(modality)', and the data have \(data.facts.modalityNames.joined(separator: ", "))")
            }
            guard found.sampleShape == shape else {
                throw CheckpointFault(
                    path: path, reason: "its model reads '\(modality)' of shape \(Shape(shape)), and the data's are \(Shape(found.sampleShape))")
            }
        }
        let targets = try KnownTargets(of: data, for: description.targets, isRequired: needsTargets, path: path)
        let samples = try AppliedSamples(
            of: data, rows: rows, modalities: model.modalities, standardization: description.standardization
        ) { targets.targets(of: $0) }
        let model = self.model
        return TrainedModel(
            modalities: model.modalities, task: task, targets: description.targets, domains: data.facts.domains,
            encode: { inputs, chosen in
                model.encode(inputs, only: chosen, pass: .evaluation).mapEmbeddings { $1.clearing(inputs.presence(of: $0)) }
            },
            fuse: { model.fuse($0, pass: .evaluation) },
            forEachBatch: { asked, body in
                if asked == set { try samples.forEach(body) }
            })
    }
}

/// The targets of a data set in the terms of a model: its classes, labels or values in the model's
/// order.
private struct KnownTargets {
    private let data: any Dataset
    private let known: TargetFacts
    /// For each of the data's classes its number among the model's; for each of the model's labels or values its column in the data. −1 for
    /// one that there is not.
    private let numbers: [Int]

    /// - Throws: `CheckpointFault` where targets are required, and those of the data are not the model's.
    init(of data: any Dataset, for known: TargetFacts, isRequired: Bool, path: String) throws(CheckpointFault) {
        let own = data.facts.targets
        self.data = data
        self.known = known
        guard own.kind == known.kind else {
            if isRequired { throw CheckpointFault(path: path, reason: "its model predicts \(known.text), and the data have \(own.text)") }
            numbers = []
            return
        }
        let (from, to) = known.kind == .classes ? (own.names, known.names) : (known.names, own.names)
        numbers = from.map { to.firstIndex(of: $0) ?? -1 }
        guard isRequired, let missing = zip(from, numbers).first(where: { $0.1 < 0 })?.0 else { return }
        let names = known.names.joined(separator: ", ")
        throw CheckpointFault(
            path: path,
            reason: known.kind == .classes
                ? "its model knows the classes \(names), and the data have '\(missing)'"
                : "its model predicts the \(known.kind.rawValue) \(names), and the data have no '\(missing)'")
    }

    /// The targets of some rows. Where the data lack one it is −1 for a class, and NaN for a label or a
    /// value.
    func targets(of rows: [Int]) -> Targets {
        if known.kind == .classes {
            return .classes(rows.map { numbers.isEmpty ? -1 : numbers[data.labels[$0]] }, of: known.width)
        }
        let (values, width) = (data.targetValues ?? [], data.facts.targets.width)
        let found = rows.flatMap { row in
            known.names.indices.map { column in
                numbers.isEmpty || numbers[column] < 0 ? Float.nan : values[row * width + numbers[column]]
            }
        }
        let array = Tensor(found, shape: [rows.count, known.width])
        return known.kind == .labels ? .labels(array) : .values(array)
    }
}
