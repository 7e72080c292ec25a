/// What is told about a component (regularizer, encoder, fusion, data set, optimizer) before one is made.
public struct ComponentDescription: Sendable, Hashable {
    /// Its name in recipes, in kebab-case.
    public let name: String
    /// What it is, in a line.
    public let summary: String
    /// What it computes; nil where there is no formula to show.
    public let formula: String?
    /// Paper, equation, or where the data come from; nil for the project's own.
    public let source: String?
    /// Its options, in the order in which they are described.
    public let options: [OptionDescription]
    /// Where its source searches options for the best value; empty where that is not published.
    public let search: [SearchRange]
    /// What else a user should know, a sentence or two each.
    public let notes: [String]

    public init(
        name: String, summary: String, formula: String? = nil, source: String? = nil, options: [OptionDescription] = [],
        search: [SearchRange] = [], notes: [String] = []
    ) {
        self.name = name
        self.summary = summary
        self.formula = formula
        self.source = source
        self.options = options
        self.search = search
        self.notes = notes
    }

    /// The same component with options of a type that declares them.
    package func describing(_ options: [OptionDescription]) -> ComponentDescription {
        ComponentDescription(name: name, summary: summary, formula: formula, source: source, options: options, search: search, notes: notes)
    }

    /// The option of a name.
    public subscript(option name: String) -> OptionDescription? { options.first { $0.name == name } }
}

/// The kinds of components that recipes can name, in the order in which they are listed.
///
/// Whatever goes by kinds goes through this list: `list`, `describe`, the registrar of plug-ins, origins, and the reading of recipes.
public enum ComponentKind: String, CaseIterable, Sendable {
    case regularizers, encoders, fusions, models, datasets, tasks, optimizers, schedules, measurements

    /// One of them, in a sentence.
    public var noun: String { self == .datasets ? "data set" : String(rawValue.dropLast()) }

    /// The noun with its article.
    var phrase: String { (["a", "e", "i", "o", "u"].contains(noun.first) ? "an " : "a ") + noun }
}
