/// What is known about a component before one is made: a regularizer, an encoder, a fusion, a model, a
/// data set, a task, an optimizer, a schedule or a measurement.
///
/// `regulus list` prints the name and the summary, `regulus describe` everything. A plug-in's author
/// gives the name, the summary and where the method comes from; the options are taken from the type
/// that declares them (see ``Options``).
public struct ComponentDescription: Sendable, Hashable {
    /// Its name in recipes, in kebab-case.
    public let name: String
    /// What it is, in a line.
    public let summary: String
    /// What it computes; nil where there is no formula to show.
    public let formula: String?
    /// Paper, equation, or where the data come from; nil for the project's own.
    public let source: String?
    /// What it costs in each step, as an order or in passes through the model; nil where that is not said.
    public let cost: String?
    /// Its options, in the order in which they are described.
    public let options: [OptionDescription]
    /// Where its source, or a benchmark, searches options for the best value; empty where that is not published.
    public let search: [SearchRange]
    /// Why there is no published search; nil where there is one, or nothing is known.
    public let unsearched: String?
    /// The weight of a regularizer whose recipe gives none; nil for other components.
    package private(set) var defaultWeight: Double?
    /// What else a user should know, a sentence or two each.
    public let notes: [String]

    /// - Parameters:
    ///   - name: what recipes call it: lowercase letters, digits and hyphens, beginning with a letter.
    ///   - summary: one line, lowercase, without a full stop.
    ///   - formula: plain text; several lines are allowed.
    ///   - source: authors, year and the equation or section.
    ///   - cost: in each step: `O(N·D²) for each modality`, with N samples a batch and D features an embedding,
    ///     or passes through the model.
    ///   - options: left empty by plug-ins, whose options are added when they are registered.
    ///   - search: the ranges that `tune: default` draws from.
    ///   - notes: whole sentences.
    public init(
        name: String, summary: String, formula: String? = nil, source: String? = nil, cost: String? = nil, options: [OptionDescription] = [],
        search: [SearchRange] = [], unsearched: String? = nil, notes: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.formula = formula
        self.source = source
        self.cost = cost
        self.options = options
        self.search = search
        self.unsearched = unsearched
        self.notes = notes
    }

    /// The same component with options of a type that declares them.
    ///
    /// - Parameter defaultWeight: of a regularizer.
    package func describing(_ options: [OptionDescription], defaultWeight: Double? = nil) -> ComponentDescription {
        var described = ComponentDescription(
            name: name, summary: summary, formula: formula, source: source, cost: cost, options: options, search: search, unsearched: unsearched,
            notes: notes)
        described.defaultWeight = defaultWeight
        return described
    }

    /// The description of one option, or nil where the component has none of this name.
    public subscript(option name: String) -> OptionDescription? { options.first { $0.name == name } }
}

extension ComponentDescription {
    /// What is wrong with it as the description of something that recipes can name, a sentence each.
    ///
    /// - Parameter options: the options that the component's type declares; the description has to list them.
    package func faults(declaring options: [OptionDescription]) -> [String] {
        var faults: [String] = []
        if !Self.isName(name) { faults.append("the name '\(name)' is not lowercase letters, digits and hyphens, beginning with a letter") }
        if summary.isEmpty { faults.append("the description has no summary") }
        if self.options != options { faults.append("the description does not list the options of its type") }
        for option in options {
            if !Self.isName(option.name) { faults.append("the option '\(option.name)' is not lowercase letters, digits and hyphens") }
            if option.help.isEmpty { faults.append("the option '\(option.name)' has no help") }
        }
        let names = options.map(\.name)
        if Set(names).count != names.count { faults.append("an option is declared twice: \(names.joined(separator: ", "))") }
        return faults
    }

    /// Whether recipes can name something so: lowercase letters, digits and hyphens, beginning with a letter.
    package static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}

/// The kinds of components that recipes can name, in the order in which `regulus list` prints them.
///
/// Everything that goes over all kinds uses this list: `list`, `describe`, the registrar of plug-ins
/// and the reading of recipes. A new kind is added here first, and the compiler then names the places
/// that have to know it.
public enum ComponentKind: String, CaseIterable, Sendable {
    /// What shapes training beyond the base loss: `regularizers:` of a row.
    case regularizers
    /// What turns one modality's inputs into embeddings: `encoder:` of a model.
    case encoders
    /// What turns embeddings into a prediction: `fusion:` of a model.
    case fusions
    /// Whole models, in place of encoders and a fusion: `model: {use: …}`.
    case models
    /// Where samples come from: `data:`.
    case datasets
    /// What is learned, with its base loss and its scores: `task:`.
    case tasks
    /// What updates the parameters: `optimizer:` of a training.
    case optimizers
    /// How the learning rate changes: `schedule:` of a training.
    case schedules
    /// What looks at trained models: `measure:`.
    case measurements
    /// What chooses epochs and tuned values: `selection:` of an evaluation or of tuning.
    case selections

    /// What one of them is called in a sentence: `regularizer`, `data set`.
    public var noun: String { self == .datasets ? "data set" : String(rawValue.dropLast()) }

    /// The noun with its article.
    var phrase: String { (["a", "e", "i", "o", "u"].contains(noun.first) ? "an " : "a ") + noun }
}
