import Analysis
import Configuration
import Datasets
import Foundation
import Models
import Networks
import Regularization
import Tensors
import Weights

/// What a checkpoint says about its model: enough to build it and to feed it, without the recipe and the data that it was trained on.
///
/// It stands as JSON under `model` in the header of the checkpoint; the tensors beside it are the model's state under its parameters' names, and
/// what regularizers own under `regularizers.`.
package struct ModelDescription: Codable, Sendable {
    /// A component with its options.
    package struct Component: Codable, Sendable {
        package var use: String
        package var options: [String: OptionValue]

        init(_ plan: ComponentPlan) {
            use = plan.name
            options = plan.options
        }

        var plan: ComponentPlan { ComponentPlan(use, options: options) }
    }

    /// One modality that the model reads.
    package struct Input: Codable, Sendable {
        package var name: String
        /// Shape of one sample, without the batch axis.
        package var shape: [Int]
    }

    /// The format of this description.
    package var version = 1
    /// The modalities that the model was made for, in the data set's order.
    package var inputs: [Input]
    /// Names of the classes, in the order of the logits.
    package var classes: [String]
    /// By modality; nil for a whole model.
    package var encoders: [String: Component]?
    package var fusion: Component?
    /// A model that is no encoders and fusion, and the modalities that it reads.
    package var whole: Component?
    package var modalities: [String]?
    /// What inputs are brought to a common scale with.
    package var standardization: Standardization
    /// The data that it was trained on, and the domains that were held out of them.
    package var data: Component
    package var heldOut: [Int]

    init(_ plan: TrialPlan, facts: DatasetFacts, standardization: Standardization) {
        inputs = facts.modalities.map { Input(name: $0.name, shape: $0.sampleShape) }
        classes = facts.classes
        self.standardization = standardization
        data = Component(plan.data)
        heldOut = [plan.target]
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
                path: checkpoint.path, reason: "its header does not describe a model: it is no checkpoint of a run, or one of an earlier version")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw CheckpointFault(path: checkpoint.path, reason: "its header describes a model in a way that cannot be read")
        }
        guard version == 1 else {
            throw CheckpointFault(path: checkpoint.path, reason: "its model is described in format \(version), and this program reads format 1")
        }
    }

    /// The model with initial values, for these facts of data.
    ///
    /// Files that encoders start from are not read: their values come from the checkpoint.
    fileprivate func make(_ components: Components) throws(OptionFault) -> any MultimodalModel {
        let facts = DatasetFacts(
            modalities: inputs.map { .init(name: $0.name, sampleShape: $0.shape) }, domains: [], classes: classes, samplesPerDomain: [])
        let model: TrialModel
        if let whole {
            model = .whole(whole.plan, modalities: (modalities ?? inputs.map(\.name)).map { Modality($0) })
        } else {
            var plans: [Modality: ComponentPlan] = [:]
            for (name, encoder) in encoders ?? [:] {
                var plan = encoder.plan
                let options = components.encoders.descriptions.first { $0.name == plan.name }?.options ?? []
                for option in options where !option.isRequired && [OptionKind.path, .list(of: .path)].contains(option.kind) { plan.options[option.name] = nil }
                plans[Modality(name)] = plan
            }
            guard let fusion else { throw OptionFault(option: nil, expected: "encoders and a fusion, or a whole model", found: "neither") }
            model = .assembled(encoders: plans, fusion: fusion.plan)
        }
        return try model.make(facts: facts, components: components, from: .zeros) { (plan, modality, initializer) throws(OptionFault) in
            try components.encoders.make(plan.name, options: plan.options, sampleShape: Shape(modality.sampleShape), from: initializer)
        }
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
    private let model: any MultimodalModel
    private let path: String

    /// - Throws: `CheckpointFault` where the file is no checkpoint, names components that are not known, or holds another model than it says.
    package init(_ path: String, components: Components) throws(CheckpointFault) {
        self.path = path
        do {
            let file = try SafetensorsFile(path)
            description = try ModelDescription(of: file)
            model = try description.make(components)
            var state: [String: Tensor] = [:]
            for name in file.names where !name.hasPrefix("regularizers.") { state[name] = try file.tensor(name, convertingIntegers: true) }
            try model.load(state)
        } catch let fault as CheckpointFault {
            throw fault
        } catch let fault as WeightsFault {
            throw CheckpointFault(path: path, reason: "\(fault)")
        } catch let fault as OptionFault {
            throw CheckpointFault(path: path, reason: "its model cannot be made: \(fault)")
        } catch {
            throw CheckpointFault(path: path, reason: "it does not hold the model that it describes: \(error)")
        }
    }

    /// The modalities that the model reads.
    package var modalities: [Modality] { model.modalities }

    /// The model with some rows of a data set, as measurements see it: all rows are `target` samples.
    ///
    /// - Parameter rows: rows of the data set.
    /// - Throws: `CheckpointFault` where the data lack a modality, have samples of another shape, or, where `needsClasses`, a class that the model does not
    ///   know.
    package func applied(to data: any Dataset, rows: [Int], needsClasses: Bool) throws -> TrainedModel {
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
        let numbers = data.facts.classes.map { name in description.classes.firstIndex(of: name) }
        if needsClasses, let unknown = zip(data.facts.classes, numbers).first(where: { $0.1 == nil }) {
            throw CheckpointFault(
                path: path, reason: "its model knows the classes \(description.classes.joined(separator: ", ")), and the data have '\(unknown.0)'")
        }
        let loader = try BatchLoader(data, modalities: model.modalities.map(\.name))
        let (model, standardization) = (model, description.standardization)
        let batch = loader.evaluationBatch(limit: 256)
        return TrainedModel(
            modalities: model.modalities, classes: description.classes, domains: data.facts.domains,
            encode: { inputs in model.encode(inputs, pass: .evaluation).mapEmbeddings { $1.clearing(inputs.presence(of: $0)) } },
            fuse: { model.fuse($0, pass: .evaluation) },
            forEachBatch: { set, body in
                guard set == .target else { return }
                try loader.forEach(BatchSampler.inOrder(rows, batchSize: batch), view: .evaluation) { loaded in
                    var arrays: [Modality: Tensor] = [:]
                    var presences: [Modality: Presence] = [:]
                    for modality in model.modalities {
                        arrays[modality] = loaded.inputs[modality.name].map { standardization($0, modality: modality.name) }
                        presences[modality] = try data.presence(loaded.rows, modality: modality.name)
                    }
                    let inputs = Inputs(arrays, presences: presences)
                    try body(
                        TrainedModel.Batch(
                            rows: loaded.rows, inputs: inputs, labels: loaded.rows.map { numbers[data.labels[$0]] ?? -1 },
                            domains: loaded.rows.map { data.domains[$0] }))
                }
            })
    }
}
