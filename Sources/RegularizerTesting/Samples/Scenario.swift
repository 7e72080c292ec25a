import Configuration
import Networks
import Regularization

/// The sizes of a batch that a regularizer is run on.
struct Scenario {
    /// What the report calls it.
    let name: String
    /// The number of samples, `N`.
    let samples: Int
    /// The modalities in the model's order, each with its width `D`.
    let widths: [(modality: Modality, width: Int)]
    /// Length `T` of the token sequences; nil for none.
    let tokens: Int?
    /// What is missing in the batch.
    let gaps: Gaps
    /// The number of classes, `K`.
    let classes = 3

    /// What is missing in a batch.
    enum Gaps: String {
        /// Nothing is missing.
        case nothing = ""
        /// Each sample lacks at most one modality, and sequences differ in length.
        case some = "missing modalities"
        /// No sample has the first modality.
        case modality = "a modality that no sample has"
        /// Every third sample has no modality at all.
        case samples = "samples that have nothing"
    }

    /// A batch of these sizes.
    ///
    /// - Parameter widths: `D` of each modality, one to four; they are called audio, flow, touch and
    ///   video in turn.
    init(_ name: String, samples: Int, widths: [Int], tokens: Int? = nil, gaps: Gaps = .nothing) {
        let names: [Modality] = ["audio", "flow", "touch", "video"]
        self.name = name
        self.samples = samples
        self.widths = widths.enumerated().map { (names[$0.offset], $0.element) }
        self.tokens = tokens
        self.gaps = gaps
    }

    /// What is present of the modality at a position in the model's order.
    func presence(of place: Int) -> Presence {
        let samples = 0..<samples
        switch gaps {
        case .nothing: return .whole
        case .some:
            return Presence(
                samples: samples.map { $0 % (widths.count + 2) != place + 1 }, lengths: tokens.map { most in samples.map { 1 + ($0 + place) % most } })
        case .modality: return Presence(samples: samples.map { _ in place != 0 })
        case .samples: return Presence(samples: samples.map { $0 % 3 != 1 })
        }
    }

    /// What is present of each modality; no entry for a modality that is complete.
    var presences: [Modality: Presence] {
        Dictionary(widths.enumerated().map { ($1.modality, presence(of: $0)) }) { first, _ in first }.filter { !$0.value.isWhole }
    }

    /// The same modalities with gaps, and enough samples that a smallest batch of complete ones
    /// remains.
    func with(_ gaps: Gaps, minimum: Int, tokens: Int? = nil) -> Scenario {
        Scenario(gaps.rawValue, samples: max(12, 3 * minimum), widths: widths.map(\.width), tokens: tokens, gaps: gaps)
    }

    /// The batches that most checks may start from, for a smallest batch of `minimum`: the first one
    /// that the regularizer accepts is used.
    static func ordinary(minimum: Int) -> [Scenario] {
        let samples = max(8, minimum)
        return [2, 1, 3, 4].map { Scenario("N > D, \($0) modalities", samples: samples, widths: .init(repeating: 6, count: $0)) }
    }

    /// The batches on which values and gradients are checked.
    ///
    /// - Parameter minimum: the regularizer's smallest batch; batches of one and two samples are tried
    ///   only where it allows them.
    static func all(minimum: Int) -> [Scenario] {
        let (few, many) = (max(4, minimum), max(12, minimum + 1))
        var scenarios = [
            Scenario("N < D", samples: few, widths: [few + 5, few + 5]),
            Scenario("N > D", samples: many, widths: [4, 4]),
            Scenario("one modality", samples: max(8, minimum), widths: [6]),
            Scenario("three modalities", samples: max(8, minimum), widths: [6, 6, 6]),
            Scenario("four modalities", samples: max(6, minimum), widths: [5, 5, 5, 5]),
            Scenario("unequal widths", samples: max(8, minimum), widths: [7, 4]),
            Scenario("tokens", samples: max(6, minimum), widths: [4, 4], tokens: 3),
            Scenario(Gaps.some.rawValue, samples: max(12, 3 * minimum), widths: [4, 4], gaps: .some),
        ]
        if minimum <= 2 { scenarios.insert(Scenario("N = 2", samples: 2, widths: [5, 5]), at: 2) }
        if minimum <= 1 { scenarios.insert(Scenario("N = 1", samples: 1, widths: [5, 5]), at: 2) }
        return scenarios
    }
}

/// A plug-in together with the options under test, with its type erased: what the checks know of it.
struct Subject {
    /// What the plug-in says of itself.
    let description: ComponentDescription
    /// What the regularizer does.
    let hooks: [RegularizerHook]
    /// Whether it handles missing modalities and padding by itself.
    let readsPresence: Bool
    /// The name of its Swift type, for messages.
    let type: String
    /// The options as they are declared.
    let declared: [OptionDescription]
    /// The options under test, by name.
    let options: [(name: String, value: OptionValue)]
    /// Its smallest batch.
    let minimumBatch: Int
    /// The kinds of targets that it can serve.
    let tasks: [TargetKind]
    /// What it is documented not to keep.
    let exceptions: ContractExceptions
    /// The batch that most checks use; nil where the regularizer refuses every one.
    let ordinary: Scenario?
    /// Why the regularizer could not be made for any batch; nil where it could.
    let refusal: String?

    /// Decodes options from named values and encodes them again.
    let decode: ([String: OptionValue]) throws -> [(name: String, value: OptionValue)]
    /// Makes the regularizer with the options under test.
    var make: (RegularizerContext) throws -> any Regularizer
    /// Makes it with other options.
    let makeWith: ([String: OptionValue], RegularizerContext) throws -> any Regularizer

    /// Erases the type of a plug-in, and finds the batch that most checks use.
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
