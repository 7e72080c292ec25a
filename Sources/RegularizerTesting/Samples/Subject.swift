import Configuration
import Networks
import Regularization

/// A plug-in together with the options under test, without its type.
struct Subject {
    let description: ComponentDescription
    /// What the regularizer does.
    let hooks: [RegularizerHook]
    /// Whether it looks at what is missing itself.
    let readsPresence: Bool
    /// The name of its type.
    let type: String
    /// The options as they are declared.
    let declared: [OptionDescription]
    /// The options under test, by name.
    let options: [(name: String, value: OptionValue)]
    let minimumBatch: Int
    /// The kinds of targets that it can serve.
    let tasks: [TargetKind]
    let exceptions: ContractExceptions
    /// What the checks start from; nil where the regularizer refuses all of them.
    let ordinary: Scenario?
    /// Why nothing could be made; nil where something could.
    let refusal: String?

    /// Named values to options and back to values.
    let decode: ([String: OptionValue]) throws -> [(name: String, value: OptionValue)]
    /// Makes the regularizer with the options under test.
    var make: (RegularizerContext) throws -> any Regularizer
    /// Makes it with other options.
    let makeWith: ([String: OptionValue], RegularizerContext) throws -> any Regularizer

    init<Plugin: RegularizerPlugin>(_ plugin: Plugin.Type, options: Plugin.Options, exceptions: ContractExceptions) {
        func decode(_ values: [String: OptionValue]) throws -> [(name: String, value: OptionValue)] {
            try Plugin.Options.decoding(values).encoded
        }
        func make(_ context: RegularizerContext) throws -> any Regularizer {
            try Plugin(options: options, context: context)
        }
        func makeWith(_ values: [String: OptionValue], _ context: RegularizerContext) throws -> any Regularizer {
            try Plugin(options: Plugin.Options.decoding(values), context: context)
        }
        description = Plugin.wholeDescription
        hooks = RegularizerHook.all(of: plugin)
        readsPresence = plugin is any ReadsPresence.Type
        type = "\(plugin)"
        declared = Plugin.Options.descriptions
        self.options = options.encoded
        minimumBatch = Plugin.minimumBatch
        tasks = Plugin.tasks
        self.exceptions = exceptions
        self.decode = decode
        self.make = make
        self.makeWith = makeWith
        var refusal: String?
        ordinary = Scenario.ordinary(minimum: Plugin.minimumBatch).first { scenario in
            do {
                _ = try make(.sample(scenario, model: LinearModel(scenario)))
                return true
            } catch {
                refusal = refusal ?? "\(error)"
                return false
            }
        }
        self.refusal = ordinary == nil ? refusal ?? "no reason given" : nil
    }
}

extension RegularizerContext {
    /// The context in which a regularizer is made for a scenario.
    static func sample(_ scenario: Scenario, model: LinearModel, task: TargetKind = .classes) -> RegularizerContext {
        RegularizerContext(
            modalities: scenario.widths.map(\.modality), widths: model.embeddingWidths, classes: scenario.classes, task: task, sourceDomains: [0, 1],
            batchSize: scenario.samples, model: model, initializer: Initializer(seed: 1)["contract"], instance: "contract")
    }
}

extension LinearModel {
    /// The model of a scenario.
    convenience init(_ scenario: Scenario) {
        self.init(widths: scenario.widths.map { ($0.modality, $0.width) }, classes: scenario.classes)
    }
}
